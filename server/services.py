"""What routes and commands work with, put together in `app`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from sandbox.origins import FrameAddress
from sandbox.smoke import SmokeTester
from sandbox.smoke.browsers import BrowserChoice, NoBrowser
from server.exporting import LatestExport
from server.generation.generator import Generator
from server.generation.hub import Hub
from server.generation.testing import VersionTester
from server.providers.registry import Registry
from server.proving import Proofs
from server.settings import Settings
from server.store.database import Database


@dataclass(frozen=True, slots=True)
class Services:
    settings: Settings
    database: Database
    registry: Registry
    hub: Hub
    smoke: SmokeTester
    tester: VersionTester
    generator: Generator
    frames: FrameAddress
    browser: BrowserChoice | NoBrowser
    proofs: Proofs
    export: LatestExport
    identity: str
    """What the frame origin answers a probe: no other server's frames are taken for ours."""
    adding: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a library is fetched."""
