"""A stored version as the standalone file that people take home."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox.grants import Grants
from sandbox.report import Report, Verdict
from sandbox.stored import Area, to_json
from server.export import Licence, export_html
from server.generation import conversation
from server.granting import in_force
from server.store import reports, stored, versions
from server.store.records import Artifact, Version
from server.wording import shortened

if TYPE_CHECKING:
    from sandbox.libraries.manifest import Library

_MOST_FAULTS = 3
_MOST_NAMED = 5  # of origins: a tool may ask without end
_KEPT_SECONDS = 10.0
HOST = "cdn.jsdelivr.net"
LARGE = 25_000_000
"""Bytes; a larger file opens slowly, and few servers take one as an upload."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a person chose.

    `by_cdn`: libraries come from the network, as far as a hash can stand for them. `data`: what
    the tool has stored comes along.
    """

    prompt: bool = True
    policy: bool = True
    by_cdn: bool = False
    data: bool = False


AS_EVER = Options()


@dataclass(frozen=True, slots=True)
class Export:
    """`lacking` names what the tool asks for that no file of ours answers.

    `linked` are the libraries that it loads from a CDN. `fetched` are those in it that are here
    only since a person asked for them. `kept` are the bytes of stored data in it,
    `None` where they were not asked for. `network` are the origins that its tool was granted.
    """

    html: str
    libraries: tuple[Licence, ...] = ()
    linked: tuple[str, ...] = ()
    fetched: tuple[Library, ...] = ()
    kept: int | None = None
    policy: bool = True
    network: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        return len(self.html.encode("utf-8", "replace"))

    def words(self) -> list[str]:
        """Say what a person should know of the file, a sentence each."""
        size = self.size
        said = []
        if self.libraries:
            names = ", ".join(f"{one.name} {one.version}" for one in self.libraries)
            said.append(f"It carries {names}.")
        if self.linked:
            names = ", ".join(self.linked)
            said.append(f"It loads {names} from {HOST}, each checked by its hash.")
        if self.kept is not None:
            said.append(
                "It carries what the tool has stored: who gets the file gets that too."
                if self.kept
                else "The tool has stored nothing that could come along."
            )
        if not self.policy:
            said.append("It has no policy: what is in it may load and send as any page may.")
        elif self.network:
            names = shortened(self.network, _MOST_NAMED)
            said.append(f"It may reach {names}: what comes from there needs the network.")
        if size > LARGE:
            said.append(f"It is large: {size / 1e6:.0f} MB.")
        said += [f"Not in it, since it is not here: {one}." for one in self.lacking]
        return said + [f"{note}." for note in self.notes]


class Opens(Protocol):
    """What opens a file in a browser; `sandbox.smoke.SmokeTester` is the one."""

    async def test(self, html: str, *, from_disk: bool) -> Report: ...


async def verified(
    smoke: Opens, made: Export, tested: Export | None = None
) -> tuple[Report, list[str]]:
    """Open the file from disk, with no network; return what was seen, and all there is to say.

    `tested` is opened in its place, where the file has what a person stored.
    """
    if made.linked:
        report = Report(Verdict.NOT_TESTED, reason="It needs the network.")
        return report, ["Not verified offline: it needs the network.", *made.words()]
    report = await smoke.test((tested or made).html, from_disk=True)
    needs = report.needs_network
    if report.verdict is Verdict.PASSED and not needs:
        said = ["Verified offline: it was opened from disk with no network, and works."]
    elif report.verdict is Verdict.PASSED:
        said = [f"Opened from disk with no network, it runs, but {_needing(needs)}."]
    elif report.verdict is Verdict.FAILED:
        faults = "; ".join(dict.fromkeys(one.message for one in report.fatal[:_MOST_FAULTS]))
        said = [f"Opened from disk with no network, it fails: {faults}."]
        said += [f"Also, {_needing(needs)}."] if needs else []
    else:
        said = [f"Not verified offline: {report.reason}"]
    walled = [one for one in needs if made.policy and one not in made.network]
    if walled:
        said.append(
            f"With a network, too, its policy keeps it from {shortened(walled, _MOST_NAMED)}."
        )
    return report, [*said, *made.words()]


def _needing(origins: Sequence[str]) -> str:
    return f"it needs the network: {shortened(origins, _MOST_NAMED)}"


async def as_tested(
    connection: AsyncConnection, artifact: Artifact, n: int, options: Options
) -> Export | None:
    """What is opened in the place of a file with a person's data, which are in no test; or None."""
    if not options.data:
        return None
    return await exported(connection, artifact, n, replace(options, data=False))


async def exported(
    connection: AsyncConnection, artifact: Artifact, n: int, options: Options = AS_EVER
) -> Export | None:
    """Read version `n` as an export; None when there is no such version."""
    of = await _read(connection, artifact, n, options)
    # In a thread: libraries are read from disk and are large.
    return None if of is None else await asyncio.to_thread(_made, of)


class LatestExport:
    """Who presses Export asks twice, to save the file and to check it; it is made once."""

    def __init__(self) -> None:
        self._latest: tuple[_Of, asyncio.Task[Export]] | None = None

    async def of(
        self, connection: AsyncConnection, artifact: Artifact, n: int, options: Options
    ) -> Export | None:
        """As `exported`."""
        of = await _read(connection, artifact, n, options)
        if of is None:
            return None
        if self._latest is None or self._latest[0] != of:
            task = asyncio.create_task(asyncio.to_thread(_made, of))
            self._latest = (of, task)
            asyncio.get_running_loop().call_later(_KEPT_SECONDS, self._forget, task)
        # One who goes away takes it from nobody else.
        return await asyncio.shield(self._latest[1])

    def _forget(self, task: asyncio.Task[Export]) -> None:
        if self._latest is not None and self._latest[1] is task:
            self._latest = None


async def _read(
    connection: AsyncConnection, artifact: Artifact, n: int, options: Options
) -> _Of | None:
    version = await versions.get(connection, artifact.id, n)
    html = await versions.source(connection, artifact.id, n)
    if version is None or html is None:
        return None
    grants = await in_force(connection, artifact.id, n, html)
    report = (await reports.latest(connection, artifact.id)).get(n)
    asked = report.asked or () if report else ()
    kept: dict[str, dict[str, str]] = {}
    if options.data:
        areas = {str(area): await stored.read(connection, artifact.id, area) for area in Area}
        kept = {area: data for area, data in areas.items() if data}
    wish = None
    if options.prompt:
        wish = conversation.wish(
            versions.lineage(await versions.listed(connection, artifact.id), n)
        )
    return _Of(html, artifact, version, wish, grants, tuple(asked), kept, options)


@dataclass(frozen=True, slots=True)
class _Of:
    html: str
    artifact: Artifact
    version: Version
    wish: str | None
    grants: Grants
    asked: Sequence[str]
    kept: Mapping[str, Mapping[str, str]]
    options: Options


def has_fetched() -> bool:
    """Whether a library is here only since a person asked for it. Not for an event loop."""
    from sandbox.libraries.shelf import shipped_shelf  # noqa: PLC0415 - a start must be quick

    shelf = shipped_shelf()
    extra = [one for one in shelf.catalogue.libraries if one.added or one.optional]
    return len(shelf.unfetched(extra)) < len(extra)


def _made(of: _Of) -> Export:
    from sandbox.libraries.cdn import sources  # noqa: PLC0415 - a start must be quick
    from sandbox.libraries.inlining import inline  # noqa: PLC0415
    from sandbox.libraries.licences import licence_text  # noqa: PLC0415
    from sandbox.libraries.shelf import shipped_shelf  # noqa: PLC0415

    options, shelf = of.options, shipped_shelf()
    inlined = inline(
        of.html, shelf, granted=of.grants.network, asked=of.asked, by_cdn=options.by_cdn
    )
    licences = tuple(
        Licence(one.name, one.version, one.licence, licence_text(shelf, one))
        for one in inlined.libraries
    )
    kept = to_json({"at": time.time(), **of.kept}) if of.kept else ""
    whole = export_html(
        inlined.html,
        title=of.artifact.title,
        storage_prefix=of.artifact.id,
        grants=of.grants,
        version=of.version.n,
        prompt=of.wish,
        model=f"{of.version.provider}/{of.version.model}" if of.version.provider else None,
        carried=inlined.carried,
        licences=licences,
        loads=sources(inlined.linked),
        policy=options.policy,
        stored=kept,
    )
    return Export(
        whole,
        libraries=licences,
        linked=tuple({f"{one.library.name} {one.library.version}": 0 for one in inlined.linked}),
        fetched=tuple(one for one in inlined.libraries if one.added or one.optional),
        kept=len(kept) if options.data else None,
        policy=options.policy,
        network=of.grants.network,
        lacking=inlined.lacking,
        notes=inlined.notes,
    )
