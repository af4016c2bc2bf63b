"""Vendored libraries for tools: fetched by `scripts/vendor.py` as `manifest.toml` lists them."""

from pathlib import Path

_VENDORED = Path(__file__).parent / "vendor"


def vendored(library: str) -> dict[str, str]:
    """Read a library's modules, by file name without `.js`; none when it was not fetched."""
    found = sorted((_VENDORED / library / "build").rglob("*.js"))
    return {path.stem: path.read_text("utf-8") for path in found}


def vendored_file(library: str, name: str) -> str | None:
    """Read one file of a library; `None` when it was not fetched."""
    path = _VENDORED / library / name
    return path.read_text("utf-8") if path.is_file() else None
