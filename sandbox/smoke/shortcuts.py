"""The keys that a document asks for by name: its shortcuts. Pure."""

from __future__ import annotations

import re

_MOST = 10
_NEAR = 120  # characters around a name, in which its modifiers are asked for
_ASKED = re.compile(
    r"\.(?:key|code)(?:\.to(?:Lower|Upper)Case\(\s*\))?\s*={2,3}\s*[\"'`]([^\"'`\n]{1,12})[\"'`]"
    r"|\bcase\s*[\"'`]([^\"'`\n]{1,12})[\"'`]\s*:"
)
_NAMED = re.compile(
    r"Arrow(?:Up|Down|Left|Right)|Enter|Escape|Backspace|Delete|Insert|Home|End|Page(?:Up|Down)"
    r"|F(?:[1-9]|1[0-2])|Space|Key[A-Z]|Digit[0-9]"
)
_MODIFIERS = (("Control", r"\b(?:ctrl|meta)Key\b"), ("Alt", r"\baltKey\b"))
_OF_A_BROWSER = frozenset("wtnqr")  # with Control


def shortcuts(html: str) -> tuple[str, ...]:
    """List what is to be pressed, as Playwright calls it: "Control+s"."""
    found: dict[str, None] = {}
    if ".key" not in html and ".code" not in html:
        return ()
    for match in _ASKED.finditer(html):
        if len(found) == _MOST:
            break
        name = match[1] or match[2]
        key = "Space" if name == " " else name
        is_letter = len(key) == 1 and "!" <= key <= "~"
        if not (is_letter or _NAMED.fullmatch(key)):
            continue
        # A case stands below the line that asks for the modifier.
        around = html[max(0, match.start() - _NEAR) : match.end() + _NEAR]
        held = [word for word, pattern in _MODIFIERS if re.search(pattern, around)]
        plain = key.removeprefix("Key").lower()
        if "Control" in held and plain in _OF_A_BROWSER:
            continue
        found["+".join((*held, key.lower() if held and is_letter else key))] = None
    return tuple(found)
