"""A server for one of several apps in a program's event loop."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Generator


class QuietServer(uvicorn.Server):
    """Leaves the process's signals to the program: several servers would take them in turns."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield
