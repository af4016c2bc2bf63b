"""An archive of everything: what is taken of a stranger's records, and what is not."""

from __future__ import annotations

import errno
import io
import json
import struct
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.network_origins import parse_network_origin
from server import unpacking
from server.errors import Problem
from server.everything import checking, lengths, libraries, lines, reading
from server.everything.checking import Checking
from server.everything.lines import DamagedError
from server.everything.reading import FORMAT, MANIFEST, VERSION, open_archive
from server.everything.writing import _tried, _write
from server.generation.titles import MAX_TITLE_CHARS
from server.store import tables

ID, OTHER = "a" * 16, "b" * 16
NOW = "2026-01-01T00:00:00+00:00"
GENERATION = {
    "table": "generations",
    "id": OTHER,
    "kind": "create",
    "state": "failed",
    **dict.fromkeys(("base_version", "version", "repairs", "continues", "message_id")),
    "provider": "p",
    "model": "m",
    "prompt": "",
    "attachments": [],
    "signatures": [],
    **dict.fromkeys(("usage", "cost", "seconds", "error", "ended")),
    "characters": 0,
    "created": NOW,
}
ARTIFACT = {
    "table": "artifacts",
    "id": ID,
    "title": "T",
    "titled_by": "prompt",
    "prompt": "",
    "pinned_version": None,
    "created": NOW,
    "updated": NOW,
    "deleted": None,
}
REPORT = {
    "table": "reports",
    "id": OTHER,
    "n": 1,
    "verdict": "passed",
    "findings": [],
    "duration_ms": 1,
    "controls_found": 0,
    "controls_used": 0,
    "reason": None,
    "asked": None,
    "latest": True,
    "created": NOW,
}
ENTRY = {"table": "journal", "generation_id": OTHER, "offset": 1, "kind": "prose"}
VERSION_1 = {
    "table": "versions",
    "n": 1,
    "parent": None,
    "origin": "import",
    "html": "",
    "title": "",
    **dict.fromkeys(("prompt", "provider", "model", "usage", "cost", "seconds")),
    "grants": {},
    "generation_id": None,
    "created": NOW,
}
MESSAGE = {
    "table": "messages",
    "id": ID,
    "position": 1,
    "role": "user",
    "kind": "prompt",
    "text": "",
    "attachments": [],
    "generation_id": OTHER,
    "version": None,
    "created": NOW,
}
STORED = {
    "table": "stored_data",
    "area": "local",
    "key": "k",
    "value": "v",
    "units": 2,
    "updated": NOW,
}
SCREENSHOT = {"table": "screenshots", "report_id": OTHER, "name": "shot-1", "png": "iVBORw0KGgo="}
USAGE = {"input": 1, "output": 2, "reasoning": None, "cached": None}


def line(told: dict[str, Any], **change: Any) -> bytes:
    assert change.keys() <= told.keys()
    return json.dumps({**told, **change}).encode()


def note(data: str) -> list[dict[str, str]]:
    return [{"name": "a.txt", "media_type": "text/plain", "data": data}]


def test_a_moment_is_kept_in_utc() -> None:
    _, row = lines.read(line(ARTIFACT, created="2026-01-01T01:00:00+01:00"))
    assert row["created"] == datetime(2026, 1, 1, tzinfo=UTC)
    assert row["created"].tzinfo is UTC


@pytest.mark.parametrize(
    ("told", "change"),
    [
        (ARTIFACT, {"created": "0001-01-01T00:00:00+05:00"}),
        (ARTIFACT, {"created": "9999-12-31T23:59:00-05:00"}),
        (ARTIFACT, {"created": "9999-12-31T23:59:00+00:00"}),
        (ARTIFACT, {"created": "2026-01-01T00:00:00"}),
        (ARTIFACT, {"created": 2026}),
        (ARTIFACT, {"id": "../../../etc/pas"}),
        (ARTIFACT, {"title": 7}),
        (ARTIFACT, {"title": "\ud800"}),
        (ARTIFACT, {"title": "x" * 40_001}),
        (ARTIFACT, {"prompt": "x" * 100_001}),
        (GENERATION, {"attachments": note("not base64")}),
        (GENERATION, {"kind": "<b>"}),
        (GENERATION, {"kind": "a" * 17}),
        (GENERATION, {"usage": {**USAGE, "input": "1"}}),
        (GENERATION, {"seconds": "1"}),
        (GENERATION, {"seconds": True}),
        *((REPORT, {"n": odd}) for odd in ("1", True, -1, 2**31)),
        (REPORT, {"latest": 1}),
        (REPORT, {"verdict": "excellent"}),
        (SCREENSHOT, {"name": "../a"}),
        (SCREENSHOT, {"png": 7}),
        (SCREENSHOT, {"png": "iVBORw0KGgo=*"}),
        (STORED, {"value": 7}),
    ],
)
def test_a_value_that_could_not_be_shown_is_refused(
    told: dict[str, Any], change: dict[str, Any]
) -> None:
    lines.read(line(told))
    with pytest.raises(DamagedError, match="cannot be used"):
        lines.read(line(told, **change))


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "9" * 400, str(2**63)])
def test_a_number_that_no_page_can_hold_is_refused(number: str) -> None:
    cost = line(GENERATION, cost={"amount": 1234.5, "currency": "USD"})
    assert lines.read(cost)[1]["cost"]["amount"] == 1234.5
    with pytest.raises(DamagedError):
        lines.read(cost.replace(b"1234.5", number.encode()))


@pytest.mark.parametrize(
    "told", [[], {"table": []}, {"table": "sqlite_master"}, {**STORED, "more": 1}]
)
def test_what_is_no_record_of_ours_is_refused(told: object) -> None:
    with pytest.raises(DamagedError, match="it "):
        lines.read(json.dumps(told).encode())
    with pytest.raises(DamagedError, match="it is not JSON"):
        lines.read(b"[" * 200_000)


@pytest.mark.parametrize("told", [ARTIFACT, VERSION_1], ids=lambda told: told["table"])
def test_a_title_is_as_every_title_here(told: dict[str, Any]) -> None:
    """None turns the sentences of a page that hold it around, or is longer than a line."""
    assert lines.read(line(told, title="Tip\u202e \x1b[2J\u2066 one"))[1]["title"] == "Tip [2J one"
    assert len(lines.read(line(told, title="x" * 10_000))[1]["title"]) == MAX_TITLE_CHARS


def test_half_a_surrogate_pair_in_a_report_is_replaced() -> None:
    """A tool that wrote one to its console has an honest report that no answer could carry."""
    finding = {
        "kind": "console",
        "severity": "advisory",
        "phase": "load",
        "message": "\ud800 said",
        "signature": "a",
        **dict.fromkeys(("line", "column", "control")),
    }
    _, row = lines.read(line(REPORT, findings=[finding]))
    assert row["findings"] == [{**finding, "message": "\ufffd said"}]


def test_a_report_from_before_has_no_film() -> None:
    later = ("steps", "browser", "policy", "loaded_ms")
    assert {name: lines.read(line(REPORT))[1][name] for name in later} == dict.fromkeys(later)
    step = {"told": "pressed ‘Go’", "at_ms": 9, "picture": "film-01", "box": [1, 2.5, 3, 4]}
    given = {**REPORT, **dict.fromkeys(later), "steps": [step]}
    assert lines.read(line(given))[1]["steps"] == [step]
    for wrong in ({"box": [1, 2]}, {"box": ['"/>', 2, 3, 4]}, {"told": None}, {"at_ms": "x"}):
        with pytest.raises(DamagedError):
            lines.read(line(given, steps=[{**step, **wrong}]))


NUMBERS = st.integers() | st.sampled_from([2**63, -(2**63), 10**30, 10**400]) | st.none()
VALUES = st.recursive(
    NUMBERS | st.floats() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner),
    max_leaves=5,
)


@settings(max_examples=50)
@given(
    usage=st.fixed_dictionaries(dict.fromkeys(("input", "output", "reasoning", "cached"), NUMBERS)),
    event=st.dictionaries(st.text("abc"), VALUES),
)
def test_what_a_host_counted_survives_the_archive(
    usage: dict[str, Any], event: dict[str, Any]
) -> None:
    """A count that no reader could take is left out: the rest of the tool comes."""
    row = {**lines.read(line(GENERATION))[1], "usage": usage}
    told = lines.read(lines.write(tables.generations, row))[1]
    for name, count in usage.items():
        assert told["usage"][name] in {count, None}
        assert told["usage"][name] == count or abs(count or 0) >= 2**63
    entry = {"generation_id": OTHER, "offset": 1, "kind": "usage", "data": json.dumps(event)}
    found = Checking(ID)
    for table, one in ((tables.generations, row), (tables.journal, entry)):
        if not found._keys:
            found.see(*lines.read(line(ARTIFACT)))
        found.see(*lines.read(lines.write(table, one)))
    found.end()


def test_every_server_that_can_be_granted_survives_the_archive() -> None:
    name = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 57, "com"])
    origin = parse_network_origin(f"https://{name}:65535")
    assert origin == f"https://{name}:65535"
    row = {"capability": "network", "value": origin, "created": datetime(2026, 1, 1, tzinfo=UTC)}
    assert lines.read(lines.write(tables.grants, row))[1]["value"] == origin


def seen(*records: bytes) -> Checking:
    return seen_alone(line(ARTIFACT), *records)


def seen_alone(*records: bytes) -> Checking:
    found = Checking(ID)
    for one in records:
        found.see(*lines.read(one))
    found.end()
    return found


GIVEN = {"table": "grants", "capability": "network", "value": "https://a.example", "created": NOW}
SHOWN = (line(ARTIFACT), line(VERSION_1), line(REPORT))


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([], "it is empty"),
        ([line(GENERATION), line(ARTIFACT)], "not in their order"),
        ([line(ARTIFACT, id=OTHER)], "another tool's"),
        ([line(ARTIFACT, pinned_version=1)], "the pinned version is missing"),
        ([line(ARTIFACT), line(STORED), line(STORED)], "a record twice"),
        (
            [line(ARTIFACT), line(GENERATION), line(MESSAGE), line(MESSAGE, id=OTHER)],
            "a record twice",
        ),
        ([line(ARTIFACT), line({**ENTRY, "data": "{}"})], "a journal's generation is missing"),
        (
            [line(ARTIFACT), line(GENERATION), *[line({**ENTRY, "data": '{"text": ""}'})] * 2],
            "a journal is not in its order",
        ),
        ([line(ARTIFACT), line(VERSION_1, parent=1)], "older than its parent"),
        ([line(ARTIFACT), line(REPORT)], "a report's version is missing"),
        ([*SHOWN, line(REPORT, id=ID)], "two newest reports"),
        ([line(ARTIFACT), line(SCREENSHOT)], "a screenshot's report is missing"),
        ([*SHOWN, line(SCREENSHOT, png="PGI+")], "neither PNG nor JPEG"),
        ([line(ARTIFACT), line(GIVEN, capability="given_on", value="-1")], "cannot be used"),
        (
            [line(ARTIFACT), *(line(GIVEN, value=f"https://{n}.example") for n in range(51))],
            "too many permissions",
        ),
        ([line(ARTIFACT), line(STORED, value="x" * 5_300_000)], "local data are more than fit"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_records_that_do_not_belong_together_are_refused(records: list[bytes], said: str) -> None:
    with pytest.raises(DamagedError, match=said):
        seen_alone(*records)


def test_records_that_belong_together_are_taken() -> None:
    entries = [line({**ENTRY, "offset": n, "data": '{"text": ""}'}) for n in (1, 2)]
    seen(line(GENERATION), *entries, line(VERSION_1), line(MESSAGE), line(REPORT), line(SCREENSHOT))
    seen(*(line(GIVEN, value=f"https://{n}.example") for n in range(50)), line(STORED))


@pytest.mark.parametrize(
    "data",
    [
        '{"text": "\\ud800"}',
        '{"text": "", "x": 1e999}',
        '{"text":\n"", "x": 1}',
        '{"text":\r"", "x": 1}',
        '["text"]',
        '{"text": 7}',
    ],
)
def test_an_event_that_no_stream_can_carry_is_refused(data: str) -> None:
    seen(line(GENERATION), line({**ENTRY, "data": '{"text": "\\ud83d\\ude00"}'}))
    with pytest.raises(DamagedError, match="an event of a journal"):
        seen(line(GENERATION), line({**ENTRY, "data": data}))


@pytest.mark.parametrize("data", ['{"text": 7, "index": 1}', '{"text": ""}'])
def test_an_event_of_a_document_says_which_and_what(data: str) -> None:
    document = {**ENTRY, "kind": "document"}
    seen(line(GENERATION), line({**document, "data": '{"text": "", "index": 1}'}))
    with pytest.raises(DamagedError, match="an event of a journal"):
        seen(line(GENERATION), line({**document, "data": data}))


def test_a_long_record_is_a_few_long_texts() -> None:
    """Empty lists take fifty times their bytes once they are read."""
    html = '"\\\\"[[],"\n é' * 500_000
    assert lines.read(line(VERSION_1, html=html))[1]["html"] == html
    for crowd in (b"[],", b'"",', b'"\\\\",', b"      "):
        many = line(VERSION_1)[:-1] + b', "more": [' + crowd * 2_000_000 + b"1]}"
        with pytest.raises(DamagedError, match="it is not JSON"):
            lines.read(many)
    text = json.dumps({"text": "x" * 5_000_000})
    seen(line(GENERATION), line({**ENTRY, "data": text}))
    crowded = '{"text": "", "x": [' + "[]," * 2_000_000 + "1]}"
    with pytest.raises(DamagedError, match="an event of a journal"):
        seen(line(GENERATION), line({**ENTRY, "data": crowded}))


def test_a_record_is_in_utf8() -> None:
    """Where its marks are cannot be told in an encoding that it chose itself."""
    with pytest.raises(DamagedError, match="it is not JSON"):
        lines.read(line(ARTIFACT).decode().encode("utf-16-le"))


@pytest.mark.parametrize("told", [ARTIFACT, REPORT])
def test_a_record_is_as_long_as_its_table_needs(told: dict[str, Any]) -> None:
    with pytest.raises(DamagedError, match="a record is too large"):
        lines.read(line(told).ljust(4 * 1024**2 + 1))
    assert lines.read(line(told).ljust(4 * 1024**2))


@pytest.mark.parametrize(
    ("generation", "message", "missing"),
    [
        ({"message_id": OTHER}, {}, "a message"),
        ({"continues": ID}, {}, "a generation"),
        ({"base_version": 1}, {}, "a version"),
        ({}, {"generation_id": ID}, "a generation"),
        ({}, {"version": 1}, "a version"),
    ],
)
def test_what_a_record_names_is_in_the_archive(
    generation: dict[str, Any], message: dict[str, Any], missing: str
) -> None:
    """Or it would come to mean another tool's record, which an id alone tells."""
    seen(line(GENERATION, message_id=ID), line(MESSAGE))
    with pytest.raises(DamagedError, match=f"{missing} that it names is missing"):
        seen(line(GENERATION, **generation), line(MESSAGE, **message))


LEDGER = {
    "table": "ledger",
    "generation_id": OTHER,
    "series": OTHER,
    "attempt": 1,
    "mechanical": False,
    **dict.fromkeys(("base", "version", "changed", "tokens", "seconds", "outcome")),
    "before": ["a"],
    "after": None,
    "cost": {"amount": 0.5, "currency": "USD"},
    "created": NOW,
}


def test_a_ledger_comes_with_its_tool() -> None:
    """Its attempts are this tool's own, each once, and name what is there."""
    table, row = lines.read(line(LEDGER))
    assert lines.read(lines.write(table, row)) == (table, row)
    seen(line(GENERATION), line(LEDGER))
    seen(
        line(GENERATION),
        line(GENERATION, id=ID),
        line(LEDGER),
        line(LEDGER, generation_id=ID, attempt=2),
    )
    for change, missing in (
        ({"series": ID}, "a generation that it names is missing"),
        ({"base": 1}, "a version that it names is missing"),
        ({"version": 1}, "a version that it names is missing"),
    ):
        with pytest.raises(DamagedError, match=missing):
            seen(line(GENERATION), line(LEDGER, **change))
    with pytest.raises(DamagedError, match="ledger has a record twice"):
        seen(
            line(GENERATION), line(GENERATION, id=ID), line(LEDGER), line(LEDGER, generation_id=ID)
        )
    with pytest.raises(DamagedError, match="its before cannot be used"):
        lines.read(line(LEDGER, before=[1]))


def test_a_record_is_no_longer_than_what_it_tells() -> None:
    """Of any script: a document that fits is carried, whatever it is written in."""
    table, row = lines.read(line(REPORT, reason="я" * 10_000))
    assert len(lines.write(table, row)) < 21_000
    stored = {"area": "local", "key": "k", "value": "\ud800я", "units": 3}
    told = lines.write(tables.stored_data, {**stored, "updated": datetime.now(UTC)})
    assert lines.read(told)[1]["value"] == "\ud800я"


def test_permissions_are_given_on_a_version_that_is_there() -> None:
    given = {"table": "grants", "capability": "given_on", "value": "0", "created": NOW}
    seen(line(given))
    with pytest.raises(DamagedError, match="a version that is missing"):
        seen(line(given, value="9" * 255))


def test_what_a_tool_keeps_has_a_ceiling_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "_MOST_RECORDS", 2)
    monkeypatch.setattr(checking, "_MOST_STORED", 4)

    def stored(key: str) -> dict[str, Any]:
        kept = {"area": "local", "key": key, "value": "", "units": 1}
        return {**kept, "updated": datetime.now(UTC)}

    found = seen()
    for key in "abcd":
        found.see(tables.stored_data, stored(key))
    with pytest.raises(DamagedError, match="too many records"):
        found.see(tables.stored_data, stored("e"))


def test_what_one_generation_said_has_a_ceiling(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long answer is not as long as what a small archive can unpack to."""
    said = {"text": "\u00e9" * 400}  # 800 bytes
    entry = line({**ENTRY, "data": json.dumps(said, ensure_ascii=False)})
    third = entry.replace(b'"offset": 1', b'"offset": 3')
    monkeypatch.setattr(checking, "_MOST_SAID", 2_000)
    seen(line(GENERATION), entry, entry.replace(b'"offset": 1', b'"offset": 2'))
    with pytest.raises(DamagedError, match="a generation said more than 2,000 bytes"):
        seen(line(GENERATION), entry, entry.replace(b'"offset": 1', b'"offset": 2'), third)
    # Each takes room beside what it says.
    monkeypatch.setattr(checking, "_MOST_SAID", 250)
    small = [line({**ENTRY, "offset": n, "data": '{"text": ""}'}) for n in range(3)]
    seen(line(GENERATION), *small[:2])
    with pytest.raises(DamagedError, match="a generation said more than 250 bytes"):
        seen(line(GENERATION), *small)
    monkeypatch.setattr(checking, "_MOST_SAID", 10_000)
    monkeypatch.setattr(checking, "_MOST_ENTRIES", 2)
    with pytest.raises(DamagedError, match="too many records"):
        seen(line(GENERATION), entry, entry.replace(b'"offset": 1', b'"offset": 2'), third)


def test_events_are_looked_at_once_and_not_again_while_changes_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[Any] = []
    is_event = checking._is_event
    monkeypatch.setattr(checking, "_is_event", lambda row: looked.append(row) or is_event(row))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr(MANIFEST, json.dumps({"format": FORMAT, "version": VERSION}))
        entries = [line({**ENTRY, "offset": n, "data": '{"text": "a"}'}) for n in range(5)]
        records = b"\n".join([line(ARTIFACT), line(GENERATION), *entries])
        made.writestr(f"data/{ID}.jsonl", records)
    archive = open_archive("all.zip", out)
    assert archive is not None
    archive.check()
    assert len(looked) == 5
    stored = [row for table, rows in archive.batches(ID) for row in rows if "offset" in row]
    assert [row["offset"] for row in stored] == [*range(5)]
    assert len(looked) == 5


async def test_a_tool_that_no_import_takes_is_told_by_the_export(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else its one record would keep the other tools of the archive out."""
    whole = lines.read(line(ARTIFACT))[1]
    row = lines.read(line(GENERATION, prompt="x" * 1_000))[1]

    def written(*rows: dict[str, Any]) -> None:
        found = Checking(ID)
        _write(io.BytesIO(), tables.artifacts, [whole], found)
        _write(io.BytesIO(), tables.generations, rows, found)

    written(row, {**row, "id": ID})
    with pytest.raises(ValueError, match="base_version cannot be used"):
        written({**row, "base_version": 2**31})
    monkeypatch.setattr(lengths, "MOST_OF_TOOL", 1_500)
    with pytest.raises(ValueError, match="too large"):
        written(row, {**row, "id": ID})


@pytest.mark.parametrize("table", ["versions", "messages"])
def test_what_comes_after_the_last_number_has_one_too(table: str) -> None:
    """A stranger's version 2,147,483,647 would be the last that can be told of."""
    told = {"versions": (VERSION_1, "n"), "messages": (MESSAGE, "position")}
    record, number = told[table]
    seen(line(GENERATION), line(record, **{number: 7}))
    with pytest.raises(DamagedError, match="numbers that nothing could follow"):
        seen(line(GENERATION), line(record, **{number: 2**31 - 1}))


def test_an_end_within_an_end_hides_no_list() -> None:
    """Readers believe the last 22 bytes, whatever a field of them looks like."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", b"")
    whole = bytearray(out.getvalue())
    told = 2**30
    struct.pack_into("<L4s", whole, len(whole) - 10, told, b"PK\x05\x06")
    assert unpacking.directory_bytes(io.BytesIO(whole)) == told


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
async def test_a_full_disk_ends_an_archive(number: int) -> None:
    with pytest.raises(OSError, match="full"):
        await _tried(_failing(OSError(number, "full")))


@pytest.mark.parametrize(
    "error", [OSError(errno.EACCES, "no"), OSError(errno.EIO, "no"), KeyError()]
)
async def test_what_fails_of_one_tool_does_not(error: Exception) -> None:
    assert await _tried(_failing(error)) is None


async def _failing(error: Exception) -> None:
    raise error


NEEDED = {"name": "round", "version": "1.0.4", "integrity": f"sha512-{'A' * 86}==", "tools": [ID]}


@pytest.mark.parametrize(
    "change",
    [
        {"name": "../round"},
        {"name": "round --help"},
        {"version": "latest"},
        {"version": None},
        {"integrity": "sha512-x"},
        {"cdnjs": "a/../b"},
        {"cdnjs": "a#b"},
        {"tools": ["<b>"]},
        {"tools": "x"},
        {"tools": 7},
        {"tools": [7]},
        {"name": 7},
        {"integrity": 7},
    ],
)
def test_a_library_that_an_archive_names_is_looked_at(change: dict[str, Any]) -> None:
    """Its name stands in a command and in an address."""
    (found,) = libraries.read(json.dumps({"libraries": [NEEDED]}).encode())
    assert found.address == "https://cdn.jsdelivr.net/npm/round@1.0.4"
    told = json.dumps({"libraries": [{**NEEDED, **change}]})
    with pytest.raises(DamagedError, match="a library in it cannot be used"):
        libraries.read(told.encode())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr(MANIFEST, json.dumps({"format": FORMAT, "version": VERSION}))
        made.writestr(libraries.FILE, told)
    with pytest.raises(Problem, match="cannot be used") as refused:
        open_archive("all.zip", out)
    assert refused.value.detail.startswith("libraries.json in all.zip is damaged")


def test_what_an_archive_calls_a_library_is_what_is_added() -> None:
    """By its name at cdnjs it would be fetched, and another name would be shown."""
    told = {**NEEDED, "name": "round-thing", "cdnjs": "round.thing"}
    (found,) = libraries.read(json.dumps({"libraries": [told]}).encode())
    assert found.cdnjs == "round.thing"
    hostile = json.dumps({"libraries": [{**told, "name": "d3"}]})
    with pytest.raises(DamagedError, match=r"round\.thing is no name of d3"):
        libraries.read(hostile.encode())


def test_of_many_libraries_that_are_missing_some_are_named() -> None:
    missing = [libraries.Lacking(f"round-{n}", "1.0.0", "", address="x") for n in range(999)]
    (said,) = libraries.words(missing)
    assert said.endswith("round-19 1.0.0 and 979 more.")


def test_a_list_of_libraries_is_of_a_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries, "MOST_BYTES", 1_000)
    monkeypatch.setattr(libraries, "_MOST", 2)
    monkeypatch.setattr(libraries, "_MOST_TOOLS", 3)

    def told(count: int) -> bytes:
        return json.dumps({"libraries": [{**NEEDED, "tools": [ID] * 4}] * count}).encode()

    assert [len(one.tools) for one in libraries.read(told(2).ljust(1_000))] == [3, 3]
    with pytest.raises(DamagedError, match="it is too large"):
        libraries.read(told(2).ljust(1_001))
    with pytest.raises(DamagedError, match="no list of libraries"):
        libraries.read(told(3))


def opened(manifest: dict[str, Any], *, packed: int = zipfile.ZIP_STORED, **files: bytes) -> Any:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packed) as made:
        made.writestr(MANIFEST, json.dumps(manifest))
        for name, body in files.items():
            made.writestr(name, body)
    return open_archive("all.zip", out)


def test_an_archive_is_of_a_size_and_of_a_format(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it is told before anything is unpacked."""
    ours = {"format": FORMAT, "version": VERSION}
    data = {f"data/{one}.jsonl": line(ARTIFACT, id=one) for one in (ID, OTHER)}
    assert len(opened(ours, **data).files) == 2
    assert opened({**ours, "format": "another"}, **data) is None
    assert opened(ours, packed=zipfile.ZIP_LZMA, **data) is None
    with pytest.raises(Problem, match="written by a newer Sandwright"):
        opened({**ours, "version": 2}, **data)
    for where, name, most, said in (
        (reading, "_MOST_DIRECTORY", 10, "lists more files than fit"),
        (reading, "_MOST_FILES", 2, "holds 3 files; at most 2 fit"),
        (reading, "_MOST_UNPACKED", 300, "unpacks to more than 300 bytes"),
        (lengths, "MOST_OF_TOOL", 100, "at most 100 of one tool fit"),
    ):
        with monkeypatch.context() as tight:
            tight.setattr(where, name, most)
            with pytest.raises(Problem, match=said):
                opened(ours, **data)


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"{}", b'{"libraries": {}}', b'{"libraries": [1]}', b"[" * 200_000],
    ids=["empty", "list", "nothing", "object", "number", "deep"],
)
def test_a_list_of_libraries_that_is_none_is_refused(text: bytes) -> None:
    with pytest.raises(DamagedError, match="it is n"):
        libraries.read(text)
