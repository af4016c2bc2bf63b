"""What a command's exit code says, everywhere."""

from __future__ import annotations

GOOD = 0
NO = 1  # the answer is no
COULD_NOT = 2
INTERRUPTED = 130
