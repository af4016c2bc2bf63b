"""The import map of a page whose modules are brought with it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

_UNSAFE = re.compile(r"[<\ud800-\udfff]")
_RELATIVE = re.compile(r"\.{0,2}/(?!/)")


def with_modules(text: str, modules: Callable[[str, str], Mapping[str, str]]) -> str:
    """Return a map in which `modules` says what a name with a relative address stands for.

    It may give several names for one that ends with a slash. A map that cannot be read, or has no
    such address, stays as it is.
    """
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return text
    found = [_placed(table, modules) for table in _tables(told)]
    if not any(found):
        return text
    # An end tag in it would end its script, and half a surrogate pair is no text outside of JSON.
    written = json.dumps(told, ensure_ascii=False)
    return _UNSAFE.sub(lambda one: f"\\u{ord(one[0]):04x}", written)


def _tables(told: Any) -> list[dict[str, Any]]:
    if not isinstance(told, dict):
        return []
    scopes = told.get("scopes")
    tables = [told.get("imports"), *(scopes.values() if isinstance(scopes, dict) else ())]
    return [table for table in tables if isinstance(table, dict)]


def _placed(table: dict[str, Any], modules: Callable[[str, str], Mapping[str, str]]) -> bool:
    found: dict[str, str] = {}
    for name, address in table.items():
        if isinstance(address, str) and _RELATIVE.match(address):
            found |= modules(name, address)
    table |= found
    return bool(found)
