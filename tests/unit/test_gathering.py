"""Reads of a fast host gather, and nothing that is on this machine already waits for it."""

from __future__ import annotations

import asyncio

from server.providers.transport import gathering


class Connection:
    """As httpcore's: a read waits for the network, or finds what came with an earlier one (TLS)."""

    def __init__(self) -> None:
        self.in_hand = 0

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        assert (max_bytes, timeout) == (1000, 60)
        if self.in_hand:
            self.in_hand -= 1
        else:
            await asyncio.sleep(0)
        return b"token"


async def is_put_off(connection: Connection) -> bool:
    """Whether a read waits after three of the network; not if those came slowly."""
    loop = asyncio.get_running_loop()
    for _ in range(3):
        await connection.read(1000, timeout=60)
    begun = loop.time()
    await connection.read(1000, timeout=60)
    return loop.time() - begun > 0.003


async def test_only_reads_of_the_network_are_put_off() -> None:
    connection, loop = Connection(), asyncio.get_running_loop()
    with gathering(connection):
        while not await is_put_off(connection):
            pass  # a busy machine's reads come so slowly that there is nothing to put off
        connection.in_hand = 20
        await connection.read(1000, timeout=60)
        turns: list[None] = []
        loop.call_soon(turns.append, None)
        for _ in range(19):
            assert await connection.read(1000, timeout=60) == b"token"
        assert not turns
    assert vars(connection) == {"in_hand": 0}
