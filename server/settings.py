"""One frozen `Settings`, built at the door and passed in; nothing else reads the environment."""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import sys
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sandbox.network_origins import RefusedOrigin, private_origin
from sandbox.own_command import ROOT, is_checkout
from server.providers.hosts import KNOWN_HOSTS

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "SANDWRIGHT_"
NAMES = (
    "HOST",
    "PORT",
    "FRAME_PORT",
    "FRAME_URL",
    "ALLOWED_HOSTS",
    "DATA_DIR",
    "DATABASE_URL",
    "MODEL",
    "BROWSER",
    "MAX_REPAIRS",
    "BUDGET_PER_DAY",
    "BUDGET_PER_TOOL",
    "ACCESS_TOKEN",
    "PRIVATE_ORIGINS",
    "REDIS_URL",
)
PROVIDER_VARIABLES = tuple(dict.fromkeys(name for host in KNOWN_HOSTS for name in host.variables))
# What finding a browser depends on, so that nothing below the door reads the environment.
BROWSER_VARIABLES = (
    "PATH",
    "HOME",
    "USERPROFILE",
    "XDG_CACHE_HOME",
    "PLAYWRIGHT_BROWSERS_PATH",
    "PROGRAMFILES",
    "PROGRAMFILES(X86)",
    "LOCALAPPDATA",
    "DISPLAY",
    "WAYLAND_DISPLAY",
)
# npm's own, for libraries that a person adds.
REGISTRY_VARIABLES = ("npm_config_registry", "NPM_CONFIG_REGISTRY")
# Build and set-up switches: read by scripts, listed here only so that they are not called typos.
SCRIPT_VARIABLES = ("SANDWRIGHT_VENDOR",)

_HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.IGNORECASE)


class SettingsError(ValueError):
    """A setting has a value that cannot be used; the message names it and gives an example."""


@dataclass(frozen=True, slots=True)
class Settings:
    """See docs/settings.md, one heading for each."""

    host: str = "127.0.0.1"
    port: int = 8000
    port_chosen: bool = False
    frame_port: int = 8001
    frame_port_chosen: bool = False
    frame_url: str | None = None
    allowed_hosts: tuple[str, ...] = ()
    data_dir: Path = Path("data")
    database_url: str = "sqlite+aiosqlite:///data/sandwright.db"
    model: str | None = None
    browser: str | None = None
    max_repairs: int = 2
    budget_per_day: int | None = None  # in millionths of a dollar
    budget_per_tool: int | None = None
    access_token: str | None = field(default=None, repr=False)
    private_origins: tuple[str, ...] = ()
    redis_url: str | None = field(default=None, repr=False)
    provider_environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    browser_environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    registry_environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def libraries_dir(self) -> Path:
        """Where libraries lie that a person added."""
        return self.data_dir / "libraries"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)


@dataclass(frozen=True, slots=True)
class _Given:
    """A value and the name that the person gave it under: a variable's or a flag's."""

    name: str
    value: str

    def wrong(self, problem: str, example: str) -> SettingsError:
        return SettingsError(
            f"{self.name} {problem}, not {self.value!r}; for example {self.name}={example}"
        )

    def unusable(self, problem: str, example: str) -> SettingsError:
        """As `wrong`, for values that may hold a password: the value is not repeated."""
        return SettingsError(f"{self.name} {problem}; for example {self.name}={example}")


class _Source:
    """Flags go before variables; an empty value counts as none."""

    def __init__(self, environment: Mapping[str, str], flags: Mapping[str, str | None]) -> None:
        self._environment = environment
        self._flags = flags

    def get(self, name: str) -> _Given | None:
        flag = self._flags.get(name)
        if flag is not None:
            return _Given("--" + name.lower().replace("_", "-"), flag)
        value = self._environment.get(PREFIX + name, "").strip()
        return _Given(PREFIX + name, value) if value else None


def load_settings(
    environment: Mapping[str, str] = os.environ,
    flags: Mapping[str, str | None] | None = None,
) -> Settings:
    """Build the settings from `SANDWRIGHT_*` variables and the providers' own.

    `flags` are command-line values by setting name ("PORT": "8080"); they go before variables.
    Raises `SettingsError` for a value that cannot be used.
    """
    source = _Source(environment, flags or {})
    port, frame_port = source.get("PORT"), source.get("FRAME_PORT")
    data_dir = _data_dir(source.get("DATA_DIR"), environment)
    settings = Settings(
        host=_host(source.get("HOST")),
        port=_port(port, 8000),
        port_chosen=port is not None,
        frame_port=_port(frame_port, 8001),
        frame_port_chosen=frame_port is not None,
        frame_url=_frame_url(source.get("FRAME_URL")),
        allowed_hosts=_allowed_hosts(source.get("ALLOWED_HOSTS")),
        data_dir=data_dir,
        database_url=_database_url(source.get("DATABASE_URL"), data_dir),
        model=_model(source.get("MODEL")),
        browser=_text(source.get("BROWSER")),
        max_repairs=_max_repairs(source.get("MAX_REPAIRS")),
        budget_per_day=_dollars(source.get("BUDGET_PER_DAY")),
        budget_per_tool=_dollars(source.get("BUDGET_PER_TOOL")),
        access_token=_access_token(source.get("ACCESS_TOKEN")),
        private_origins=_private_origins(source.get("PRIVATE_ORIGINS")),
        redis_url=_redis_url(source.get("REDIS_URL")),
        provider_environment=_chosen(environment, PROVIDER_VARIABLES),
        browser_environment=_chosen(environment, BROWSER_VARIABLES),
        registry_environment=_chosen(environment, REGISTRY_VARIABLES),
    )
    _refuse_own_origin(source.get("FRAME_URL"), settings)
    if port and frame_port and settings.port and settings.port == settings.frame_port:
        raise frame_port.wrong(
            f"must be another port than {port.name}, since the frame is its own origin",
            str(settings.port + 1),
        )
    return settings


def _host(given: _Given | None) -> str:
    if given is None:
        return "127.0.0.1"
    host = given.value.removeprefix("[").removesuffix("]")
    if not (_is_address(host) or _HOST_NAME.fullmatch(host)):
        raise given.wrong("must be an address or a host name to listen on", "127.0.0.1")
    return host


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether `host`, an address or a name, means this machine and no other."""
    if _is_address(host):
        return ipaddress.ip_address(host).is_loopback
    name = host.lower().rstrip(".")
    return name == "localhost" or name.endswith(".localhost")


def _port(given: _Given | None, default: int) -> int:
    """0 asks the system for any free port."""
    return default if given is None else _number(given, 0, 65535, str(default))


def _number(given: _Given, least: int, most: int, example: str) -> int:
    if re.fullmatch(r"\d{1,9}", given.value, re.ASCII) and least <= int(given.value) <= most:
        return int(given.value)
    raise given.wrong(f"must be a whole number from {least} to {most}", example)


def _frame_url(given: _Given | None) -> str | None:
    if given is None:
        return None
    example = "https://{id}.frames.example.org"
    try:
        parts = urlsplit(given.value)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise given.wrong("must be a web address", example) from None
    # A user name in it would be a secret in every frame's address.
    plain = "@" not in parts.netloc and parts.path in ("", "/")
    if parts.scheme not in ("http", "https") or not host or not plain:
        raise given.wrong("must be http:// or https:// and a host, with no path", example)
    if parts.query or parts.fragment or "{" in given.value.replace("{id}", "", 1):
        raise given.wrong("may hold {id} once and nothing behind the host", example)
    # A content security policy knows a wildcard for whole labels only, and no IPv6 address.
    if not _HOST_NAME.fullmatch(host.removeprefix("{id}.")):
        raise given.wrong("must be a host name, with {id} as its whole first label or not", example)
    return given.value.rstrip("/")


def _refuse_own_origin(given: _Given | None, settings: Settings) -> None:
    """A tool on the origin of the pages could read them: refuse what is known to be theirs."""
    if given is None:
        return
    parts = urlsplit(given.value)
    host, default = parts.hostname or "", 443 if parts.scheme == "https" else 80
    port = parts.port or default
    is_named = host in settings.allowed_hosts
    is_ours = is_named or host == settings.host or is_loopback(host)
    if (is_ours and port == settings.port) or (is_named and port == default):
        raise given.wrong(
            "must be another origin than that of the pages", "https://{id}.frames.example.org"
        )


def _allowed_hosts(given: _Given | None) -> tuple[str, ...]:
    if given is None:
        return ()
    hosts = tuple(host.strip().lower() for host in given.value.split(",") if host.strip())
    if not hosts or not all(_HOST_NAME.fullmatch(host) or _is_address(host) for host in hosts):
        raise given.wrong(
            "must be host names with commas between, without scheme or port",
            "tools.example.org,tools.local",
        )
    return hosts


def _data_dir(given: _Given | None, environment: Mapping[str, str]) -> Path:
    if given is None:
        return default_data_dir(environment)
    try:
        path = Path(given.value).expanduser().absolute()
    except RuntimeError:
        raise given.wrong("names a home directory that is not known", "./data") from None
    if path.exists() and not path.is_dir():
        raise given.wrong("must be a directory", "./data")
    return path


def default_data_dir(
    environment: Mapping[str, str], platform: str = sys.platform, root: Path = ROOT
) -> Path:
    """Return `data/` in a checkout; installed, the system's place for a person's data."""
    if is_checkout(root):
        return root / "data"
    home = Path(environment.get("HOME") or environment.get("USERPROFILE") or Path.home())
    if platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local") / "sandwright"
    if platform == "darwin":
        return home / "Library" / "Application Support" / "sandwright"
    return Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share") / "sandwright"


def _database_url(given: _Given | None, data_dir: Path) -> str:
    if given is None:
        return f"sqlite+aiosqlite:///{(data_dir / 'sandwright.db').as_posix()}"
    scheme, separator, rest = given.value.partition("://")
    if not separator or scheme not in ("sqlite", "sqlite+aiosqlite") or not rest.strip("/"):
        raise given.unusable(
            "must be an SQLite address, the only database so far",
            "sqlite:////var/lib/sandwright/sandwright.db",
        )
    return f"sqlite+aiosqlite://{rest}"


def _model(given: _Given | None) -> str | None:
    if given is None:
        return None
    if given.value == "recipes":
        return "recipes/built-in"  # the one model that they have
    provider, _, model = given.value.partition("/")
    if not provider or not model:
        raise given.wrong("must be provider/model", "openai/gpt-4.1")
    return given.value


def _text(given: _Given | None) -> str | None:
    return None if given is None else given.value


def _max_repairs(given: _Given | None) -> int:
    return 2 if given is None else _number(given, 0, 10, "2")


def _dollars(given: _Given | None) -> int | None:
    """Return an amount in millionths of a dollar, which add up exactly."""
    if given is None:
        return None
    if not re.fullmatch(r"\d{1,6}(\.\d{1,6})?", given.value, re.ASCII):
        raise given.wrong("must be an amount in US dollars", "2.50")
    return int(Decimal(given.value) * 1_000_000)


def _access_token(given: _Given | None) -> str | None:
    if given is None:
        return None
    if not re.fullmatch(r"[!-~]+", given.value):
        raise given.unusable("must be visible ASCII without spaces", "$(openssl rand -hex 24)")
    return given.value


def _private_origins(given: _Given | None) -> tuple[str, ...]:
    if given is None:
        return ()
    read = [private_origin(text) for text in given.value.split(",") if text.strip()]
    for origin in read:
        if isinstance(origin, RefusedOrigin):
            raise given.wrong(
                "must be https origins with commas between",
                "https://nas.lan,https://10.0.0.5:8443",
            )
    return tuple(origin for origin in read if isinstance(origin, str))


def _redis_url(given: _Given | None) -> str | None:
    if given is None:
        return None
    if not re.fullmatch(r"(rediss?|unix)://\S+", given.value):
        raise given.unusable("must be a redis:// address", "redis://127.0.0.1:6379/0")
    return given.value


def _chosen(environment: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    return {name: environment[name] for name in names if environment.get(name)}


def unknown_variables(environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """One sentence for each `SANDWRIGHT_*` variable that is no setting: most are typing errors."""
    known = [PREFIX + name for name in NAMES]
    sentences = []
    for name in sorted(environment):
        if not name.startswith(PREFIX) or name in known or name in SCRIPT_VARIABLES:
            continue
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else "; see docs/settings.md"
        sentences.append(f"{name} is not a setting{hint}")
    return tuple(sentences)
