"""The film of a test: what was done, step by step, and what the page looked like after it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sandbox.report import FILM, Finding, Picture, Step

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sandbox.smoke.controls import Control, Kind

MOST_PICTURES = 10  # of steps that went well
MOST_FAULTS = 5  # and of those at which something broke
MOST_SECONDS = 0.3  # of the test, waited for pictures of what went well
LARGEST = 60_000  # bytes of a picture
_TOLD = 8  # steps that a finding names: the last of those that led there
VERBS: Mapping[Kind, str] = {
    "press": "pressed",
    "type": "filled",
    "write": "filled",
    "set": "set",
    "choose": "chose in",
    "file": "gave a file to",
    "draw": "clicked and typed on",
    "double": "double-clicked",
    "drag": "dragged",
    "hover": "pointed at",
}


@dataclass(slots=True)
class Film:
    """Told by the driver: `begin` before something is done, then `end`, or `drop` if it was not.

    `place` says where its control is, `show` how the page looked after the last step.
    """

    width: int
    height: int
    steps: list[Step] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    seconds: float = 0.0
    broken: int = 0
    """Fatal findings so far."""
    _under_way: str | None = None
    _on: str | None = None
    _box: tuple[float, ...] | None = None
    _labels: list[str | None] = field(default_factory=list)  # of the steps' controls
    _of_faults: int = 0

    def begin(self, told: str, on: str | None = None) -> None:
        self._under_way, self._on, self._box = told, on, None

    def drop(self) -> None:
        self._under_way = self._on = None

    def end(self, at_ms: int, told: str | None = None, picture: str | None = None) -> None:
        """Add what was begun; `told` is what was done, where more is known by now."""
        told = told or self._under_way
        if told is not None:
            self.steps.append(Step(told, at_ms, picture))
            self._labels.append(self._on)
        self.drop()

    def place(self, box: Sequence[float] | None) -> None:
        """Note where the control is in the window: x, y, width, height."""
        self._box = self._in_picture(box) if box is not None else self._box

    def wants(self, faults: int) -> bool:
        """Whether to take a picture of the last step; so many fatal findings there are by now."""
        broke = faults > self.broken
        self.broken = faults
        if broke:
            self._of_faults += 1
            return self._of_faults <= MOST_FAULTS
        return len(self.pictures) < MOST_PICTURES and self.seconds < MOST_SECONDS

    def show(self, jpeg: bytes | None) -> None:
        if jpeg is None or len(jpeg) > LARGEST or not self.steps or self.steps[-1].picture:
            return
        name = _picture(len(self.steps))
        self.pictures.append(Picture(name, jpeg))
        self.steps[-1] = replace(self.steps[-1], picture=name, box=self._box)

    def _in_picture(self, box: Sequence[float]) -> tuple[float, ...] | None:
        """Turn pixels into hundredths of the picture; `None` for what is outside of it."""
        left, top = max(box[0], 0.0), max(box[1], 0.0)
        right = min(box[0] + box[2], float(self.width))
        bottom = min(box[1] + box[3], float(self.height))
        if right <= left or bottom <= top:
            return None
        across, down = 100 / self.width, 100 / self.height
        sides = (left * across, top * down, (right - left) * across, (bottom - top) * down)
        return tuple(round(side, 2) for side in sides)

    def led_to(self, finding: Finding) -> Finding:
        """Say of a finding, as it is seen, which steps led there and which picture shows it."""
        if finding.phase == "load" and not self.steps:
            return replace(finding, picture="load")
        steps = [step.told for step in self.steps]
        picture = "end"
        if self._under_way is not None:
            steps.append(self._under_way)
            picture = _picture(len(steps))
        elif finding.control is not None and finding.control in self._labels:
            # It came late, or was looked for later.
            last = len(steps) - self._labels[::-1].index(finding.control)
            steps = steps[:last]
            picture = _picture(last)
        elif finding.severity != "fatal":
            steps = []
        return replace(finding, steps=tuple(steps[-_TOLD:]), picture=picture)

    def shown(self, findings: Iterable[Finding], taken: Iterable[str]) -> tuple[Finding, ...]:
        """Name only pictures that were taken; `taken` are those beside the film's."""
        others = frozenset(taken)
        names: Collection[str] = {*others, *(one.name for one in self.pictures)}

        def named(one: Finding) -> Finding:
            if one.picture is None or one.picture in names:
                return one
            return replace(one, picture="end" if "end" in others else None)

        return tuple(map(named, findings))


def doing(control: Control) -> str:
    return f"{VERBS[control.kind]} {told_name(control)}"


def told_name(control: Control) -> str:
    return f"‘{control.name}’" if control.name else control.label


def _picture(number: int) -> str:
    return f"{FILM}{number:02}"
