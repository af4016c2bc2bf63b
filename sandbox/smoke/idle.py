"""Whether code that ran can have done anything, whatever the tool's state was. Pure.

Nothing is guessed from what followed: "Clear" on an empty form has no effect either, and is no
fault. What counts is that nothing but words without an effect is there to be run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_MOST_TEXT = 4_000  # characters of a function that may do nothing; who writes more does something


@dataclass(frozen=True, slots=True)
class Ran:
    """A function that ran; `text` is all of it, the head too, `None` where nobody read it."""

    name: str
    text: str | None
    script: str = ""  # whatever tells one script from the other
    start: int = 0  # in it


_SKIPPED = re.compile(
    r"//[^\n]*+|/\*.*?\*/"
    r"|(\"(?:[^\"\\\n]|\\.)*+\"|'(?:[^'\\\n]|\\.)*+'|`(?:[^`\\$]|\\.|\$(?!\{))*+`)",
    re.DOTALL,
)
_NAME = r"[A-Za-z_$#][\w$]*"
_HEAD = re.compile(
    rf"(?:async\s+)?(?:function\s*(?:{_NAME})?\s*\([^()]*\)|(?:{_NAME}|\([^()]*\))\s*(=>)"
    rf"|(?:{_NAME})\s*\([^()]*\))\s*(?=\{{|(?<==>)|(?<==>\s))",
)
_VALUE = r"(?:true|false|null|undefined|void\s+0|\d+|\"\"|\[\s*\]|\{\s*\}|\(\s*\{\s*\}\s*\))"
_GIVEN = r"\([^()=`+-]*\)"  # to a call, with no effect of their own
_NOTHING = re.compile(
    rf"(?:return\b\s*)?{_VALUE}?"
    rf"|(?:return\s+)?{_NAME}\??\.(?:preventDefault|stopPropagation|stopImmediatePropagation)\(\s*\)"
    rf"|(?:return\s+)?console\.(?:log|debug|info|warn|trace){_GIVEN}"
    # What is looked up and then used for nothing.
    rf"|(?:const|let|var)\s+{_NAME}\s*=\s*(?:document\.(?:getElementById|querySelector){_GIVEN}"
    rf"|{_NAME})(?:\??\.{_NAME})*(?:\.trim\(\s*\))?"
)
_CALL = re.compile(
    rf"\(?\s*(?:return\s+)?(?:await\s+)?(?:(?:{_NAME}\.)?{_NAME}\s*&&\s*)?"
    rf"(?:{_NAME}\.)?({_NAME}){_GIVEN}\s*\)?"
)


def does_nothing(ran: Iterable[Ran]) -> bool:
    """Whether none of these, which are all that ran, can have done anything."""
    functions = list(ran)
    names = {one.name.rpartition(".")[2] for one in functions} - {""}
    return bool(functions) and all(_is_idle(one, names) for one in functions)


def _is_idle(function: Ran, names: set[str]) -> bool:
    if function.text is None or len(function.text) > _MOST_TEXT:
        return False
    text = _SKIPPED.sub(lambda match: '""' if match[1] else " ", function.text).strip()
    text = re.sub(r"\s++", lambda match: "\n" if "\n" in match[0] else " ", text)
    head = _HEAD.match(text)
    if head is not None:
        text = text[head.end() :]
        if not text.startswith("{") and not head[1]:
            return False
    if text.startswith("{"):
        if not text.endswith("}"):
            return False
        text = text[1:-1]
    # Without a head it is what stands in an attribute.
    return all(_is_nothing(one.strip(), names) for one in re.split(r"[;\n]", text))


def _is_nothing(statement: str, names: set[str]) -> bool:
    if _NOTHING.fullmatch(statement):
        return True
    call = _CALL.fullmatch(statement)
    # What it calls ran as well, and is asked in its turn.
    return call is not None and call[1] in names
