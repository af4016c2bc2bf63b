"""Controls: what a person could use on the page, and in which order to try it. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.smoke.values import Field

Kind = Literal["type", "write", "set", "choose", "file", "press", "draw"]

_DESTRUCTIVE = re.compile(
    r"\b(?:delete|remove|clear|reset|erase|discard|trash|destroy|wipe|empty|close|cancel|dismiss"
    r"|quit|exit|restart|start over|new game|log ?out|sign ?out|undo|stop)\b|^[×✕✖✗xX]$|🗑|❌"
    r"|löschen|zurücksetzen|supprimer|effacer|borrar|eliminar|削除|リセット|清空|删除|重置",
    re.IGNORECASE,
)
_ALIKE = 3  # of controls that look the same, so many are tried; of those that come later, one


@dataclass(frozen=True, slots=True)
class Control:
    """One control as the page describes it; `id` finds it again while it stays in the page."""

    id: int
    kind: Kind
    tag: str
    type: str
    role: str
    name: str
    accept: str
    form: int
    submits: bool
    field: Field

    @property
    def label(self) -> str:
        """How a person would call it: "button ‘Split’"."""
        shown = self.name if len(self.name) <= _LABEL else self.name[: _LABEL - 1] + "…"
        return f"{self._noun} ‘{shown}’" if shown else self._noun

    @property
    def key(self) -> tuple[str, ...]:
        """The same for controls that look alike, whatever numbers they show; keys are not alike."""
        name = self.name if len(self.name) == 1 else re.sub(r"\d+", "0", self.name)
        return (self.kind, self.tag, self.type, self.role, name)

    @property
    def rank(self) -> int:
        """When to try it: fields, then buttons, then what changes the view, then what destroys."""
        if self.kind in ("type", "write", "set", "choose", "file"):
            return 0
        if self.kind == "draw":
            return 3
        if self.type in ("checkbox", "radio") or self.role in ("checkbox", "radio", "switch"):
            return 1
        return 4 if self.type == "reset" or _DESTRUCTIVE.search(self.name) else _BUTTONS

    @property
    def _noun(self) -> str:
        if self.kind in ("type", "write", "set") and self.type not in ("range", "color"):
            return "field"
        if self.role in ("tab", "switch", "option"):
            return self.role
        nouns = {
            "range": "slider",
            "color": "colour",
            "select": "list",
            "checkbox": "checkbox",
            "radio": "option",
            "file": "file field",
            "a": "link",
            "summary": "section",
            "canvas": "canvas",
        }
        return nouns.get(self.type, "button")


_LABEL = 40
_BUTTONS = 2


def read_control(item: Mapping[str, Any]) -> Control:
    """Read one item of `collect()` in controls.js."""
    return Control(
        id=item["id"],
        kind=item["kind"],
        tag=item["tag"],
        type=item["type"],
        role=item["role"],
        name=item["name"],
        accept=item["accept"],
        form=item["form"],
        submits=item["submits"],
        field=Field(
            type=item["type"],
            words=item["words"],
            placeholder=item["placeholder"],
            value=item["value"],
            minimum=item["minimum"],
            maximum=item["maximum"],
            step=item["step"],
            pattern=item["pattern"],
            input_mode=item["inputMode"],
            max_length=item["maxLength"],
        ),
    )


@dataclass(slots=True)
class Tour:
    """Which controls were used, and which comes next. Looked at anew after every use."""

    most: int
    used: int = 0
    _at_start: set[int] = field(default_factory=set)
    _done: set[int] = field(default_factory=set)
    _blocked: set[int] = field(default_factory=set)
    _given_up: set[int] = field(default_factory=set)
    _refusals: Counter[int] = field(default_factory=Counter)
    _alike: Counter[tuple[str, ...]] = field(default_factory=Counter)
    _waiting: list[Control] = field(default_factory=list)
    _in_sight: Sequence[Control] = ()
    _twice: set[int] = field(default_factory=set)

    @property
    def found(self) -> int:
        return self.used + len(self._waiting)

    @property
    def total(self) -> int:
        return min(self.found, self.most)

    def see(self, controls: Sequence[Control]) -> None:
        """Take in what the page shows now; the first look tells what was there from the start."""
        if not self._at_start:
            self._at_start.update(control.id for control in controls)
        self._in_sight = controls
        alike = self._alike.copy()
        self._waiting = []
        for control in controls:
            limit = _ALIKE if control.id in self._at_start else 1
            if control.id not in self._done and alike[control.key] < limit:
                alike[control.key] += 1
                self._waiting.append(control)

    def next(self) -> Control | None:
        """Choose the next control, or `None` when all are used or the budget is."""
        kept = self._blocked | self._given_up
        free = [control for control in self._waiting if control.id not in kept]
        if self._is_spent or not free:
            return None
        return min(free, key=lambda control: control.rank)

    def again(self) -> Control | None:
        """Choose a button to press once more: it may switch, or bring back what another one hid."""
        if self._is_spent:
            return None
        once = self._done - self._twice
        buttons = (one for one in self._in_sight if one.kind == "press" and one.rank == _BUTTONS)
        return next((one for one in buttons if one.id in once), None)

    @property
    def _is_spent(self) -> bool:
        return self.used + len(self._twice) >= self.most

    def mark_twice(self, control: Control) -> None:
        self._twice.add(control.id)
        self._blocked.clear()

    def is_last_of_form(self, control: Control) -> bool:
        """Whether no other field of the same form waits to be typed into."""
        return not any(
            other.form == control.form and other.kind == "type" and other.id != control.id
            for other in self._waiting
            if other.id not in self._given_up
        )

    def mark_used(self, control: Control) -> None:
        """Note the use. What was covered before may be free now."""
        self._done.add(control.id)
        self._waiting = [other for other in self._waiting if other.id != control.id]
        self._alike[control.key] += 1
        self._blocked.clear()
        self.used += 1

    def mark_blocked(self, control: Control) -> None:
        """Note that it could not be reached: covered, or gone. It is given up after a few times."""
        self._blocked.add(control.id)
        self._refusals[control.id] += 1
        if self._refusals[control.id] >= _REFUSALS:
            self._given_up.add(control.id)

    @property
    def refused(self) -> set[int]:
        """Those in sight that could not be reached."""
        kept = self._blocked | self._given_up
        return {control.id for control in self._waiting if control.id in kept}

    def retry(self) -> None:
        """Take those that could not be reached up again: what covered them is gone."""
        self._blocked.clear()
        self._given_up.clear()
        self._refusals.clear()


_REFUSALS = 3
