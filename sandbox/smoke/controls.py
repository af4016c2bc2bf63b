"""Controls: what a person could use on the page, and what of it to try first. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.smoke.values import Field

Kind = Literal["type", "write", "set", "choose", "file", "press", "draw", "double", "drag", "hover"]

_DESTRUCTIVE = re.compile(
    r"\b(?:delete|remove|clear|reset|erase|discard|trash|destroy|wipe|empty|close|cancel|dismiss"
    r"|quit|exit|restart|start over|new game|log ?out|sign ?out|undo|stop|pause|halt)\b"
    r"|^[×✕✖✗xX]$|🗑|❌"
    r"|löschen|zurücksetzen|supprimer|effacer|borrar|eliminar|削除|リセット|清空|删除|重置",
    re.IGNORECASE,
)
# What leads to another view, by its name alone.
_LEADS = re.compile(
    r"\b(?:next|back|previous|prev|continue|home|weiter|zurück|suivant|siguiente)\b|^[←→«»◀▶<>]$",
    re.IGNORECASE,
)

CLOSES = re.compile(
    r"[×✕✖✗xX]|(?:[×✕✖✗]\s*)?(?:close|cancel|dismiss|ok|okay|got it|done|hide"
    r"|schließen|abbrechen|fermer|cerrar)(?:\s(?:dialog|modal|window|panel|popup))?!?",
    re.IGNORECASE,
)
"""What takes away what it stands in, by its name."""


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
    group: int = 0  # what it stands in
    leads: bool = False  # it stands among what changes the view: a tab, an entry of a menu

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
        if self.kind in ("draw", "double", "drag", "hover"):
            return _SHEETS
        if self.type in ("checkbox", "radio") or self.role in ("checkbox", "radio", "switch"):
            return 1
        if self.type == "reset" or _DESTRUCTIVE.search(self.name):
            return DESTROYS
        return LEADS if self.leads or _LEADS.search(self.name) else _BUTTONS

    @property
    def _noun(self) -> str:
        if self.kind in ("type", "write", "set") and self.type not in ("range", "color"):
            return "field"
        if self.kind in ("double", "drag", "hover"):
            return "element"
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
_BUTTONS, _SHEETS, LEADS, DESTROYS = 2, 3, 4, 5


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
        group=item["group"],
        leads=item["leads"],
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
