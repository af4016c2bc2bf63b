"""Short, unguessable names: lower-case base32 (RFC 4648) of random bytes."""

from __future__ import annotations

import base64
import hashlib
import secrets


def new_id() -> str:
    """80 random bits in 16 characters: for artifacts, generations and messages."""
    return base64.b32encode(secrets.token_bytes(10)).decode("ascii").lower()


def new_secret() -> str:
    """160 random bits in 32 characters: whoever has it may open one frame."""
    return base64.b32encode(secrets.token_bytes(20)).decode("ascii").lower()


def bridge_key(artifact_id: str) -> str:
    """What a tool's bridge shows to our page: the same after a restart, and unknown to the tool.

    A tool knows its frame's label and secret, never the id of its artifact.
    """
    return hashlib.sha256(f"bridge:{artifact_id}".encode()).hexdigest()[:32]
