"""What came of each tool, kept in a file of its own so that a run goes on where it was stopped."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.corpus.comparing import Difference

PLACES = ("frame", "export")
LEAST = {"frame": 98.0, "export": 97.0}
"""Per cent of the tools that work as a plain page."""


@dataclass(frozen=True)
class Result:
    """`unfit` says why the plain page is no reference; then nothing was compared."""

    tool: str
    document: str
    unfit: str = ""
    acts: int = 0
    lacking: tuple[str, ...] = ()
    differences: dict[str, tuple[Difference, ...]] = field(default_factory=dict)

    def same(self, place: str) -> bool:
        return not self.unfit and not self.differences.get(place)

    @property
    def is_good(self) -> bool:
        return not self.unfit and all(self.same(place) for place in PLACES)


def digest(html: str) -> str:
    return hashlib.sha256(html.encode("utf-8", "replace")).hexdigest()[:16]


@dataclass(frozen=True)
class Kept:
    folder: Path

    def read(self, tool: str, document: str) -> Result | None:
        """Return what came of this very document, if it was run."""
        file = self._file(tool)
        if not file.is_file():
            return None
        told = json.loads(file.read_text(encoding="utf-8"))
        if told["document"] != document:
            return None
        told["lacking"] = tuple(told["lacking"])
        told["differences"] = {
            place: tuple(Difference(**{**one, "told": tuple(one["told"])}) for one in some)
            for place, some in told["differences"].items()
        }
        return Result(**told)

    def write(self, result: Result) -> None:
        file = self._file(result.tool)
        file.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(asdict(result), ensure_ascii=False, indent=1)
        half = file.with_suffix(".part")
        half.write_text(text, encoding="utf-8", errors="replace")
        half.replace(file)

    def _file(self, tool: str) -> Path:
        return self.folder / f"{tool}.json"


def share(results: Iterable[Result], place: str) -> tuple[int, int]:
    """Return how many are the same there, of how many that work as a plain page."""
    works = [one for one in results if not one.unfit]
    return sum(one.same(place) for one in works), len(works)


def is_kept(results: Sequence[Result]) -> bool:
    """Whether the promise holds."""
    for place, least in LEAST.items():
        same, of = share(results, place)
        if of == 0 or 100 * same < least * of:
            return False
    return True


def table(results: Sequence[Result]) -> Iterator[str]:
    unfit = [one for one in results if one.unfit]
    yield f"{len(results)} tools, {len(results) - len(unfit)} work as a plain page"
    for place, least in LEAST.items():
        same, of = share(results, place)
        percent = 100 * same / of if of else 0.0
        yield f"{place:8} the same: {same} of {of}, {percent:.1f} % (at least {least:.0f} %)"
    for place in PLACES:
        causes = Counter(
            one.differences[place][0].cause for one in results if one.differences.get(place)
        )
        yield from _counted(f"different, {place}, by first cause", causes)
    yield from _counted("no reference", Counter(one.unfit for one in unfit))


def _counted(title: str, causes: Counter[str]) -> Iterator[str]:
    if causes:
        yield ""
        yield title
        yield from (f"{count:5}  {cause}" for cause, count in causes.most_common())
