"""What a person types to call this Sandwright: the one place that knows.

A checkout's command lies in its `.venv`, which is on nobody's PATH, and `make run` starts its
server; where it was installed as a package, `sandwright` is a command like any other.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_SCRIPTS = ".venv\\Scripts\\" if os.name == "nt" else ".venv/bin/"


def own_command(words: str, *, root: Path = ROOT, prefix: str = sys.prefix) -> str:
    """Return what to type for `words` ("models"): in a checkout, from its folder.

    `root` is the folder that holds the rooms, `prefix` that of the Python that runs.
    """
    if not (is_checkout(root) and Path(prefix).resolve() == (root / ".venv").resolve()):
        return f"sandwright {words}"
    return "make run" if words == "serve" else f"{_SCRIPTS}sandwright {words}"


def is_checkout(root: Path = ROOT) -> bool:
    """Whether the rooms lie in a checkout, and not among installed packages."""
    return (root / "Makefile").is_file() and (root / "pyproject.toml").is_file()
