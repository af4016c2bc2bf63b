"""What the scripted model answers, and how: the answers file, its checks and its choice.

The format is documented for people in docs/providers.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

_DEFAULT = Path(__file__).parent / "scripted_tool"
_TOKEN = re.compile(r"\s?[^\W_]{1,7}|[^\w\s]{1,3}|_|\s+")
_SEPARATOR = "---"
_GO_ON = re.compile(r"\bcontinue (?:exactly )?where\b", re.IGNORECASE)


class AnswersError(ValueError):
    """The answers file cannot be used; the message says where and why."""


@dataclass(frozen=True, slots=True)
class ScriptedError:
    """A failure to play: instead of the answer (`start`), or inside its stream (`mid`)."""

    status: int = 500
    body: Any = None
    at: Literal["start", "mid"] = "start"
    retry_after: str | None = None
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer and the manner of its delivery. Positions are in characters, times in seconds."""

    text: str = ""
    match: str | None = None
    turn: Literal["first", "follow-up"] | None = None
    reasoning: str = ""
    reasoning_field: Literal["reasoning_content", "reasoning"] = "reasoning_content"
    tokens_per_second: float | None = None
    chunk: Literal["token", "char"] | int = "token"
    first_token_seconds: float = 0.0
    stall_at: int | None = None
    stall_seconds: float = 0.0
    truncate_at: int | None = None
    finish_reason: str | None = "stop"
    ending: Literal["done", "no_done", "cut", "open"] = "done"
    usage: bool = True
    error: ScriptedError | None = None
    refuse: tuple[str, ...] = ()
    comments: bool = False
    framing: Literal["lf", "crlf"] = "lf"
    split_bytes: int | None = None
    raw: str | None = None

    def matches(self, message: str, *, follow_up: bool) -> bool:
        """Whether this answer is for such a last user message."""
        if self.turn is not None and (self.turn == "follow-up") != follow_up:
            return False
        if self.match is None:
            return True
        if len(self.match) > 1 and self.match.startswith("/") and self.match.endswith("/"):
            return re.search(self.match[1:-1], message, re.IGNORECASE) is not None
        return self.match.lower() in message.lower()

    @property
    def particular(self) -> bool:
        """Whether it asks for something; such answers go before the others."""
        return self.match is not None or self.turn is not None

    def pieces(self) -> list[str]:
        """The text as it is sent, a chunk each."""
        return split(self.text[: self.truncate_at], self.chunk)

    def rest(self, so_far: str) -> Answer | None:
        """What goes on where `so_far` ends, white space in it apart; None if that is not its start.

        It comes whole: what breaks off or stalls the answer did so the first time.
        """
        said = "".join(so_far.split())
        places = [place for place, letter in enumerate(self.text) if not letter.isspace()]
        begun = "".join(self.text[place] for place in places[: len(said)])
        if not said or begun != said or len(places) == len(said):
            return None
        end = places[len(said) - 1] + 1
        behind = so_far[len(so_far.rstrip()) :]
        if self.text.startswith(behind, end):
            end += len(behind)
        return Answer(
            text=self.text[end:],
            tokens_per_second=self.tokens_per_second,
            chunk=self.chunk,
            first_token_seconds=self.first_token_seconds,
            usage=self.usage,
            refuse=self.refuse,
            comments=self.comments,
            framing=self.framing,
            split_bytes=self.split_bytes,
        )


class Script:
    """Chooses answers: the first particular one that matches, else the others in turn."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self._particular = [answer for answer in answers if answer.particular]
        self._cycle = [answer for answer in answers if not answer.particular]
        self._next = 0

    def choose(self, message: str, *, follow_up: bool, so_far: str = "") -> Answer:
        """Choose for a last user message; `so_far`: the model's own words right before it.

        Asked to go on, an answer whose `match` fits that request comes first, then the rest of
        the one that those words begin.
        """
        going_on = _GO_ON.search(message) is not None
        fitting = [one for one in self._particular if one.matches(message, follow_up=follow_up)]
        own = next((one for one in fitting if one.match is not None or not going_on), None)
        if own is not None:
            return own
        if going_on:
            for answer in (*self._particular, *self._cycle):
                rest = answer.rest(so_far)
                if rest is not None:
                    return rest
        if fitting:
            return fitting[0]
        if not self._cycle:
            return Answer(text="The answers file has no answer for this message.")
        answer = self._cycle[self._next % len(self._cycle)]
        self._next += 1
        return answer

    def put_back(self, answer: Answer) -> None:
        """Give back an answer that was chosen but not played."""
        if not answer.particular and self._cycle:
            self._next -= 1


def split(text: str, chunk: Literal["token", "char"] | int) -> list[str]:
    """Cut text into chunks: words and signs about the size of a model's tokens, or by length."""
    if chunk == "token":
        return _TOKEN.findall(text)
    size = 1 if chunk == "char" else chunk
    return [text[start : start + size] for start in range(0, len(text), size)]


def default_answers() -> tuple[Answer, ...]:
    """Return the built-in answers: a tool, and a changed one for any later message."""
    return load_answers(_DEFAULT)


def load_answers(path: Path) -> tuple[Answer, ...]:
    """Read answers from a JSON file, a Markdown or text file, or a directory of those.

    Raises `AnswersError`.
    """
    try:
        if path.is_dir():
            files = sorted(file for file in path.iterdir() if file.suffix in {".md", ".txt"})
            answers = tuple(_from_text(file) for file in files)
        elif path.suffix == ".json":
            answers = _from_json(path)
        else:
            answers = (_from_text(path),)
    except OSError as error:
        raise AnswersError(f"{error.filename or path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise AnswersError(f"{path}: not UTF-8 text") from error
    if not answers:
        raise AnswersError(f"{path}: no answers in it (expected *.md or *.txt files, or a list)")
    return answers


def _from_json(path: Path) -> tuple[Answer, ...]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise AnswersError(f"{path}: {error}") from error
    if isinstance(data, dict):
        data = data.get("answers")
    if not isinstance(data, list):
        raise AnswersError(f'{path}: expected a list of answers, or {{"answers": […]}}')
    return tuple(
        answer_from(entry, f"{path}, answer {number}", path.parent)
        for number, entry in enumerate(data, 1)
    )


def _from_text(path: Path) -> Answer:
    """Read an answer in words, with its manner of delivery between two `---` lines before it."""
    text = path.read_bytes().decode()  # line endings as they are: they are part of the answer
    head, body = "", text
    lines = text.splitlines(keepends=True)
    if lines and lines[0].strip() == _SEPARATOR:
        ends = [number for number, line in enumerate(lines[1:], 1) if line.strip() == _SEPARATOR]
        if ends:
            head, body = "".join(lines[1 : ends[0]]), "".join(lines[ends[0] + 1 :])
    entry: dict[str, Any] = {"text": body}
    for line in head.splitlines():
        key, colon, value = line.partition(":")
        if colon:
            entry[key.strip()] = _value(value.strip())
    return answer_from(entry, str(path), path.parent)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def answer_from(entry: Any, where: str, folder: Path) -> Answer:
    """Check one entry of an answers file; `file` in it is read relative to `folder`.

    Raises `AnswersError`.
    """
    if isinstance(entry, str):
        return Answer(text=entry)
    if not isinstance(entry, Mapping):
        raise AnswersError(f"{where}: expected an object or a string")
    values = dict(entry)
    if "file" in values:
        values["text"] = (folder / str(values.pop("file"))).read_bytes().decode()
    _check_keys(values, Answer, where)
    if values.get("error") is not None:
        _check_keys(values["error"], ScriptedError, f"{where}, error")
        values["error"] = ScriptedError(**values["error"])
    if "refuse" in values:
        values["refuse"] = tuple(values["refuse"])
    if values.get("truncate_at") is not None:
        values.setdefault("finish_reason", "length")
    _check_values(values, where)
    return Answer(**values)


def _check_keys(values: Any, kind: type[Answer | ScriptedError], where: str) -> None:
    if not isinstance(values, Mapping):
        raise AnswersError(f"{where}: expected an object")
    known = [field.name for field in fields(kind)]
    for key in values:
        if key not in known:
            raise AnswersError(f"{where}: unknown key “{key}”; known: {', '.join(known)}")


def _check_values(values: Mapping[str, Any], where: str) -> None:
    chunk = values.get("chunk", "token")
    if chunk not in ("token", "char") and not (isinstance(chunk, int) and chunk > 0):
        raise AnswersError(f"{where}: “chunk” is “token”, “char” or a number above 0")
    rate = values.get("tokens_per_second")
    if rate is not None and not (isinstance(rate, (int, float)) and rate > 0):
        raise AnswersError(f"{where}: “tokens_per_second” is a number above 0")
    if values.get("turn") not in (None, "first", "follow-up"):
        raise AnswersError(f"{where}: “turn” is “first” or “follow-up”")
    match = values.get("match")
    if isinstance(match, str) and match.startswith("/") and match.endswith("/"):
        try:
            re.compile(match[1:-1])
        except re.error as error:
            raise AnswersError(f"{where}: “match” is no regular expression: {error}") from error
