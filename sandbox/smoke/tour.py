"""The tour: which of a page's controls were used, and which comes next. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sandbox.smoke.controls import CLOSES, DESTROYS, LEADS, Control

_ALIKE = 3  # of controls that look the same, so many are tried; of those that come later, one
_DRAWN_ANEW = 2  # the first and the last of what was there, where a press draws all of them anew
_MOST_RENEWED = 6
_REFUSALS = 3
_MOST_STEPS = 8
_TIMES = 2


@dataclass(slots=True)
class Tour:
    """Looked at anew after every use.

    What is in sight comes before what changes the view, and that before what destroys. What was
    hidden before it was used is gone back for. Then buttons are pressed a second time, and of those
    that were drawn anew since the first one, or the last.
    """

    most: int
    used: int = 0
    repeats: int = 0
    _at_start: set[int] | None = None
    _rows_at_start: frozenset[tuple[str, ...]] = frozenset()
    _blocked: set[int] = field(default_factory=set)
    _given_up: set[int] = field(default_factory=set)
    _refusals: Counter[int] = field(default_factory=Counter)
    _alike: Counter[tuple[str, ...]] = field(default_factory=Counter)
    _waiting: list[Control] = field(default_factory=list)
    _in_sight: Sequence[Control] = ()
    _times: Counter[int] = field(default_factory=Counter)
    _settled: set[int] = field(default_factory=set)  # not pressed again
    _refilled: set[int] = field(default_factory=set)
    _seen: dict[int, Control] = field(default_factory=dict)  # every one that waited
    _counted: Counter[tuple[str, ...]] = field(default_factory=Counter)
    _unlike: int = 0
    _is_anew: bool = False
    _last: Control | None = None
    _leading: set[int] = field(default_factory=set)  # what brought something at its last press
    _shown_by: dict[int, int] = field(default_factory=dict)
    _hidden_by: dict[int, Control] = field(default_factory=dict)
    _renewals: set[tuple[str, ...]] = field(default_factory=set)  # by key, pressed once more
    _gone_back: set[tuple[int, frozenset[int]]] = field(default_factory=set)

    @property
    def acts(self) -> int:
        """How often a control was used, the second times too."""
        return self.used + self.repeats

    @property
    def found(self) -> int:
        """Every control that was there at some time to be used; one drawn anew is no other."""
        return sum(self._counted.values())

    @property
    def total(self) -> int:
        return min(self.found, self.most)

    @property
    def left_out(self) -> int:
        """So many look like those that were used, and are not tried."""
        return self._unlike

    def see(self, controls: Sequence[Control]) -> None:
        """Take in what the page shows now; the first look tells what was there from the start."""
        if self._at_start is None:
            self._at_start = {control.id for control in controls}
            counted = Counter(control.key for control in controls)
            self._rows_at_start = frozenset(key for key, number in counted.items() if number > 1)
        alike = self._alike.copy()
        chosen: set[int] = set()
        unused: dict[tuple[str, ...], list[Control]] = {}
        for control in controls:
            if not self._times[control.id]:
                unused.setdefault(control.key, []).append(control)
        left_out = 0
        for key, some in unused.items():
            picked = self._picked(some)
            chosen.update(one.id for one in picked)
            alike[key] += len(picked)
            # One drawn anew is none.
            left_out += sum(one.id in self._at_start and one not in picked for one in some)
        waiting = [control for control in controls if control.id in chosen]
        self._note_changes(controls, waiting)
        self._in_sight, self._waiting = controls, waiting
        if not self._is_anew:
            self._unlike = max(self._unlike, left_out)
        for key, number in alike.items():
            # Of those that look like a used one some may have gone with it.
            most = 0 if self._alike[key] else self._counted[key]
            self._counted[key] = max(most, number)

    def _picked(self, some: Sequence[Control]) -> list[Control]:
        """Choose of those that look alike and were not used: the first, the last, the second."""
        key, limit = some[0].key, 1
        used = self._alike[key]
        if not self._is_anew:  # at a second visit only what was never used is to be
            is_there = any(one.id in (self._at_start or ()) for one in some)
            limit = _ALIKE if is_there else _DRAWN_ANEW if key in self._rows_at_start else 1
        order = [some[-1], *some[:-1]] if used else [some[0], *some[:0:-1][:1], *some[1:-1]]
        return order[: max(0, limit - used)]

    def _note_changes(self, controls: Sequence[Control], waiting: Sequence[Control]) -> None:
        shown = {control.id for control in controls}
        last, self._last = self._last, None
        for control in waiting:
            known = self._seen.get(control.id)
            if known is not None and known.key != control.key:
                self._counted[known.key] -= 1  # it only has another name now
            if last is not None and known is None:
                self._leading.add(last.id)
                self._shown_by[control.id] = last.id
            self._seen[control.id] = control
        if last is not None:
            gone = (control.id for control in self._waiting if control.id not in shown)
            self._hidden_by.update(dict.fromkeys(gone, last))

    @property
    def hidden(self) -> list[Control]:
        """Those that were there and went out of sight before they were used."""
        keys = {control.key for control in self._in_sight}
        return [
            one
            for number, one in self._seen.items()
            if not self._times[number]
            and number not in self._given_up
            and not self._alike[one.key]
            and one.key not in keys  # it is there, or was drawn anew
        ]

    def begin_anew(self) -> None:
        """Forget which are which: the page was loaded anew."""
        self._is_anew = True
        for control in self._seen.values():
            if not self._alike[control.key]:
                self._counted[control.key] = 0
        self._seen.clear()
        self._waiting = []
        self._last = None

    def next(self, *, gently: bool = False) -> Control | None:
        """Choose the next control, or `None` when all are used or the budget is.

        `gently`: nothing that destroys, and nothing a second time but what leads on.
        """
        if self.acts >= self.most:
            return None
        kept = self._blocked | self._given_up
        free = [control for control in self._waiting if control.id not in kept]
        first = min(free, key=lambda control: control.rank, default=None)
        # What destroys may stand beside what leads on, which would take it out of sight.
        is_last = first is not None and first.rank >= DESTROYS and not gently
        if first is not None and (first.rank < LEADS or is_last):
            return first
        if onward := self._onward():
            return onward
        if first is not None and first.rank < DESTROYS:
            return first
        if back := self._way_back(gently=gently):
            return back
        return None if gently else self._again() or self._renewed()

    def _pressable(self) -> list[Control]:
        return [
            one
            for one in self._in_sight
            if one.kind == "press" and one.type != "radio" and one.id not in self._settled
        ]

    def _onward(self) -> Control | None:
        """Choose what brought something new: the next step of several, another row."""
        leading = (one for one in self._pressable() if one.id in self._leading)
        return next((one for one in leading if self._times[one.id] < _MOST_STEPS), None)

    def _way_back(self, *, gently: bool) -> Control | None:
        """Choose what may bring back what was hidden unused: what showed it, what stands by."""
        hidden = [one for one in self.hidden if one.rank < DESTROYS or not gently]
        wanted = frozenset(one.id for one in hidden)
        if not wanted:
            return None
        showers = {self._shown_by.get(number) for number in wanted}
        hiders = [self._hidden_by[number] for number in wanted if number in self._hidden_by]
        groups = {(one.group, one.tag) for one in hiders}

        def fitness(one: Control) -> int:
            if one.id in showers:
                return 0
            is_by = (one.group, one.tag) in groups and one.id not in {it.id for it in hiders}
            return 1 if is_by else 2 if one.rank == LEADS else 3

        tried = [one for one in self._pressable() if self._times[one.id]]
        free = [one for one in tried if (one.id, wanted) not in self._gone_back]
        best = min(free, key=fitness, default=None)
        if best is None or fitness(best) == _UNFIT or best.rank == DESTROYS:
            return None
        self._gone_back.add((best.id, wanted))
        return best

    def _again(self) -> Control | None:
        """Choose a button to press once more: it may switch, or bring back what another one hid."""
        some = [one for one in self._pressable() if 0 < self._times[one.id] < _TIMES]
        return min(some, key=lambda one: one.rank, default=None)

    def _renewed(self) -> Control | None:
        """Choose of several that look alike one that was drawn since others of it were pressed.

        The first, for what adds a row may have made the earlier ones anew, without what heard them;
        where the first is still the one that was used, the last.
        """
        if len(self._renewals) >= _MOST_RENEWED:
            return None
        rows: dict[tuple[str, ...], list[Control]] = {}
        for one in self._pressable():
            rows.setdefault(one.key, []).append(one)
        for key, some in rows.items():
            is_list = len(some) > 1 and key[-1] != ""
            if not is_list or not self._alike[key] or key in self._renewals:
                continue
            found = next((one for one in (some[0], some[-1]) if not self._times[one.id]), None)
            if found is not None and found.id not in (self._at_start or ()):
                self._renewals.add(key)
                self._settled.add(found.id)
                return found
        return None

    def has_opened(self, control: Control) -> bool:
        """Whether its first press may have opened a view: it leads to one, or new ones came."""
        is_new = self._times[control.id] == 1 and control.kind == "press"
        return is_new and (control.rank == LEADS or control.id in self._leading)

    def closers(self) -> list[Control]:
        """List the used ones in sight that are there to close something."""
        return [
            one
            for one in self._in_sight
            if one.kind == "press" and self._times[one.id] and CLOSES.fullmatch(one.name)
        ]

    def came_later(self, controls: Iterable[int]) -> bool:
        """Whether one of these is in sight that a press of another one has brought."""
        shown = {one.id for one in self._in_sight}
        return any(one in shown and one in self._shown_by for one in controls)

    def is_used(self, control: Control) -> bool:
        return self._times[control.id] > 0

    def emptied(self, control: Control) -> list[Control]:
        """List fields that were filled and are empty again, to be filled before the press once."""
        return [
            one
            for one in self._in_sight
            if one.kind == "type"
            and self._times[one.id]
            and not one.field.value
            and one.form == control.form
            and one.id not in self._refilled
        ]

    def mark_refilled(self, control: Control) -> None:
        self._refilled.add(control.id)

    def is_last_of_form(self, control: Control) -> bool:
        """Whether no other field of the same form waits to be typed into."""
        return not any(
            other.form == control.form and other.kind == "type" and other.id != control.id
            for other in self._waiting
            if other.id not in self._given_up
        )

    def mark_used(self, control: Control) -> None:
        """Note the use, the first or another. What was covered before may be free now."""
        if self._times[control.id]:
            self.repeats += 1
        else:
            self.used += 1
            self._alike[control.key] += 1
            self._counted[control.key] = max(self._counted[control.key], self._alike[control.key])
        self._times[control.id] += 1
        self._leading.discard(control.id)
        self._last = control
        self._waiting = [other for other in self._waiting if other.id != control.id]
        self._blocked.clear()

    def mark_blocked(self, control: Control) -> None:
        """Note that it could not be reached: covered, or gone. It is given up after a few times."""
        if self._times[control.id]:
            self._settled.add(control.id)
            return
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


_UNFIT = 3
