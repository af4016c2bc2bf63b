"""Grants become headers; only public https origins can be granted."""

from __future__ import annotations

import pytest

from sandbox.grants import NO_GRANTS, Grants
from sandbox.policy import (
    SANDBOX_FLAGS,
    alone_headers,
    export_csp,
    frame_allow,
    frame_headers,
    host_headers,
)

HOST = "http://127.0.0.1:8000"
FRAME_CSP = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' blob: data:; "
    "style-src 'unsafe-inline' blob: data:; img-src blob: data:; font-src blob: data:; "
    "media-src blob: data:; worker-src blob: data:; connect-src blob: data:; frame-src 'none'; "
    "child-src blob: data:; object-src 'none'; manifest-src 'none'; form-action 'none'; "
    "base-uri 'none'; sandbox allow-scripts allow-forms allow-modals "
    "allow-pointer-lock; "
    f"frame-ancestors {HOST}"
)

# All that Chromium knows by name on every platform; what is left out would be the page's to give.
POWERS = [
    "accelerometer",
    "autoplay",
    "camera",
    "captured-surface-control",
    "clipboard-read",
    "clipboard-write",
    "compute-pressure",
    "deferred-fetch",
    "digital-credentials-create",
    "digital-credentials-get",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "gamepad",
    "geolocation",
    "gyroscope",
    "hid",
    "identity-credentials-get",
    "idle-detection",
    "keyboard-map",
    "language-detector",
    "language-model",
    "local-fonts",
    "local-network",
    "local-network-access",
    "loopback-network",
    "magnetometer",
    "microphone",
    "midi",
    "on-device-speech-recognition",
    "otp-credentials",
    "payment",
    "picture-in-picture",
    "private-state-token-issuance",
    "private-state-token-redemption",
    "publickey-credentials-create",
    "publickey-credentials-get",
    "screen-wake-lock",
    "serial",
    "speaker-selection",
    "storage-access",
    "summarizer",
    "sync-xhr",
    "translator",
    "usb",
    "window-management",
    "xr-spatial-tracking",
]


def powers(*allowed: str) -> str:
    """The header that withholds all but these."""
    return ", ".join(f"{power}={'*' if power in allowed else '()'}" for power in POWERS)


def directives(csp: str) -> dict[str, str]:
    return {item.partition(" ")[0]: item.partition(" ")[2] for item in csp.split("; ")}


def frame_csp(grants: Grants) -> dict[str, str]:
    return directives(dict(frame_headers(grants, (HOST,)))["content-security-policy"])


def test_a_frame_without_grants_has_exactly_these_headers() -> None:
    headers = dict(frame_headers(NO_GRANTS, (HOST,)))
    assert headers == {
        "content-security-policy": FRAME_CSP,
        "connection-allowlist": "(response-origin)",
        "permissions-policy": powers("clipboard-write", "fullscreen"),
        "access-control-allow-origin": "*",
        "cross-origin-resource-policy": "cross-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-dns-prefetch-control": "off",
        "cache-control": "no-store",
    }


def test_no_headers_ever_allow_same_origin_or_leaving_the_frame() -> None:
    granted = Grants(("https://api.example.org",), geolocation=True, clipboard_read=True)
    everything = (
        *frame_headers(granted, (HOST,)),
        *alone_headers(HOST, (), (), granted),
        *host_headers((HOST,)),
        ("export", export_csp(granted)),
        ("attribute", SANDBOX_FLAGS),
    )
    for _, value in everything:
        assert "allow-same-origin" not in value
        assert "allow-top-navigation" not in value
        assert "allow-popups" not in value


def test_a_frame_that_nobody_may_embed_says_none() -> None:
    csp = dict(frame_headers(NO_GRANTS, ()))["content-security-policy"]
    assert csp.endswith("frame-ancestors 'none'")


def test_a_network_grant_opens_connections_and_media_to_that_origin_alone() -> None:
    grants = Grants(network=("https://api.example.org", "https://img.example.org:8443"))
    plain, granted = frame_csp(NO_GRANTS), frame_csp(grants)
    changed = {name for name in plain if plain[name] != granted[name]}
    assert changed == {"connect-src", "img-src", "media-src"}
    for name in changed:
        assert granted[name] == f"{plain[name]} {' '.join(grants.network)}"
    assert dict(frame_headers(grants, (HOST,)))["connection-allowlist"] == (
        '(response-origin "https://api.example.org" "https://img.example.org:8443")'
    )


def test_libraries_open_one_folder_for_what_they_consist_of_and_nothing_else() -> None:
    folder = "http://k7.localhost:8001/libraries/"
    plain = frame_csp(NO_GRANTS)
    opened = directives(dict(frame_headers(NO_GRANTS, (HOST,), folder))["content-security-policy"])
    changed = {name for name in plain if plain[name] != opened[name]}
    kinds = {"script-src", "style-src", "img-src", "font-src", "worker-src", "connect-src"}
    assert changed == kinds
    assert all(opened[name] == f"{plain[name]} {folder}" for name in changed)
    granted = Grants(network=("https://api.example.org",))
    both = directives(dict(frame_headers(granted, (HOST,), folder))["content-security-policy"])
    assert both["connect-src"] == f"blob: data: {folder} https://api.example.org"
    with pytest.raises(AssertionError):
        frame_headers(NO_GRANTS, (HOST,), "http://k7.localhost:8001")


def test_a_power_is_delegated_only_when_it_was_granted() -> None:
    grants = Grants(geolocation=True, clipboard_read=True)
    withheld = dict(frame_headers(grants, (HOST,)))["permissions-policy"]
    assert withheld == powers("clipboard-write", "fullscreen", "clipboard-read", "geolocation")
    assert dict(alone_headers(HOST, (), (), grants))["permissions-policy"] == withheld
    assert frame_allow(grants) == "clipboard-write *; fullscreen *; clipboard-read *; geolocation *"
    assert frame_allow(NO_GRANTS) == "clipboard-write *; fullscreen *"


def test_host_pages_run_only_their_own_files_and_frame_only_the_frame_origin() -> None:
    headers = dict(host_headers(("http://*.localhost:8001",), ("http://probe.example:1",)))
    csp = directives(headers.pop("content-security-policy"))
    assert csp == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data: blob:",
        "font-src": "'self'",
        "connect-src": "'self' http://probe.example:1",
        "frame-src": "http://*.localhost:8001",
        "worker-src": "blob:",
        "object-src": "'none'",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    assert headers == {
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }


def test_a_host_page_without_frames_may_frame_nothing() -> None:
    csp = directives(dict(host_headers(()))["content-security-policy"])
    assert csp["frame-src"] == "'none'"


def test_the_page_around_a_tool_frames_its_own_origin_and_runs_only_what_is_hashed() -> None:
    own = "http://label.localhost:8001"
    headers = dict(alone_headers(own, ("sha256-s",), ("sha256-c",), NO_GRANTS))
    assert directives(headers.pop("content-security-policy")) == {
        "default-src": "'none'",
        "script-src": "'sha256-s'",
        "style-src": "'sha256-c'",
        "connect-src": own,
        "frame-src": own,
        "worker-src": "blob:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert headers == {
        "permissions-policy": powers("clipboard-write", "fullscreen"),
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-dns-prefetch-control": "off",
        "cache-control": "no-store",
    }


def test_an_export_keeps_every_wall_that_a_meta_element_can_hold() -> None:
    exported = directives(export_csp(NO_GRANTS))
    frame = frame_csp(NO_GRANTS)
    assert set(frame) - set(exported) == {"sandbox", "frame-ancestors"}
    assert all(frame[name] == value for name, value in exported.items())
