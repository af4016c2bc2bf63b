"""Ports are bound before the start: a default moves, a chosen one is refused with its reason."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket

import pytest

from server.ports import BoundPort, RefusedPort, bind

HERE = "127.0.0.1"


@pytest.fixture
def taken():
    """A port that somebody listens on, whose next one is free as far as we can see."""
    with socket.socket() as other:
        other.bind((HERE, 0))
        other.listen()
        yield other.getsockname()[1]


@contextlib.contextmanager
def bound(*args, **kwargs):
    result = bind(*args, **kwargs)
    assert isinstance(result, BoundPort)
    with result.socket:
        yield result


def test_a_free_port_is_bound_and_listens():
    with bound(HERE, 0, chosen=True) as result, socket.create_connection((HERE, result.port)):
        assert result.moved_from is None


async def test_what_is_written_goes_out_at_once():
    """Two small parts of an answer do not wait for the other side's word in between."""
    at_once: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def opened(_reader, writer):
        sock = writer.get_extra_info("socket")
        at_once.set_result(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    with bound(HERE, 0, chosen=True) as result:
        async with await asyncio.start_server(opened, sock=result.socket):
            _, writer = await asyncio.open_connection(HERE, result.port)
            assert await asyncio.wait_for(at_once, 60)
            writer.close()


def test_a_taken_default_moves_up_and_says_from_where(taken):
    with bound(HERE, taken, chosen=False) as result:
        assert result.port > taken
        assert result.moved_from == taken


def test_a_taken_port_that_was_chosen_is_refused_with_the_reason(taken):
    result = bind(HERE, taken, chosen=True)
    assert isinstance(result, RefusedPort)
    assert str(taken) in result.reason
    assert "taken" in result.reason


def test_a_port_that_was_promised_elsewhere_is_left_alone(taken):
    with bound(HERE, taken, chosen=False, avoid=frozenset({taken + 1})) as result:
        assert result.port > taken + 1


def test_a_stranger_on_ipv6_loopback_takes_the_port_too():
    with socket.socket(socket.AF_INET6) as other:
        try:
            other.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6 loopback")
        other.listen()
        assert isinstance(bind(HERE, other.getsockname()[1], chosen=True), RefusedPort)


def test_an_address_of_another_machine_is_refused():
    result = bind("192.0.2.1", 0, chosen=True)
    assert isinstance(result, RefusedPort)
    assert "192.0.2.1" in result.reason


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may use every port")
def test_a_port_that_needs_root_is_refused_with_that_reason():
    result = bind(HERE, 80, chosen=True)
    assert isinstance(result, RefusedPort)


def test_a_port_can_be_bound_again_right_after_its_owner_ended():
    with bound(HERE, 0, chosen=True) as first:
        port = first.port
        with socket.create_connection((HERE, port)) as client:
            accepted = None
            first.socket.setblocking(True)
            accepted, _ = first.socket.accept()
            accepted.close()
            client.recv(1)
    with bound(HERE, port, chosen=True) as again:
        assert again.port == port
