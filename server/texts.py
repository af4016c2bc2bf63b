"""The bytes of a file that a person brings, as text, whatever their encoding. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Python has codecs besides that are no character sets, or slow.
_CHARSET = re.compile(
    rb"charset[= ][\"']?(windows-125[0-8]|iso-8859-(?:[1-9]|1[013-6])|shift_jis|euc-jp|euc-kr|gbk"
    rb"|gb2312|gb18030|big5|koi8-[ru]|utf-8)\b",
    re.IGNORECASE,
)
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
UNSAID = "windows-1252"
"""What is read as UTF-8 where it can be, and else says nothing."""


@dataclass(frozen=True, slots=True)
class Text:
    """`replaced`: bytes in it are no letters of its encoding."""

    text: str
    encoding: str
    replaced: bool = False


def has_mark(data: bytes) -> bool:
    """Say whether a file says by its first bytes that it is UTF-16."""
    return any(data.startswith(mark) for mark, _ in _MARKS)


def text_of(data: bytes, unsaid: str = UNSAID) -> Text:
    """Read as browsers do: by its mark, as UTF-8, by what it says, else as `unsaid`."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decoded(data, encoding)
    try:
        return Text(data.decode("utf-8-sig"), "utf-8")
    except UnicodeDecodeError:
        told = _CHARSET.search(data[:2048])
        return _decoded(data, told[1].decode().lower() if told else unsaid)


def _decoded(data: bytes, encoding: str) -> Text:
    try:
        return Text(data.decode(encoding), encoding)
    except UnicodeDecodeError:
        return Text(data.decode(encoding, "replace"), encoding, replaced=True)
