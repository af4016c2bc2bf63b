"""Grants: the capabilities that a person gave one artifact. Default: none."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Grants:
    """`network` holds https origins, one by one ("https://api.example.org")."""

    network: tuple[str, ...] = ()
    geolocation: bool = False
    clipboard_read: bool = False


NO_GRANTS = Grants()
