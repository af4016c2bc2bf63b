"""Records as lines of JSON, and back: every value is looked at, for the line is a stranger's. Pure.

What opens a frame (labels, secrets), what its bridge says and who ran a generation stay behind:
they belong to one server. A record's artifact is told by the file that it is in.
"""

from __future__ import annotations

import base64
import functools
import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import MAXYEAR, UTC, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import JSON, Boolean, Column, Float, Integer, LargeBinary, Table

from sandbox.report import Verdict
from sandbox.stored import Area
from sandbox.text import without_lone_surrogates
from server.everything.lengths import fits, is_crowded
from server.generation.prompts import decoded
from server.generation.titles import shortened
from server.routes import schemas
from server.store.records import State
from server.store.tables import JavaScriptString, Moment
from server.store.whole import TABLES, Row

LEFT_OUT = frozenset(
    {"artifact_id", "label", "secret", "bridge_key", "owner", "lease_expires", "emptied"}
)
ID = re.compile(r"[a-z2-7]{16}")
_WORD = re.compile(r"[a-z][a-z-]*")
_LARGEST = 2**31 - 1
_NO_NUMBER = 2**63
_WORDS: Mapping[tuple[str, str], frozenset[str]] = {
    ("artifacts", "titled_by"): frozenset({"prompt", "document", "person"}),
    ("generations", "state"): frozenset(State),
    ("messages", "role"): frozenset({"user", "assistant"}),
    ("reports", "verdict"): frozenset(Verdict),
    ("grants", "capability"): frozenset(
        {"network", "geolocation", "clipboard_read", "kept_blocked", "given_on"}
    ),
    ("stored_data", "area"): frozenset(Area),
}
_LONG_NUMBER = re.compile(r"\d{19}|NaN|Infinity")
_MOST_CHARACTERS = {("grants", "value"): 300}  # a name of 253, its scheme and its port
_MOST_BYTES = {
    ("artifacts", "title"): 40_000,  # 10,000 characters
    ("artifacts", "prompt"): schemas.MAX_PROMPT_BYTES,
}
_IDS = frozenset(
    {"id", "generation_id", "message_id", "repairs", "continues", "report_id", "series"}
)
_LATER: Mapping[str, frozenset[str]] = {
    "reports": frozenset({"steps", "browser", "policy", "loaded_ms"}),
}
"""Fields that archives of earlier versions do not have."""
_SHAPES: Mapping[str, Any] = {
    "attachments": list[schemas.Attachment],
    "signatures": list[str],
    "before": list[str],
    "after": list[str],
    "usage": schemas.Usage,
    "cost": schemas.Cost,
    "error": schemas.GenerationError,
    "grants": schemas.Grants,
    "findings": list[schemas.Finding],
    "asked": list[str],
    "steps": list[schemas.Step],
}


class DamagedError(ValueError):
    """A line that is no record of ours; says why."""


def write(table: Table, row: Row) -> bytes:
    """Return a record as one line."""
    told = {
        column.name: _plain(column, row[column.name])
        for column in table.columns
        if column.name not in LEFT_OUT
    }
    record = {"table": table.name, **told}
    try:
        text = json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError:  # stored data may hold half a surrogate pair
        text = json.dumps(record, separators=(",", ":")).encode()
    return text + b"\n"


def _plain(column: Column[Any], value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(column.type, JSON):
        return _countable(value)
    if (column.table.name, column.name) == ("journal", "data") and _LONG_NUMBER.search(value):
        try:
            return json.dumps(_countable(json.loads(value)), ensure_ascii=False)
        except (ValueError, RecursionError):
            return value
    return value


def _countable(value: Any) -> Any:
    """Return JSON without the numbers that `read` refuses: what a host counted may be anything."""
    if isinstance(value, dict):
        return {name: _countable(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_countable(one) for one in value]
    if isinstance(value, int):
        return value if abs(value) < _NO_NUMBER else None
    return value if not isinstance(value, float) or math.isfinite(value) else None


def read(line: bytes) -> tuple[Table, dict[str, Any]]:
    """Return a line's table and values. Raises `DamagedError`."""
    if not fits(line):
        raise DamagedError("a record is too large")
    try:
        told = loaded(line)
    except (ValueError, RecursionError) as error:
        raise DamagedError("it is not JSON") from error
    if not isinstance(told, dict):
        raise DamagedError("it is no object")
    name = told.pop("table", None)
    if not isinstance(name, str) or name not in TABLES:
        raise DamagedError("it names no kind of record that is known here")
    table = TABLES[name]
    columns = [column for column in table.columns if column.name not in LEFT_OUT]
    names = {column.name for column in columns}
    told |= dict.fromkeys(_LATER.get(name, frozenset()) - told.keys())
    if set(told) != names:
        raise DamagedError(f"it has other fields than {name} have")
    return table, {column.name: _value(column, told[column.name]) for column in columns}


def loaded(text: bytes) -> Any:
    """Read JSON that is mostly text, with numbers that pages can hold. Raises `ValueError`."""
    _expect(not is_crowded(text))
    # In UTF-8 and no other encoding, or the marks that were counted were not those that are read.
    return json.loads(text.decode(), parse_constant=_finite, parse_float=_finite, parse_int=_whole)


def _finite(text: str) -> float:
    number = float(text)
    _expect(math.isfinite(number))
    return number


def _whole(text: str) -> int:
    number = int(text)
    _expect(abs(number) < _NO_NUMBER)
    return number


def _value(column: Column[Any], value: Any) -> Any:
    """Return a value as the table holds it. Raises `DamagedError`."""
    if value is None and column.nullable:
        return None
    try:
        return _reader(column)(column, value)
    except (ValueError, OverflowError, RecursionError) as error:
        raise DamagedError(f"its {column.name} cannot be used") from error


def _reader(column: Column[Any]) -> Callable[[Column[Any], Any], Any]:
    kinds: tuple[tuple[type, Callable[[Column[Any], Any], Any]], ...] = (
        (Moment, _moment),
        (JavaScriptString, _script_text),
        (JSON, _shaped),
        (LargeBinary, _bytes),
        (Boolean, _boolean),
        (Integer, _integer),
        (Float, _number),
    )
    return next((read_as for kind, read_as in kinds if isinstance(column.type, kind)), _text)


def _expect(holds: bool) -> None:
    if not holds:
        raise ValueError


def _moment(_column: Column[Any], value: Any) -> datetime:
    _expect(isinstance(value, str))
    moment = datetime.fromisoformat(value)
    _expect(moment.tzinfo is not None and moment.year < MAXYEAR)  # something may come later
    return moment.astimezone(UTC)


def _script_text(_column: Column[Any], value: Any) -> str:
    _expect(isinstance(value, str))
    return str(value)


@functools.cache
def _shape(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(_SHAPES[name])


def _shaped(column: Column[Any], value: Any) -> Any:
    # What a tool said to its console may hold half a surrogate pair, which no answer can carry.
    value = json.loads(without_lone_surrogates(json.dumps(value, ensure_ascii=False)))
    try:
        _shape(column.name).validate_python(value, strict=True)
    except ValidationError as error:
        raise ValueError(column.name) from error
    if column.name == "attachments":
        for attachment in value:
            decoded(attachment)
    return value


def _bytes(_column: Column[Any], value: Any) -> bytes:
    _expect(isinstance(value, str))
    return base64.b64decode(value, validate=True)


def _boolean(_column: Column[Any], value: Any) -> bool:
    _expect(isinstance(value, bool))
    return bool(value)


def _integer(_column: Column[Any], value: Any) -> int:
    _expect(isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST)
    return int(value)


def _number(_column: Column[Any], value: Any) -> float:
    _expect(isinstance(value, int | float) and not isinstance(value, bool))
    return float(value)


def _text(column: Column[Any], value: Any) -> str:
    _expect(isinstance(value, str))
    text = str(value)
    size = len(text.encode())  # a database takes no half of a surrogate pair
    _expect(size <= _MOST_BYTES.get((column.table.name, column.name), size))
    most = getattr(column.type, "length", None) or len(text)
    _expect(len(text) <= _MOST_CHARACTERS.get((column.table.name, column.name), most))
    if column.name in _IDS:
        _expect(ID.fullmatch(text) is not None)
    elif column.name in {"kind", "origin"}:
        _expect(_WORD.fullmatch(text) is not None)
    elif (column.table.name, column.name) == ("screenshots", "name"):
        _expect(re.fullmatch(r"[\w-]+", text, re.ASCII) is not None)
    words = _WORDS.get((column.table.name, column.name))
    _expect(words is None or text in words)
    return shortened(text) if column.name == "title" else text
