"""What `sandwright test` was told to test: files, the pages in folders, and pages of the web."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from sandbox.report import Report, Verdict
from server.errors import Problem
from server.texts import text_of

if TYPE_CHECKING:
    import httpx

LARGEST = 20_000_000  # bytes, as for an import
LONGEST_SECONDS = 30.0  # for a page of the web, redirects and all
MOST_REDIRECTS = 5
MOST_PAGES = 10_000
_SUFFIXES = frozenset({".html", ".htm"})
_NOT_LOOKED_INTO = frozenset({"node_modules"})
_HTML = frozenset({"", "text/html", "application/xhtml+xml"})


class Source(Protocol):
    """`name` is what a person sees of it, `stem` what a picture of it is called."""

    @property
    def name(self) -> str: ...

    @property
    def stem(self) -> str: ...

    async def read(self) -> str | Report:
        """Return the document, or why there is none."""

    def judged(self, report: Report) -> Report:
        """Say of a report only what it can mean for such a source."""


@dataclass(frozen=True, slots=True)
class File:
    path: Path

    @property
    def name(self) -> str:
        return str(self.path)

    @property
    def stem(self) -> str:
        return self.path.stem

    async def read(self) -> str | Report:
        return await asyncio.to_thread(self._read)

    def _read(self) -> str | Report:
        try:
            if self.path.stat().st_size > LARGEST:
                return not_tested(f"larger than {LARGEST // 1_000_000} MB")
            return self.path.read_bytes().decode("utf-8-sig", errors="replace")
        except OSError as error:
            return not_tested(f"cannot be read: {error.strerror}")

    def judged(self, report: Report) -> Report:
        return report


@dataclass(frozen=True, slots=True)
class Address:
    """A page of the web: its document is fetched, and nothing that it loads."""

    url: str

    @property
    def name(self) -> str:
        """Without the password that it may hold: reports are shown to others."""
        parts = urlsplit(self.url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    @property
    def stem(self) -> str:
        return self.name.partition("://")[2].partition("?")[0].strip("/")[:80]

    async def read(self) -> str | Report:
        import httpx  # noqa: PLC0415 - files need none

        from server.providers.transport import DIRECT  # noqa: PLC0415

        try:
            async with (
                asyncio.timeout(LONGEST_SECONDS),
                httpx.AsyncClient(
                    follow_redirects=True,
                    max_redirects=MOST_REDIRECTS,
                    timeout=LONGEST_SECONDS,
                    mounts=dict.fromkeys(DIRECT),
                    headers={"User-Agent": "sandwright", "Accept": "text/html"},
                ) as client,
                client.stream("GET", self.url, headers={"Accept-Encoding": "identity"}) as response,
            ):
                return await _document(response)
        except TimeoutError:
            return not_tested(f"it did not come within {LONGEST_SECONDS:.0f} s")
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            return not_tested(f"cannot be fetched: {str(error) or type(error).__name__}")

    def judged(self, report: Report) -> Report:
        """Call nothing failed that lacks what its own site would have given it."""
        missing = dict.fromkeys(
            finding.message
            for finding in report.findings
            if finding.kind == "resource" and finding.message.startswith("missing file: ")
        )
        if report.verdict is not Verdict.FAILED or not missing:
            return report
        reason = f"it needs its own site: {'; '.join(list(missing)[:3])}"
        return replace(report, verdict=Verdict.NOT_TESTED, reason=reason)


async def _document(response: httpx.Response) -> str | Report:
    if response.status_code != HTTPStatus.OK:
        return not_tested(f"the server answered {response.status_code}")
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _HTML:
        return not_tested(f"it is no HTML but {kind}")
    data = bytearray()
    async for part in response.aiter_bytes():
        data += part
        if len(data) > LARGEST:
            return not_tested(f"larger than {LARGEST // 1_000_000} MB")
    return text_of(bytes(data)).text


def not_tested(reason: str) -> Report:
    return Report(Verdict.NOT_TESTED, reason=reason)


def sources(given: Sequence[str]) -> list[Source]:
    """Return what is to be tested, in the order given. Raises `Problem` for a folder of no page."""
    found: list[Source] = []
    for one in given:
        if one.lower().startswith(("http://", "https://")):
            found.append(Address(one))
        elif Path(one).is_dir():
            found += _pages(Path(one))
        else:
            found.append(File(Path(one)))
    return found


def _pages(folder: Path) -> list[Source]:
    """Return the pages in a folder and in those below it, by name; not what is hidden."""
    paths: list[Path] = []
    for path in _walked(folder):
        paths.append(path)
        if len(paths) > MOST_PAGES:
            raise Problem(422, f"{folder} has more than {MOST_PAGES:,} pages.")
    if not paths:
        raise Problem(422, f"{folder} has no .html file.")
    return [File(path) for path in sorted(paths, key=lambda path: path.parts)]


def _walked(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise error

    for place, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [
            one for one in folders if one not in _NOT_LOOKED_INTO and not one.startswith(".")
        ]
        yield from (
            Path(place, one)
            for one in files
            if Path(one).suffix.lower() in _SUFFIXES and not one.startswith(".")
        )
