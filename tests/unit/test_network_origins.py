"""Only public https origins can be granted, each under one spelling, whatever is tried."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.network_origins import (
    OriginRules,
    RefusedOrigin,
    parse_network_origin,
    private_origin,
)
from server.granting import checked_origin, origin_rules
from server.settings import Settings

RULES = OriginRules(
    ours=("tools.example.org", "frames.example.net"), private=("https://nas.lan:8443",)
)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://api.example.org", "https://api.example.org"),
        ("https://API.Example.org/", "https://api.example.org"),
        (" https://api.example.org:443 ", "https://api.example.org"),
        ("https://api.example.org:", "https://api.example.org"),
        ("https://api.example.org:08443", "https://api.example.org:8443"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://localhost.example.org", "https://localhost.example.org"),
        ("https://nas.lan:8443", "https://nas.lan:8443"),
        ("https://api-tools.example.org", "https://api-tools.example.org"),
    ],
)
def test_a_public_https_origin_is_granted_in_its_canonical_form(text: str, origin: str) -> None:
    assert parse_network_origin(text, RULES) == origin


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "plain ASCII"),
        ("*", "Wildcards"),
        ("https://*.example.org", "Wildcards"),
        ("https://*", "Wildcards"),
        ("http://api.example.org", "https"),
        ("wss://api.example.org", "https"),
        ("blob:https://api.example.org", "https"),
        ("data:text/html,x", "ASCII"),
        ("api.example.org", "https"),
        ("//api.example.org", "https"),
        ("https://api.example.org/v1", "path"),
        ("https://api.example.org//", "path"),
        ("https://api.example.org?", "query"),
        ("https://api.example.org#", "fragment"),
        ("https://user@api.example.org", "user name"),
        ("https://api.example.org@", "user name"),
        ("https://api.example.org%40evil.example", "host name"),
        ("https://127.0.0.1%2eexample.org", "host name"),
        ("https://api.example.org\\@evil.example", "ASCII"),
        ("https://api.example.org; script-src 'self'", "ASCII"),
        ('https://api.example.org" "https://evil.example', "ASCII"),
        ("https://api.example.org\r\nx: y", "ASCII"),
        ("https://api.exa\tmple.org", "ASCII"),
        ("https://api.example.org\u3000", "ASCII"),
        ("https://b\u00fccher.example", "ASCII"),
        ("https://\u212aelvin.example", "ASCII"),  # becomes ASCII when it is lower-cased
        ("https://127\u30020.0.1", "ASCII"),
        ("https://\u0661\u0662\u0667.0.0.1", "ASCII"),
        ("https://\u24db\u24de\u24d2alhost", "ASCII"),
        ("https://192.0.2.1", "IP address"),
        ("https://8.8.8.8", "IP address"),
        ("https://127.1", "IP address"),
        ("https://2130706433", "IP address"),
        ("https://0x7f000001", "IP address"),
        ("https://0x7f.0.0.0x1", "IP address"),
        ("https://0177.0.0.1", "IP address"),
        ("https://example.123", "IP address"),
        ("https://[::1]", "IP address"),
        ("https://[::ffff:127.0.0.1]:8000", "IP address"),
        ("https://[::1", "not an origin"),
        ("https://[v1.x]", "IP address"),
        ("https://api.example.org:99999", "not an origin"),
        ("https://api.example.org:-1", "not an origin"),
        ("https://api.example.org:+443", "not an origin"),
        ("https://api.example.org:0", "not an origin"),
        ("https://localhost", "private"),
        ("https://LOCALHOST:8443", "private"),
        ("https://localhost.", "dot"),
        ("https://127.0.0.1.", "dot"),
        ("https://api.example.org.", "dot"),
        ("https://api.example.org..", "dot"),
        ("https://tool.localhost:8001", "private"),
        ("https://printer.local", "private"),
        ("https://metadata.google.internal", "private"),
        ("https://router.home.arpa", "private"),
        ("https://127.0.0.1.nip.io", "stands for a private address"),
        ("https://localtest.me", "stands for a private address"),
        ("https://intranet", "private"),
        ("https://server", "host name"),
        ("https://", "host name"),
        ("https:api.example.org", "path"),
        ("https:/api.example.org", "path"),
        ("https://-x.example", "host name"),
        ("https://a_b.example", "host name"),
        ("https://a..example", "host name"),
        ("https://.example.org", "host name"),
        (f"https://{'a' * 64}.example", "host name"),
        (f"https://{'a.' * 130}example", "host name"),
        ("https://tools.example.org", "address of this server"),
        ("https://TOOLS.example.org:8443", "address of this server"),
        ("https://tools.example.org.", "address of this server"),
        ("https://x.frames.example.net", "address of this server"),
        ("https://nas.lan", "private"),
        ("https://nas.lan:8444", "private"),
    ],
)
def test_any_other_origin_is_refused_with_its_reason(text: str, reason: str) -> None:
    refused = parse_network_origin(text, RULES)
    assert isinstance(refused, RefusedOrigin)
    assert reason in f"{refused.reason} {refused.advice}"


def test_not_even_the_operator_can_grant_our_own_address() -> None:
    rules = OriginRules(ours=("tools.example.org",), private=("https://tools.example.org",))
    assert isinstance(parse_network_origin("https://tools.example.org", rules), RefusedOrigin)


@given(st.text(max_size=60) | st.from_regex(r"https://[ -~]{0,40}", fullmatch=True))
def test_a_granted_origin_can_never_break_out_of_a_header(text: str) -> None:
    origin = parse_network_origin(text)
    if isinstance(origin, str):
        assert parse_network_origin(origin) == origin
        assert not set(origin) & set(" ;,'\"*()\r\n")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("https://NAS.lan", "https://nas.lan"),
        ("https://10.0.0.5:8443", "https://10.0.0.5:8443"),
        ("https://localhost:9443", "https://localhost:9443"),
        ("http://nas.lan", None),
        ("https://*.lan", None),
        ("https://[::1]", None),
        ("https://nas.lan/path", None),
        ("nas.lan", None),
    ],
)
def test_an_operator_names_private_origins_one_by_one(text: str, read: str | None) -> None:
    found = private_origin(text)
    assert found == read if read else isinstance(found, RefusedOrigin)


def test_the_name_that_the_page_was_opened_under_is_ours_too() -> None:
    rules = origin_rules(Settings(), "box.example.org:8000")
    for origin in ("https://box.example.org", "https://k7.box.example.org:8001"):
        assert isinstance(parse_network_origin(origin, rules), RefusedOrigin)


@pytest.mark.parametrize(
    ("found", "granted"),
    [
        (["192.0.2.7", "10.0.0.7"], False),
        (["8.8.8.8", "10.0.0.7"], False),
        (["fe80::1%eth0"], False),
        (["2001:4860:4860::8888", "8.8.8.8"], True),
    ],
)
async def test_a_public_name_that_leads_to_a_private_address_is_refused(
    found: list[str], granted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a name leads is the name server's word; here it is ours."""

    async def looked_up(*_asked: Any, **_more: Any) -> list[tuple[Any, ...]]:
        return [(0, 0, 0, "", (address, 443)) for address in found]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", looked_up)
    origin = await checked_origin("https://api.example.org", RULES)
    assert (origin == "https://api.example.org") is granted
    # The operator's own exception is not looked up.
    assert await checked_origin("https://nas.lan:8443", RULES) == "https://nas.lan:8443"
