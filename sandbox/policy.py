"""Grants → response headers: for the frame, for the page that holds it alone, for host pages.

Pure. Every directive and its reason stands in docs/security.md; the sources are CSP Level 3
(https://www.w3.org/TR/CSP3/), Permissions Policy (https://www.w3.org/TR/permissions-policy/) and
Connection Allowlists (https://wicg.github.io/connection-allowlists/).
"""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.grants import NO_GRANTS, Grants

Headers = tuple[tuple[str, str], ...]
NOTHING: Mapping[str, tuple[str, ...]] = {}

SANDBOX_FLAGS = "allow-scripts allow-forms allow-modals allow-pointer-lock"
"""The frame's sandbox, as header directive and as attribute. Never `allow-same-origin`."""

_SCHEME_SOURCES = "blob: data:"
# Of what runtime/host/doorman.js is made.
_DOORMAN = "blob:"

# Only names that Chromium knows without an origin trial and on every platform: an unknown name is
# a console warning in every frame, and a capability left out is not delegated to an opaque origin.
_POWERS = (
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
)

# Ordinary, begun only by the person's click, and of no use to get anything out.
_ALWAYS_ALLOWED = ("clipboard-write", "fullscreen")


def frame_headers(grants: Grants, ancestors: tuple[str, ...], libraries: str = "") -> Headers:
    """Headers of a tool's own document. `ancestors` are the origins that may embed it.

    `libraries` is the one folder that it may load files of; its slash at the end makes a CSP
    source of everything below it.
    """
    assert not libraries or libraries.endswith("/"), "would be one file, or a whole origin"
    return (
        ("content-security-policy", _frame_csp(grants, ancestors, libraries)),
        ("connection-allowlist", _connection_allowlist(grants)),
        ("permissions-policy", _permissions_policy(_allowed_powers(grants))),
        # What an opaque origin loads from the frame origin is cross-origin to it.
        ("access-control-allow-origin", "*"),
        ("cross-origin-resource-policy", "cross-origin"),
        *_common_headers(),
    )


def library_headers(caching: str) -> Headers:
    """Headers of a library's file: for any tool to load, and confined if opened as a document."""
    confined = frame_headers(NO_GRANTS, ())
    lasting = (header for header in confined if header[0] != "cache-control")
    return (*lasting, ("cache-control", caching))


def alone_headers(
    frame_origin: str, script_hashes: tuple[str, ...], style_hashes: tuple[str, ...], grants: Grants
) -> Headers:
    """Headers of our page that holds a tool opened in a tab of its own.

    Hashes are CSP sources without quotes ("sha256-…"). The page may frame its own origin only,
    so the tool in it cannot navigate its frame elsewhere. No connection allowlist: the page loads
    nothing, and with one it could not open an address that the person has agreed to.
    """
    csp = _directives(
        ("default-src", "'none'"),
        ("script-src", _quoted(script_hashes)),
        ("style-src", _quoted(style_hashes)),
        # It saves what the tool stores, at its own address.
        ("connect-src", frame_origin),
        ("frame-src", frame_origin),
        ("worker-src", _DOORMAN),
        ("base-uri", "'none'"),
        ("form-action", "'none'"),
        ("frame-ancestors", "'none'"),
    )
    return (
        ("content-security-policy", csp),
        ("permissions-policy", _permissions_policy(_allowed_powers(grants))),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        *_common_headers(),
    )


def host_headers(frame_sources: tuple[str, ...], connect_sources: tuple[str, ...] = ()) -> Headers:
    """Headers of our own pages. `frame_sources` are the only origins that may be framed.

    `connect_sources` are what the page may ask, beside its own origin, whether it can be framed.
    Caching is left to the route.
    """
    frames = " ".join(frame_sources) or "'none'"
    csp = _directives(
        ("default-src", "'none'"),
        ("script-src", "'self'"),
        ("style-src", "'self'"),
        ("img-src", "'self' data: blob:"),
        ("font-src", "'self'"),
        ("connect-src", " ".join(("'self'", *connect_sources))),
        ("frame-src", frames),
        ("worker-src", _DOORMAN),
        ("object-src", "'none'"),
        ("manifest-src", "'self'"),
        ("base-uri", "'none'"),
        ("form-action", "'self'"),
        ("frame-ancestors", "'none'"),
    )
    return (
        ("content-security-policy", csp),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
    )


def frame_allow(grants: Grants) -> str:
    """Value of the `allow` attribute of an iframe that holds a tool.

    To Firefox and WebKit a name alone means the origin of the frame's address, which a sandboxed
    document does not have. `frame-src` lets nothing else into the frame.
    """
    return "; ".join(f"{power} *" for power in _allowed_powers(grants))


def export_csp(grants: Grants, loads: Mapping[str, tuple[str, ...]] = NOTHING) -> str:
    """Policy for the `<meta>` of an exported file: the same walls, less what only a header can.

    `loads` are sources by directive, beyond what the grants let in.
    """
    walls = _source_directives(grants)
    return _directives(*((name, " ".join((value, *loads.get(name, ())))) for name, value in walls))


def _frame_csp(grants: Grants, ancestors: tuple[str, ...], libraries: str) -> str:
    return _directives(
        *_source_directives(grants, libraries),
        ("sandbox", SANDBOX_FLAGS),
        ("frame-ancestors", " ".join(ancestors) or "'none'"),
    )


def _source_directives(grants: Grants, libraries: str = "") -> tuple[tuple[str, str], ...]:
    files = f"{_SCHEME_SOURCES} {libraries}".rstrip()
    return (
        ("default-src", "'none'"),
        ("script-src", f"'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' {files}"),
        ("style-src", f"'unsafe-inline' {files}"),
        ("img-src", " ".join((files, *grants.network))),
        ("font-src", files),
        ("media-src", " ".join((_SCHEME_SOURCES, *grants.network))),
        # What a module of a worker imports comes under this one, too.
        ("worker-src", files),
        ("connect-src", " ".join((files, *grants.network))),
        ("frame-src", "'none'"),
        ("child-src", _SCHEME_SOURCES),
        ("object-src", "'none'"),
        ("manifest-src", "'none'"),
        ("form-action", "'none'"),
        ("base-uri", "'none'"),
    )


def _connection_allowlist(grants: Grants) -> str:
    # With `()` even `location.reload()` fails; origins are strings read as URL patterns.
    return "(" + " ".join(("response-origin", *(f'"{o}"' for o in grants.network))) + ")"


def _permissions_policy(allowed: tuple[str, ...]) -> str:
    return ", ".join(f"{power}={'*' if power in allowed else '()'}" for power in _POWERS)


def _allowed_powers(grants: Grants) -> tuple[str, ...]:
    asked = (("clipboard-read", grants.clipboard_read), ("geolocation", grants.geolocation))
    return (*_ALWAYS_ALLOWED, *(power for power, granted in asked if granted))


def _common_headers() -> Headers:
    return (
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-dns-prefetch-control", "off"),
        ("cache-control", "no-store"),
    )


def _directives(*directives: tuple[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in directives)


def _quoted(hashes: tuple[str, ...]) -> str:
    return " ".join(f"'{item}'" for item in hashes) or "'none'"
