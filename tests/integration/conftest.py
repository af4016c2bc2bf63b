"""A registry of packages on this machine, and transports of one loop."""

from __future__ import annotations

import pytest
import pytest_asyncio

from tests.archives import open_registry
from tests.integration.wires import close_transports


@pytest.fixture
def registry(monkeypatch):
    """`put(name, archive)` publishes a version 1.2.3; and what it was asked."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with open_registry() as here:

        def put(archive: bytes, name: str = "@type/round") -> None:
            here.swap(name, "1.2.3", archive)

        put.environment = here.environment
        put.asked = here.asked
        yield put


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def transports():
    """Close at the end of a file what `transport_of` opened."""
    yield
    await close_transports()
