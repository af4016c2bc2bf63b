"""Of many cases of one promise some run in `make test`; `make sandbox` runs all."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import Any

import pytest


def sampled(
    cases: Iterable[Any],
    often: Container[Any] | int,
    name: Callable[[Any], str] | None = None,
) -> list[Any]:
    """Return parameters: those of `often`, or the first so many, always run."""
    found = []
    for index, case in enumerate(cases):
        is_often = index < often if isinstance(often, int) else case in often
        marks = [] if is_often else [pytest.mark.sandbox]
        found.append(pytest.param(case, id=None if name is None else name(case), marks=marks))
    return found
