"""What a host said when it refused, as a sentence for people: who, what, and what to do."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.own_command import own_command
from server.providers.hosts import OPENAI, KnownHost
from server.providers.protocol import Error
from server.providers.transport import Reply

_SAID_LIMIT = 300
_READ_LIMIT = 20_000  # characters of an answer that are searched: it waits for nobody else
_KEY_LENGTH = 8  # what is shorter ("none", "test") is a placeholder, not a secret
# What has no end goes on to the end of the text, so that nothing is read twice.
_TAG = re.compile(
    r"<(script|style)\b.*?(?:</\1\s*+>|\Z)|<[^>]*+(?:>|\Z)", re.DOTALL | re.IGNORECASE
)
_TITLE = re.compile(r"<title\b[^>]*+>([^<]*+)", re.IGNORECASE)
_CREDIT = re.compile(
    r"insufficient[_ ](quota|funds|balance|credits?)|billing|exceeded your current quota"
    r"|out of credits?|credit balance|payment required",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(
    r"model_not_found|not a valid model|(no such|unknown|invalid) model"
    r"|model\b[^.\n]{0,120}(not found|not exist|not available|no longer|unsupported)"
    r"|not_found_error.{0,40}\bmodel:|models/\S{1,300} is not (found|supported)",
    re.IGNORECASE,
)
_TOO_LONG = re.compile(
    r"context[_ ](length|window)|maximum context|too many tokens|prompt is too long"
    r"|request_too_large|exceeds the maximum number of tokens",
    re.IGNORECASE,
)
_NOT_SO = re.compile(
    r"invalid_(request|prompt|image|base64)|image_(too|parse|file|content)_|unsupported_image"
)
_OTHER_FORMAT = "v1/responses"
_NO_KEY = re.compile(
    r"(authentication|permission)_error|invalid_api_key|API_KEY_INVALID|API key not valid",
    re.IGNORECASE,
)
_WAIT = re.compile(r'"retryDelay":\s*"([0-9]{1,6}(?:\.[0-9]{1,12})?)s"')  # Google's RetryInfo
_OVERLOADED = re.compile(r"overload|over capacity|at capacity|server busy", re.IGNORECASE)

_ACTIONS = {
    "unauthorized": "Check the key ({key}) and that it is one of this host's.",
    "payment_required": "Add credit at the host, or choose another model.",
    "rate_limited": "Wait a little, then try again, or choose another model.",
    "model_not_found": "Choose a model that the host lists: run `{models}`.",
    "bad_request": "Try another model, or shorten what you ask.",
    "unavailable": "The trouble is at the host: try again in a while.",
    "overloaded": "The host has too much to do: try again in a minute.",
    "timeout": "Try again; if it happens often, choose another model.",
    "garbage": "Check that the base URL ({url}) is that of an API in the {format} format.",
    "wrong_address": "Check the base URL ({url}): it usually ends in /{version}.",
}
_WHAT = {
    "unauthorized": "{host} did not accept the key",
    "payment_required": "{host} wants payment first",
    "rate_limited": "{host} has had too many requests",
    "model_not_found": "{host} has no model “{model}”",
    "bad_request": "{host} refused the request",
    "unavailable": "{host} failed",
    "overloaded": "{host} is overloaded",
    "timeout": "{host} took too long",
}
_TOO_LONG_ACTION = "Start a new tool, attach less, or choose a model with a larger context."


@dataclass(frozen=True, slots=True)
class Refusals:
    """Names what went wrong at one host; the key never gets into a message."""

    host: str
    key: str = field(repr=False)
    model: str = ""
    known: KnownHost = OPENAI

    @property
    def wrong_format(self) -> str:
        """What to do about a host that speaks another format."""
        return self._action("garbage")

    def from_reply(self, reply: Reply) -> Error:
        """Turn a whole answer, where a stream or a list was expected, into its `Error`."""
        reply = replace(reply, body=self.redacted(reply.body))
        data = reply.json()
        said = _said(data) if data is not None else _plain(reply)
        if reply.status >= 300:  # noqa: PLR2004 - a refusal, or a redirect: none is followed
            # The body is searched: some hosts put the telling code beside the message.
            return self._refused(reply.status, said, reply.body, reply.retry_after)
        if isinstance(data, dict) and data.get("error"):
            return self.from_chunk(data["error"])
        kind = "a web page" if "html" in reply.content_type else "something else"
        what = f"{self.host} answered with {kind} instead of a model's answer"
        return Error("garbage", _sentence(what, said), self.wrong_format)

    def from_chunk(self, error: Any) -> Error:
        """Turn an error object inside a stream into its `Error`."""
        body = self.redacted(json.dumps(error, ensure_ascii=False))
        return self._refused(_status(error), _said(json.loads(body)), body)

    def redacted(self, text: str) -> str:
        """Return text without the key, should a host have repeated it."""
        return text.replace(self.key, "[key]") if len(self.key) >= _KEY_LENGTH else text

    def _refused(
        self, status: int, said: str, body: str, retry_after: float | None = None
    ) -> Error:
        body = body[:_READ_LIMIT]
        wait = _WAIT.search(body)
        if wait is not None and retry_after is None:
            retry_after = float(wait[1])
        # Google calls its limits a quota, too: what ends by itself is no lack of credit.
        code = "rate_limited" if status == 429 and wait else _code(status, body)  # noqa: PLR2004
        number = f" ({status})" if status else ""
        what = _WHAT[code].format(host=self.host, model=self.model) + number
        action = self._action(code)
        if code == "bad_request" and _TOO_LONG.search(body):
            action = _TOO_LONG_ACTION
        elif code == "bad_request" and self.known.format == "chat" and _OTHER_FORMAT in body:
            action = "Start Sandwright with OPENAI_FORMAT=responses, or choose another model."
        elif code == "bad_request" and (status == 404 or 300 <= status < 400):  # noqa: PLR2004
            action = self._action("wrong_address")
        elif code == "rate_limited" and retry_after is not None:
            action = f"Try again in {max(1, round(retry_after))} s, or choose another model."
        return Error(code, _sentence(what, said), action, retry_after)

    def _action(self, code: str) -> str:
        return _ACTIONS[code].format(
            key=self.known.key_variables[0],
            url=self.known.url_variable,
            format=self.known.format_name,
            version=self.known.base_url.rpartition("/")[2],
            models=own_command("models"),
        )


def _status(error: Any) -> int:
    """Find the HTTP status that some hosts put into an error object; 0 when there is none."""
    if isinstance(error, dict):
        for name in ("code", "status", "status_code"):
            value = error.get(name)
            if isinstance(value, int):
                return value
            if isinstance(value, str) and re.fullmatch(r"[0-9]{1,4}", value):
                return int(value)
    return 0


def _code(status: int, body: str) -> str:
    code = "unavailable"
    if status in (401, 403) or (status in (0, 400) and _NO_KEY.search(body)):
        code = "unauthorized"
    elif status == 402 or (status in (0, 400, 429) and _CREDIT.search(body)):  # noqa: PLR2004
        code = "payment_required"
    elif status == 429 or (status == 0 and "rate_limit" in body):  # noqa: PLR2004
        code = "rate_limited"
    elif status in (0, 400, 404, 422) and _NO_MODEL.search(body):
        code = "model_not_found"
    elif status == 529 or (not 400 <= status < 500 and _OVERLOADED.search(body)):  # noqa: PLR2004
        code = "overloaded"
    elif status in (408, 504):
        code = "timeout"
    elif 300 <= status < 500 or (status == 0 and _is_refused(body)):  # noqa: PLR2004 - redirects as well: none is followed
        code = "bad_request"
    return code


def _is_refused(body: str) -> bool:
    """Whether an error without a status lays the fault on the request."""
    return bool(_NOT_SO.search(body) or _TOO_LONG.search(body))


def _sentence(what: str, said: str) -> str:
    return f"{what}: “{said}”." if said else f"{what}."


def _said(value: Any) -> str:
    """Find the host's own words in its JSON."""
    if isinstance(value, dict):
        for name in ("error", "message", "detail", "error_description", "title"):
            if value.get(name):
                return _said(value[name])
        return ""
    if isinstance(value, list):
        return _said(value[0]) if value else ""
    return _shortened(str(value)[:_READ_LIMIT]) if isinstance(value, (str, int)) else ""


def _plain(reply: Reply) -> str:
    """Return an answer's words, and of a page its title."""
    body = reply.body[:_READ_LIMIT]
    title = _TITLE.search(body)
    if title is not None:
        return _shortened(html.unescape(title.group(1)))
    if "html" in reply.content_type:
        body = html.unescape(_TAG.sub(" ", body))
    return _shortened(body)


def _shortened(text: str) -> str:
    text = " ".join(text.split()).rstrip(".")
    return text if len(text) <= _SAID_LIMIT else text[:_SAID_LIMIT].rstrip() + " …"
