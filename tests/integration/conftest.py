"""A registry of packages on this machine."""

from __future__ import annotations

import pytest

from tests.archives import open_registry


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
