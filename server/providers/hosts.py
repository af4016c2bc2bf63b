"""The hosts that are known by name: one row each, and one more host is one more row.

Addresses and key variables are those of the hosts' own documentation and SDKs. Every host can be
reached at another address with its `url_variable`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

Format = Literal["chat", "responses", "messages", "gemini", "ollama"]
_FORMAT_NAMES: Mapping[Format, str] = {
    "chat": "OpenAI",
    "responses": "OpenAI Responses",
    "messages": "Anthropic",
    "gemini": "Gemini",
    "ollama": "Ollama",
}


@dataclass(frozen=True, slots=True)
class KnownHost:
    """A host: where it is, what connects it, and how it differs from the rest of its format."""

    name: str
    """The part of `provider/model` before the slash."""
    label: str
    base_url: str
    format: Format
    key_variables: tuple[str, ...]
    url_variable: str
    model: str | None = None
    """What is asked when nobody chose; None: the first of its list that `prefers` fits."""
    prefers: str = ""
    tokens_field: str = "max_tokens"
    models_path: str = "/models"
    format_variable: str | None = None
    """Where a person may name another of `formats`."""
    formats: tuple[Format, ...] = ()

    @property
    def format_name(self) -> str:
        """What people call the format."""
        return _FORMAT_NAMES[self.format]

    @property
    def variables(self) -> tuple[str, ...]:
        formats = (self.format_variable,) if self.format_variable else ()
        return (*self.key_variables, self.url_variable, *formats)

    def spoken(self, environment: Mapping[str, str]) -> KnownHost:
        """Return this host with the format that the environment names. Raises `ValueError`."""
        named = environment.get(self.format_variable or "", "").strip().lower()
        for one in self.formats:
            if one == named:
                return replace(self, format=one)
        if named:
            raise ValueError(
                f"{self.format_variable} must be {' or '.join(self.formats)}, not {named!r}; "
                f"for example {self.format_variable}={self.formats[-1]}"
            )
        return self

    def connection(self, environment: Mapping[str, str]) -> Connection | None:
        """Return what the environment says of this host; None when it says nothing."""
        given = [name for name in self.key_variables if environment.get(name)]
        base_url = environment.get(self.url_variable) or None
        if not given and base_url is None:
            return None
        key = environment[given[0]] if given else None
        return Connection(key, base_url, self.url_variable if base_url else given[0])


@dataclass(frozen=True, slots=True)
class Connection:
    """A key, an address, or both; `source` is the variable that a person is told of."""

    key: str | None
    base_url: str | None
    source: str

    def __repr__(self) -> str:
        return f"Connection(source={self.source!r})"


# A model's name written here can only be as fresh as this release; docs/providers.md says how to
# name another.
OPENAI = KnownHost(
    "openai",
    "OpenAI",
    "https://api.openai.com/v1",
    "chat",
    ("OPENAI_API_KEY",),
    "OPENAI_BASE_URL",
    model="gpt-4.1",
    tokens_field="max_completion_tokens",
    format_variable="OPENAI_FORMAT",
    formats=("chat", "responses"),
)
ANTHROPIC = KnownHost(
    "anthropic",
    "Anthropic",
    "https://api.anthropic.com/v1",
    "messages",
    ("ANTHROPIC_API_KEY",),
    "ANTHROPIC_BASE_URL",
    prefers="sonnet",
    models_path="/models?limit=1000",
)

GEMINI = KnownHost(
    "gemini",
    "Gemini",
    "https://generativelanguage.googleapis.com/v1beta",
    "gemini",
    ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "GEMINI_BASE_URL",
    model="gemini-flash-latest",  # Google's own name for whichever is the newest
    models_path="/models?pageSize=1000",
)

OLLAMA = KnownHost(
    "ollama",
    "Ollama",
    "https://ollama.com/api",
    "ollama",
    ("OLLAMA_API_KEY",),
    "OLLAMA_HOST",
    models_path="/tags",
)


def _chat(name: str, label: str, base_url: str, tokens_field: str = "max_tokens") -> KnownHost:
    """Return a host that speaks OpenAI's chat completions."""
    prefix = name.upper()
    keys, url = (f"{prefix}_API_KEY",), f"{prefix}_BASE_URL"
    return KnownHost(name, label, base_url, "chat", keys, url, tokens_field=tokens_field)


# In the order in which one of them is asked when nobody chose.
KNOWN_HOSTS = (
    OPENAI,
    ANTHROPIC,
    GEMINI,
    _chat("mistral", "Mistral", "https://api.mistral.ai/v1"),
    _chat("groq", "Groq", "https://api.groq.com/openai/v1", "max_completion_tokens"),
    _chat("cerebras", "Cerebras", "https://api.cerebras.ai/v1", "max_completion_tokens"),
    _chat("openrouter", "OpenRouter", "https://openrouter.ai/api/v1"),
    _chat("deepseek", "DeepSeek", "https://api.deepseek.com/v1"),
    _chat("together", "Together", "https://api.together.xyz/v1"),
    _chat("fireworks", "Fireworks", "https://api.fireworks.ai/inference/v1"),
    _chat("xai", "xAI", "https://api.x.ai/v1"),
    OLLAMA,
)
