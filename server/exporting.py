"""A stored version as the standalone file that people take home."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox.grants import Grants
from sandbox.report import Report, Verdict
from server.export import Licence, export_html
from server.granting import in_force
from server.store import reports, versions
from server.store.records import Artifact, Version

_MOST_FAULTS = 3
LARGE = 25_000_000
"""Bytes; a larger file opens slowly, and few servers take one as an upload."""


@dataclass(frozen=True, slots=True)
class Export:
    """`lacking` names what the tool asks for that no file of ours answers."""

    html: str
    libraries: tuple[Licence, ...] = ()
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
        if size > LARGE:
            said.append(f"It is large: {size / 1e6:.0f} MB.")
        said += [f"Not in it, since it is not here: {one}." for one in self.lacking]
        return said + [f"{note}." for note in self.notes]


class Opens(Protocol):
    """What opens a file in a browser; `sandbox.smoke.SmokeTester` is the one."""

    async def test(self, html: str, *, from_disk: bool) -> Report: ...


async def verified(smoke: Opens, made: Export) -> tuple[Report, list[str]]:
    """Open the file from disk, with no network; return what was seen, and all there is to say."""
    report = await smoke.test(made.html, from_disk=True)
    if report.verdict is Verdict.PASSED:
        said = "Verified offline: it was opened from disk with no network, and works."
    elif report.verdict is Verdict.FAILED:
        faults = "; ".join(dict.fromkeys(one.message for one in report.fatal[:_MOST_FAULTS]))
        said = f"Opened from disk with no network, it fails: {faults}."
    else:
        said = f"Not verified offline: {report.reason}"
    return report, [said, *made.words()]


async def exported(
    connection: AsyncConnection, artifact: Artifact, n: int, *, with_prompt: bool = True
) -> Export | None:
    """Read version `n` as an export; None when there is no such version."""
    version = await versions.get(connection, artifact.id, n)
    html = await versions.source(connection, artifact.id, n)
    if version is None or html is None:
        return None
    grants = await in_force(connection, artifact.id, n, html)
    prompt = version.prompt if with_prompt else None
    report = (await reports.latest(connection, artifact.id)).get(n)
    asked = report.asked or () if report else ()
    # In a thread: libraries are read from disk and are large.
    return await asyncio.to_thread(_made, html, _Of(artifact, version), grants, prompt, asked)


@dataclass(frozen=True, slots=True)
class _Of:
    artifact: Artifact
    version: Version


def _made(html: str, of: _Of, grants: Grants, prompt: str | None, asked: Sequence[str]) -> Export:
    from sandbox.libraries.inlining import inline  # noqa: PLC0415 - a start must be quick
    from sandbox.libraries.licences import licence_text  # noqa: PLC0415
    from sandbox.libraries.shelf import shipped_shelf  # noqa: PLC0415

    shelf = shipped_shelf()
    inlined = inline(html, shelf, granted=grants.network, asked=asked)
    licences = tuple(
        Licence(one.name, one.version, one.licence, licence_text(shelf, one))
        for one in inlined.libraries
    )
    whole = export_html(
        inlined.html,
        title=of.artifact.title,
        storage_prefix=of.artifact.id,
        grants=grants,
        version=of.version.n,
        prompt=prompt,
        model=f"{of.version.provider}/{of.version.model}" if of.version.provider else None,
        carried=inlined.carried,
        licences=licences,
    )
    return Export(whole, licences, inlined.lacking, inlined.notes)
