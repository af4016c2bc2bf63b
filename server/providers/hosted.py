"""One model host over HTTP: what the wire formats share besides reading an answer."""

from __future__ import annotations

import contextlib
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from sandbox.text import without_lone_surrogates
from server.providers.hosts import KnownHost
from server.providers.protocol import Error, Event, ModelInfo, ModelList, ModelRequest
from server.providers.reading import Reader
from server.providers.refusals import Refusals
from server.providers.transport import Reply, Transport, host_of

_VERSION_SEGMENT = re.compile(r"v\d")
_LISTING = 5.0  # how long a host may stay silent when asked for its models, in seconds
_MOST_MODELS = 800  # of one host; a menu of more helps nobody
_MOST_NAME = 300  # characters: some hosts name models by their files' paths
_MOST_TRIES = 4  # of one request, each without something that the host refused


class HostedProvider(ABC):
    """One host. The key is optional: local servers need none."""

    usual: ClassVar[KnownHost]
    """Whose API it is where no other host is named."""
    path: ClassVar[str]
    """Behind the base URL, where it is the same for every model; people paste it with the URL."""
    version: ClassVar[str] = "v1"
    """What a base URL without a version gets."""
    silence: ClassVar[float | None] = None
    """Seconds without anything, where they are others than the transport's."""

    def __init__(
        self,
        transport: Transport,
        known: KnownHost | None = None,
        *,
        base_url: str | None = None,
        key: str | None = None,
    ) -> None:
        self.known = known or self.usual
        self.base_url = self.normalised(base_url or self.known.base_url)
        self.key = (key or "").strip()
        self._transport = transport
        self._host = host_of(self.base_url)
        self.know_nothing()

    def know_nothing(self) -> None:  # noqa: B027 - most formats have nothing to learn
        """Set what is learned of the host while it is asked to what is so at first."""

    @property
    def name(self) -> str:
        return self.known.name

    @property
    def label(self) -> str:
        if self.is_official:
            return f"{self.known.label}, {self._host}"
        return f"{self.known.label}-compatible, {self._host}"

    @property
    def is_official(self) -> bool:
        """Whether this is the host's own API rather than another that speaks its format."""
        return self.base_url == self.normalised(self.known.base_url)

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Event, None]:
        """Run one call; see the protocol for the order of events.

        A request that the host refuses is one `Error`, without a `Start` before it.
        """
        reader = self.reader(Refusals(self._host, self.key, request.model, self.known))
        for left in reversed(range(_MOST_TRIES)):
            body = await self.body(request)
            items = self._transport.stream_events(
                "POST",
                self.address(request),
                headers=self.headers(),
                body=body,
                silence=self.silence,
            )
            async with contextlib.aclosing(items):
                first = await anext(items, None)
                if left and isinstance(first, Reply) and self.adapts(first, body):
                    continue
                async with contextlib.aclosing(reader.events(first, items)) as events:
                    async for event in events:
                        yield event
            return

    async def models(self) -> ModelList:
        """Ask the host which models it has."""
        reply = await self._transport.get_json(
            f"{self.base_url}{self.known.models_path}", headers=self.headers(), silence=_LISTING
        )
        if isinstance(reply, Error):
            return ModelList(error=without_lone_surrogates(reply.message))
        data = reply.json() if reply.status == 200 else None  # noqa: PLR2004 - OK
        entries = self.entries(data)
        if not isinstance(entries, list):
            refusal = Refusals(self._host, self.key, known=self.known).from_reply(reply)
            return ModelList(error=without_lone_surrogates(refusal.message))
        named = [
            (without_lone_surrogates(identity), entry)
            for entry in entries
            if isinstance(entry, dict) and (identity := self.identity(entry))
        ]
        short = [(identity, entry) for identity, entry in named if len(identity) <= _MOST_NAME]
        read = (self.model(identity, entry) for identity, entry in short)
        found = [model for model in read if model is not None]
        shown = tuple(found[:_MOST_MODELS])
        return ModelList(shown, left_out=len(found) - len(shown) + len(named) - len(short))

    async def aclose(self) -> None:  # noqa: B027 - a whole method, for every format
        """Hold nothing: the transport belongs to who made it."""

    @abstractmethod
    def reader(self, refusals: Refusals) -> Reader:
        """Return what reads one answer."""

    @abstractmethod
    async def body(self, request: ModelRequest) -> dict[str, Any]:
        """Write a request."""

    @abstractmethod
    def model(self, identity: str, entry: Mapping[str, Any]) -> ModelInfo | None:
        """Read one entry of the host's list; None for a model that does other work."""

    def address(self, request: ModelRequest) -> str:  # noqa: ARG002 - some formats name the model
        return f"{self.base_url}{self.path}"

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    def adapts(self, reply: Reply, body: Mapping[str, Any]) -> bool:  # noqa: ARG002
        """Leave out or change what the host refused; return whether another try makes sense."""
        return False

    def entries(self, data: Any) -> Any:
        """Find the list of models in what the host answered."""
        return data.get("data") if isinstance(data, dict) else data

    def identity(self, entry: Mapping[str, Any]) -> str | None:
        """Return how the host calls a model."""
        identity = entry.get("id") or entry.get("name")
        return identity if isinstance(identity, str) else None

    def info(
        self, identity: str, label: Any, context: int | None = None, images: bool | None = None
    ) -> ModelInfo:
        """Describe a model; its label is cut to what a menu can show."""
        shown = without_lone_surrogates(label[:_MOST_NAME]) if isinstance(label, str) else identity
        return ModelInfo(self.name, identity, shown, context, images=images)

    @classmethod
    def normalised(cls, base_url: str) -> str:
        """Return a base URL as the paths are added to it: with a version, without a last slash.

        `https://host`, `https://host/v1/` and `https://host/v1/chat/completions` are the same.
        """
        url = base_url.strip().rstrip("/").removesuffix(cls.path)
        with contextlib.suppress(ValueError):
            if "://" not in url:
                local = (urlsplit(f"//{url}").hostname or "") in ("localhost", "127.0.0.1", "::1")
                url = f"{'http' if local else 'https'}://{url}"
            if not any(_VERSION_SEGMENT.match(part) for part in urlsplit(url).path.split("/")):
                url += f"/{cls.version}"
        return url
