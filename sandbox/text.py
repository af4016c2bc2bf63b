"""Text on its way to the network: UTF-8 that no lone surrogate can break."""

from __future__ import annotations


class Utf8Encoder:
    """Encodes text piece by piece; a surrogate pair may be split between two pieces.

    A surrogate without its other half becomes U+FFFD, as the encoding standard has it.
    """

    def __init__(self) -> None:
        self._held = ""

    def encode(self, text: str, *, final: bool = False) -> bytes:
        """Return the bytes of `text`, less half a pair at its end unless it is `final`."""
        text = self._held + text
        self._held = ""
        if not final and text and "\ud800" <= text[-1] <= "\udbff":
            text, self._held = text[:-1], text[-1]
        try:
            return text.encode()
        except UnicodeEncodeError:
            return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def without_lone_surrogates(text: str) -> str:
    """Return `text` as a browser would read it back."""
    return Utf8Encoder().encode(text, final=True).decode()
