"""The page's address chooses the frame's; the frame's names the pages that may hold it."""

from __future__ import annotations

import pytest

from sandbox.origins import (
    FrameAddress,
    HostAddress,
    Level,
    Opened,
    frame_base,
    frame_sources,
    host_origins,
    is_frame_host,
    is_named,
    is_safe_host,
    level_of,
    levels,
    parse_host,
    probe_sources,
)

LOCAL = FrameAddress(host_port=8000, frame_port=8001)
DEPLOYED = FrameAddress(
    host_port=8000,
    frame_port=8001,
    template="https://{id}.example-usercontent.net",
    allowed_hosts=("tools.example.org",),
)


SITE, PORT, PATH = Level.SITE, Level.PORT, Level.PATH


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000", "localhost:8000", "LOCALHOST:8000", "a.localhost:8000"]
)
def test_on_loopback_each_tool_has_a_site_of_its_own(host: str) -> None:
    opened = Opened(host)
    assert levels(opened, LOCAL) == (SITE, PORT, PATH)
    assert frame_base("k7", opened, LOCAL) == "http://k7.localhost:8001"
    assert frame_sources(opened, LOCAL)[0] == "http://*.localhost:8001"


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("192.0.2.7:8000", "http://192.0.2.7:8001"),
        ("box.example:8000", "http://box.example:8001"),
        ("127.0.1.1:8000", "http://127.0.1.1:8001"),
        ("0.0.0.0:8000", "http://0.0.0.0:8001"),
    ],
)
def test_at_another_address_the_frame_is_the_same_host_on_the_frame_port(
    host: str, base: str
) -> None:
    opened = Opened(host)
    assert levels(opened, LOCAL) == (PORT, PATH)
    assert frame_base("k7", opened, LOCAL) == base
    assert frame_sources(opened, LOCAL) == (base, f"http://{host}/frame/")
    assert probe_sources(opened, LOCAL) == (base,)


@pytest.mark.parametrize(
    "host",
    [
        "localhost:9000",  # another port than ours: a forwarded one
        "box.example",
        "[::1]:8000",
        "[2001:db8::1]:8000",
    ],
)
def test_a_page_that_no_frame_can_name_has_its_tools_below_a_path(host: str) -> None:
    opened = Opened(host)
    assert levels(opened, LOCAL) == (PATH,)
    assert frame_base("k7", opened, LOCAL) == f"http://{host}/frame/k7"
    named = "'self'" if "[" in host else f"http://{host}/frame/"
    assert frame_sources(opened, LOCAL) == (named,)
    assert probe_sources(opened, LOCAL) == ()


def test_a_template_gives_each_tool_its_site_wherever_the_page_is_opened() -> None:
    for host in ("tools.example.org", "127.0.0.1:8000"):
        opened = Opened(host)
        assert levels(opened, DEPLOYED) == (SITE,)
        assert frame_base("k7", opened, DEPLOYED) == "https://k7.example-usercontent.net"
        assert frame_sources(opened, DEPLOYED) == ("https://*.example-usercontent.net",)


def test_a_page_that_the_template_does_not_know_has_no_level_and_frames_nothing() -> None:
    opened = Opened("192.0.2.7:8000", found=PATH)
    assert level_of(opened, DEPLOYED) is None
    assert frame_sources(opened, DEPLOYED) == ()
    assert frame_base("k7", opened, DEPLOYED) == "https://k7.example-usercontent.net"


def test_what_the_browser_found_is_used_and_nothing_above_it_is_framed() -> None:
    lower = Opened("127.0.0.1:8000", found=PORT)
    assert frame_base("k7", lower, LOCAL) == "http://127.0.0.1:8001"
    assert frame_sources(lower, LOCAL) == ("http://127.0.0.1:8001", "http://127.0.0.1:8000/frame/")
    lowest = Opened("127.0.0.1:8000", found=PATH)
    assert frame_sources(lowest, LOCAL) == ("http://127.0.0.1:8000/frame/",)
    # All are still asked, so that a stronger one that begins to work is taken up.
    assert probe_sources(lowest, LOCAL) == ("http://probe.localhost:8001", "http://127.0.0.1:8001")


def test_a_level_that_the_address_does_not_offer_is_not_used() -> None:
    assert level_of(Opened("192.0.2.7:8000", found=SITE), LOCAL) is PORT
    assert level_of(Opened("tools.example.org", found=PATH), DEPLOYED) is SITE


def test_where_a_proxy_renames_the_page_its_tools_have_an_address_without_a_name() -> None:
    opened = Opened("localhost:8000", found=PATH, renamed=True)
    assert frame_base("k7", opened, LOCAL) == "/frame/k7"
    assert frame_sources(opened, LOCAL) == ("'self'",)


@pytest.mark.parametrize(
    ("origin", "named"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://x.localhost:8000", True),
        ("http://box.example", True),
        ("https://box.example", True),
        ("http://localhost:8001", False),
        ("https://localhost:8000", False),
        ("http://evil.example/.localhost:8000", False),
        ("http://x.localhost:8000.evil.example", False),
        ("http://127.0.0.1:80000", False),
        ("null", False),
        ("", False),
    ],
)
def test_only_the_origins_of_our_pages_are_named(origin: str, named: bool) -> None:
    sources = (
        *("http://127.0.0.1:8000", "http://localhost:8000", "http://*.localhost:8000"),
        *("http://box.example:80", "https://box.example:443", "'self'"),
    )
    assert is_named(origin, sources) is named


def test_only_our_loopback_pages_may_hold_a_loopback_frame() -> None:
    ours = tuple(f"http://{name}:8000" for name in ("127.0.0.1", "localhost", "*.localhost"))
    assert host_origins("k7.localhost:8001", LOCAL) == ours
    assert host_origins("[::1]:8001", LOCAL) == ours


def test_only_the_same_machine_may_hold_a_frame_at_its_address() -> None:
    expected = ("http://192.0.2.7:8000", "https://192.0.2.7:8000")
    assert host_origins("192.0.2.7:8001", LOCAL) == expected


def test_in_deployment_the_allowed_hosts_and_this_machine_may_hold_a_frame() -> None:
    assert host_origins("k7.example-usercontent.net", DEPLOYED) == (
        "http://127.0.0.1:8000",
        "http://localhost:8000",
        "http://*.localhost:8000",
        "https://tools.example.org",
        "http://tools.example.org",
        "http://tools.example.org:8000",
    )


def test_an_allowed_ipv6_address_is_left_out_because_csp_cannot_name_it() -> None:
    address = FrameAddress(8000, 8001, "https://{id}.x.net", ("2001:db8::1",))
    assert not any("2001" in origin for origin in host_origins("k7.x.net", address))


def test_an_ipv6_page_is_left_out_because_csp_cannot_name_it() -> None:
    assert host_origins("[2001:db8::1]:8001", LOCAL) == ()


@pytest.mark.parametrize(
    "header",
    [
        "",
        "a b",
        "a;b",
        "a'b",
        "a,b",
        "evil.example:80:80",
        "evil.example:99999",
        "[::1",
        "[zz::1]",
        "[1:2]",
        "user@host",
        "host/path",
        "a\r\nb",
        "b\u00fccher.example",
        "*",
        "-a",
    ],
)
def test_a_host_header_that_is_no_address_names_nobody(header: str) -> None:
    assert parse_host(header) is None
    assert host_origins(header, LOCAL) == ()
    assert not is_safe_host(header)


def test_a_host_header_is_read_without_its_brackets_and_in_lower_case() -> None:
    assert parse_host("[2001:DB8::1]:80") == HostAddress("2001:db8::1", 80)
    assert parse_host("Box.Example") == HostAddress("box.example")


@pytest.mark.parametrize(
    ("header", "safe"),
    [
        ("127.0.0.1:8001", True),
        ("[::1]:8001", True),
        ("k7.localhost:8001", True),
        ("localhost", True),
        ("192.0.2.7:8001", True),
        ("rebound.example:8001", False),
        ("localhost.rebound.example", False),
        ("127.0.0.1.rebound.example", False),
        ("notlocalhost", False),
    ],
)
def test_only_names_that_dns_cannot_rebind_are_safe(header: str, safe: bool) -> None:
    assert is_safe_host(header) is safe


@pytest.mark.parametrize(
    ("header", "served"),
    [
        ("k7.example-usercontent.net", True),
        ("k7.example-usercontent.net:8001", True),
        ("tools.example.org", True),
        ("k7.localhost:8001", True),
        ("192.0.2.7:8001", True),
        ("example-usercontent.net", False),
        ("a.k7.example-usercontent.net", False),
        ("k7.example-usercontent.net.evil.example", False),
        ("k7xexample-usercontent.net", False),
        ("evil.example", False),
        ("", False),
    ],
)
def test_the_frame_origin_answers_only_under_its_own_names(header: str, served: bool) -> None:
    assert is_frame_host(header, DEPLOYED) is served


def test_a_template_with_a_port_or_without_an_id_is_its_own_name() -> None:
    address = FrameAddress(8000, 8001, "https://{id}.x.net:444")
    assert is_frame_host("k7.x.net:444", address)
    assert not is_frame_host("k7.x.net:445", address)
    assert not is_frame_host("x.net:444", address)
    assert not is_frame_host("k_7.x.net:444", address)
    assert is_frame_host("frames.x.net", FrameAddress(8000, 8001, "https://frames.x.net"))
