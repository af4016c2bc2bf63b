"""Which browser runs the smoke test: the one that was named, one that is installed, or none."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

Source = Literal["named", "installed", "playwright"]

ADVICE = "Install Chrome, Chromium, Edge or Brave, or set SANDWRIGHT_BROWSER to the path of one."


@dataclass(frozen=True, slots=True)
class BrowserChoice:
    """`source` says how it was found: `named` by the person, `installed`, or `playwright`'s own."""

    path: Path
    name: str
    source: Source


@dataclass(frozen=True, slots=True)
class NoBrowser:
    """No browser can be used; `reason` and `advice` are each one sentence for a person."""

    reason: str
    advice: str = ADVICE


@dataclass(frozen=True, slots=True)
class _Place:
    """A path with `{VARIABLE}`s of the environment, or a bare name to look up on PATH."""

    platform: Literal["linux", "darwin", "win32"]
    name: str
    path: str


def _linux(name: str, *paths: str) -> Iterator[_Place]:
    return (_Place("linux", name, path) for path in paths)


def _mac(name: str) -> Iterator[_Place]:
    inside = f"Applications/{name}.app/Contents/MacOS/{name}"
    return (_Place("darwin", name, path) for path in (f"/{inside}", f"{{HOME}}/{inside}"))


def _windows(name: str, inside: str) -> Iterator[_Place]:
    folders = ("{PROGRAMFILES}", "{PROGRAMFILES(X86)}", "{LOCALAPPDATA}")
    return (_Place("win32", name, f"{folder}/{inside}") for folder in folders)


_FLATPAK = "/var/lib/flatpak/exports/bin"
_OWN_FLATPAK = "{HOME}/.local/share/flatpak/exports/bin"

PLACES: tuple[_Place, ...] = (
    *_linux(
        "Google Chrome",
        "google-chrome-stable",
        "google-chrome",
        "/usr/bin/google-chrome-stable",
        "/usr/bin/google-chrome",
        "/opt/google/chrome/chrome",
    ),
    *_linux(
        "Chromium",
        "chromium",
        "chromium-browser",
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/lib/chromium/chromium",
        "/snap/bin/chromium",
    ),
    *_linux(
        "Microsoft Edge",
        "microsoft-edge-stable",
        "microsoft-edge",
        "/usr/bin/microsoft-edge",
        "/opt/microsoft/msedge/msedge",
    ),
    *_linux(
        "Brave Browser",
        "brave-browser",
        "brave",
        "/usr/bin/brave-browser",
        "/opt/brave.com/brave/brave",
        "/snap/bin/brave",
    ),
    *_linux("Google Chrome", *(f"{at}/com.google.Chrome" for at in (_FLATPAK, _OWN_FLATPAK))),
    *_linux("Chromium", *(f"{at}/org.chromium.Chromium" for at in (_FLATPAK, _OWN_FLATPAK))),
    *_linux("Microsoft Edge", *(f"{at}/com.microsoft.Edge" for at in (_FLATPAK, _OWN_FLATPAK))),
    *_linux("Brave Browser", *(f"{at}/com.brave.Browser" for at in (_FLATPAK, _OWN_FLATPAK))),
    *_mac("Google Chrome"),
    *_mac("Chromium"),
    *_mac("Microsoft Edge"),
    *_mac("Brave Browser"),
    *_windows("Google Chrome", "Google/Chrome/Application/chrome.exe"),
    *_windows("Chromium", "Chromium/Application/chrome.exe"),
    *_windows("Microsoft Edge", "Microsoft/Edge/Application/msedge.exe"),
    *_windows("Brave Browser", "BraveSoftware/Brave-Browser/Application/brave.exe"),
)

# Playwright's cache: the folder of a kind of browser, then what is inside it on each system.
# The list is that of its registry (playwright-core, server/registry), old layouts included.
_PLAYWRIGHT: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "Chromium",
        r"chromium-(\d+)",
        (
            "chrome-linux64/chrome",
            "chrome-linux-arm64/chrome",
            "chrome-linux/chrome",
            *(
                f"chrome-mac{kind}/{name}.app/Contents/MacOS/{name}"
                for kind in ("-arm64", "-x64", "")
                for name in ("Google Chrome for Testing", "Chromium")
            ),
            "chrome-win64/chrome.exe",
            "chrome-win/chrome.exe",
        ),
    ),
    (
        "Chromium headless shell",
        r"chromium_headless_shell-(\d+)",
        (
            "chrome-headless-shell-linux64/chrome-headless-shell",
            "chrome-headless-shell-linux-arm64/chrome-headless-shell",
            "chrome-linux/headless_shell",
            "chrome-headless-shell-mac-arm64/chrome-headless-shell",
            "chrome-headless-shell-mac-x64/chrome-headless-shell",
            "chrome-mac/headless_shell",
            "chrome-headless-shell-win64/chrome-headless-shell.exe",
            "chrome-win/headless_shell.exe",
        ),
    ),
)


def is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def file_start(path: Path) -> bytes:
    """Return the first 4 KiB of a file, enough to tell a stub from a program."""
    try:
        with path.open("rb") as file:
            return file.read(4096)
    except OSError:
        return b""


def folder_names(path: Path) -> Sequence[str]:
    try:
        return [entry.name for entry in path.iterdir()]
    except OSError:
        return ()


@dataclass(frozen=True, slots=True)
class _Disk:
    environment: Mapping[str, str]
    platform: str
    exists: Callable[[Path], bool]
    which: Callable[[str], str | None]
    start: Callable[[Path], bytes]
    names: Callable[[Path], Sequence[str]]

    def usable(self, path: Path) -> bool:
        return self.exists(path) and not self._is_empty_stub(path)

    def _is_empty_stub(self, path: Path) -> bool:
        """Ubuntu's `chromium-browser` only tells people to install the snap when it is missing."""
        text = self.start(path)
        wants_snap = text.startswith(b"#!") and b"/snap/bin/chromium" in text
        return wants_snap and not self.exists(Path("/snap/bin/chromium"))


def find_browser(
    explicit: str | None,
    environment: Mapping[str, str],
    *,
    platform: str = sys.platform,
    exists: Callable[[Path], bool] = is_program,
    which: Callable[[str], str | None] | None = None,
    start: Callable[[Path], bytes] = file_start,
    names: Callable[[Path], Sequence[str]] = folder_names,
) -> BrowserChoice | NoBrowser:
    """Choose `explicit` (SANDWRIGHT_BROWSER), else an installed browser, else Playwright's own.

    A wrong `explicit` is an answer of its own, never a reason to take another one in silence.
    The functions look at the disk: is there a program, where is a name on PATH, how does a file
    start, what is in a folder.
    """
    if which is None:
        search_path = environment.get("PATH", "")

        def which(name: str) -> str | None:
            return shutil.which(name, path=search_path)

    disk = _Disk(environment, platform, exists, which, start, names)
    if explicit and explicit.strip():
        return _named(explicit.strip(), disk)
    found = _installed(disk) or _from_playwright(disk)
    return found or NoBrowser("No browser was found on this machine.")


def _named(explicit: str, disk: _Disk) -> BrowserChoice | NoBrowser:
    path = _path_of(explicit, disk)
    if path.suffix == ".app":
        path = path / "Contents" / "MacOS" / path.stem
    if disk.usable(path):
        return BrowserChoice(path, _name_of(path), "named")
    return NoBrowser(
        f"SANDWRIGHT_BROWSER is {explicit!r}, and there is no browser to start there.",
        "Set it to the path of Chrome, Chromium, Edge or Brave, or unset it to let one be found.",
    )


def _path_of(explicit: str, disk: _Disk) -> Path:
    if explicit.startswith("~/"):
        return Path(_variable("HOME", disk) or "~") / explicit[2:]
    is_bare = "/" not in explicit and "\\" not in explicit
    return Path((disk.which(explicit) if is_bare else None) or explicit)


def _name_of(path: Path) -> str:
    words = path.name.lower().removesuffix(".exe")
    for part, name in (
        ("brave", "Brave Browser"),
        ("edge", "Microsoft Edge"),
        ("chromium", "Chromium"),
        ("headless", "Chromium headless shell"),
        ("chrome", "Google Chrome"),
    ):
        if part in words:
            return name
    return path.name


def _installed(disk: _Disk) -> BrowserChoice | None:
    for place in PLACES:
        if not disk.platform.startswith(place.platform):
            continue
        path = _resolve(place.path, disk)
        if path is not None and disk.usable(path):
            return BrowserChoice(path, place.name, "installed")
    return None


def _resolve(template: str, disk: _Disk) -> Path | None:
    """Fill in the template; `None` when it names a variable or a program that is not there."""
    if "/" not in template:
        found = disk.which(template)
        return Path(found) if found else None
    if not template.startswith("{"):
        return Path(template)
    name, _, rest = template[1:].partition("}")
    value = _variable(name, disk)
    return Path(value + rest) if value else None


def _variable(name: str, disk: _Disk) -> str | None:
    """Look up a variable as the system does: Windows tells no upper from lower case."""
    if disk.platform != "win32":
        return disk.environment.get(name)
    return next((value for key, value in disk.environment.items() if key.upper() == name), None)


def _from_playwright(disk: _Disk) -> BrowserChoice | None:
    root = _playwright_cache(disk)
    if root is None:
        return None
    entries = disk.names(root)
    for name, pattern, inside in _PLAYWRIGHT:
        for folder in _newest_first(entries, pattern):
            for program in inside:
                path = root / folder / program
                if disk.usable(path):
                    return BrowserChoice(path, name, "playwright")
    return None


def _playwright_cache(disk: _Disk) -> Path | None:
    """Where Playwright keeps its browsers (https://playwright.dev/python/docs/browsers)."""
    chosen = _variable("PLAYWRIGHT_BROWSERS_PATH", disk)
    if chosen == "0":
        package = find_spec("playwright")
        if package is None or package.origin is None:
            return None
        return Path(package.origin).parent / "driver" / "package" / ".local-browsers"
    if chosen:
        return Path(chosen)
    home = _variable("HOME", disk)
    if disk.platform == "win32":
        base = _variable("LOCALAPPDATA", disk)
    elif disk.platform == "darwin":
        base = f"{home}/Library/Caches" if home else None
    else:
        base = _variable("XDG_CACHE_HOME", disk) or (f"{home}/.cache" if home else None)
    return Path(base) / "ms-playwright" if base else None


def _newest_first(entries: Sequence[str], pattern: str) -> list[str]:
    revisions = ((re.fullmatch(pattern, entry), entry) for entry in entries)
    numbered = [(int(match[1]), entry) for match, entry in revisions if match]
    return [entry for _, entry in sorted(numbered, reverse=True)]
