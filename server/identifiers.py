"""Short, unguessable names: lower-case base32 (RFC 4648) of random bytes."""

from __future__ import annotations

import base64
import secrets


def new_id() -> str:
    """80 random bits in 16 characters: for artifacts, generations and messages."""
    return base64.b32encode(secrets.token_bytes(10)).decode("ascii").lower()


def new_secret() -> str:
    """160 random bits in 32 characters: who has it may open a frame, or speak for a bridge."""
    return base64.b32encode(secrets.token_bytes(20)).decode("ascii").lower()
