"""Whether a busy machine kept a browser waiting: then what rests on time proves nothing.

The kernel counts, for each thread, how long it ran and how long it was ready to run and was not
let (/proc/<pid>/task/<tid>/schedstat, Documentation/scheduler/sched-stats.rst). A tool that waits
by itself, for a timer or a person, is not ready and counts for neither.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_LEAST_SECONDS = 1.0  # less than that spoils no test
_NANOSECONDS = 1e9
# Waiting for as long as it runs is an ordinary busy machine; what was seen there counts.
_TIMES = 8


@dataclass(frozen=True, slots=True)
class Turns:
    """Of each thread of a process group, the seconds for which it `ran` and for which it waited."""

    by_thread: dict[str, tuple[float, float]]

    def starved_since(self, before: Turns) -> bool:
        """Whether its threads waited for many times as long as they ran, all together."""
        ran = waited = 0.0
        for thread, (its_ran, its_waited) in self.by_thread.items():
            old_ran, old_waited = before.by_thread.get(thread, (0.0, 0.0))
            ran += its_ran - old_ran
            waited += its_waited - old_waited
        return waited > _TIMES * max(ran, _LEAST_SECONDS)


def turns(group: int | None) -> Turns:
    """Read them; blocks, for a thread. Where nothing is counted, nothing is starved."""
    found: dict[str, tuple[float, float]] = {}
    if group is None or not _PROC.is_dir():
        return Turns(found)
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError, ValueError, IndexError):
            stat = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(stat[2]) != group:
                continue
            for thread in (entry / "task").iterdir():
                ran, waited, *_ = (thread / "schedstat").read_text().split()
                found[thread.name] = (int(ran) / _NANOSECONDS, int(waited) / _NANOSECONDS)
    return Turns(found)
