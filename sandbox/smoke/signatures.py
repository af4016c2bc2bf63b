"""Signatures: the same fault has the same one, wherever it moved and whatever it counted."""

from __future__ import annotations

import hashlib
import re


def sign(kind: str, message: str, place: str = "") -> str:
    """Sign a fault by its kind, its message and its `place` (a function's name, a control)."""
    text = "\n".join((kind, _plain(message), _plain(place)))
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def _plain(text: str) -> str:
    without_addresses = re.sub(r"\b(?:blob:)?https?://(?:[a-z0-9-]+\.)?localhost\S*", "@", text)
    without_ids = re.sub(
        r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b",
        "0",
        without_addresses,
        flags=re.IGNORECASE,
    )
    return re.sub(r"\s+", " ", re.sub(r"\d+(?:[.,]\d+)*", "0", without_ids)).strip()
