"""One frozen `Settings`, built at the door and passed in; nothing else reads the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


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
    access_token: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    provider_environment: Mapping[str, str] = field(default_factory=dict, repr=False)


def load_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Build the settings from `SANDWRIGHT_*` variables and the providers' own.

    Raises `SettingsError` for a value that cannot be used.
    """
    raise NotImplementedError
