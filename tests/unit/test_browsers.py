"""Finding a browser, on disks that exist only as sets of paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.smoke.browsers import BrowserChoice, NoBrowser, file_start, find_browser

HOME = {"HOME": "/home/ada", "PATH": "/usr/bin"}
WINDOWS = {
    "ProgramFiles": "C:/Program Files",
    "ProgramFiles(x86)": "C:/Program Files (x86)",
    "LocalAppData": "C:/Users/ada/AppData/Local",
}
STUB = b"""#!/bin/sh
if ! [ -x /snap/bin/chromium ]; then
    echo "Command '/usr/bin/chromium-browser' requires the chromium snap to be installed." >&2
    exit 1
fi
exec /snap/bin/chromium "$@"
"""


def find(
    files: set[str] | dict[str, bytes],
    *,
    explicit: str | None = None,
    environment: dict[str, str] = HOME,
    platform: str = "linux",
    on_path: dict[str, str] | None = None,
) -> BrowserChoice | NoBrowser:
    contents = files if isinstance(files, dict) else dict.fromkeys(files, b"\x7fELF")

    def names(folder: Path) -> list[str]:
        inside = (Path(file) for file in contents)
        below = (file.relative_to(folder) for file in inside if file.is_relative_to(folder))
        return sorted({path.parts[0] for path in below})

    return find_browser(
        explicit,
        environment,
        platform=platform,
        exists=lambda path: path.as_posix() in contents,
        which=(on_path or {}).get,
        start=lambda path: contents.get(path.as_posix(), b""),
        names=names,
    )


def chosen(*args: object, **options: object) -> tuple[str, str, str]:
    found = find(*args, **options)  # type: ignore[arg-type]
    assert isinstance(found, BrowserChoice), found
    return found.path.as_posix(), found.name, found.source


def test_a_named_browser_comes_before_every_other() -> None:
    files = {"/usr/bin/google-chrome", "/srv/chromium"}
    assert chosen(files, explicit="/srv/chromium") == ("/srv/chromium", "Chromium", "named")


def test_a_named_browser_may_be_a_name_on_the_path() -> None:
    found = chosen({"/usr/bin/brave"}, explicit="brave", on_path={"brave": "/usr/bin/brave"})
    assert found == ("/usr/bin/brave", "Brave Browser", "named")


def test_a_named_browser_may_be_below_home_or_a_mac_application() -> None:
    assert chosen({"/home/ada/chrome"}, explicit="~/chrome")[0] == "/home/ada/chrome"
    inside = "/Applications/Chromium.app/Contents/MacOS/Chromium"
    assert chosen({inside}, explicit="/Applications/Chromium.app", platform="darwin")[0] == inside


def test_a_wrong_name_is_said_and_no_other_browser_is_taken() -> None:
    found = find({"/usr/bin/google-chrome"}, explicit="/srv/missing")
    assert isinstance(found, NoBrowser)
    assert "'/srv/missing'" in found.reason
    assert "SANDWRIGHT_BROWSER" in found.reason


def test_an_empty_name_is_no_name() -> None:
    assert chosen({"/usr/bin/google-chrome"}, explicit="  ")[2] == "installed"


@pytest.mark.parametrize(
    ("platform", "environment", "path", "name"),
    [
        ("linux", HOME, "/opt/google/chrome/chrome", "Google Chrome"),
        ("linux", HOME, "/usr/bin/chromium", "Chromium"),
        ("linux", HOME, "/snap/bin/chromium", "Chromium"),
        ("linux", HOME, "/opt/microsoft/msedge/msedge", "Microsoft Edge"),
        ("linux", HOME, "/usr/bin/brave-browser", "Brave Browser"),
        ("linux", HOME, "/var/lib/flatpak/exports/bin/com.google.Chrome", "Google Chrome"),
        (
            "linux",
            HOME,
            "/home/ada/.local/share/flatpak/exports/bin/com.brave.Browser",
            "Brave Browser",
        ),
        (
            "darwin",
            HOME,
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
            "Google Chrome",
        ),
        (
            "darwin",
            HOME,
            "/home/ada/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
            "Microsoft Edge",
        ),
        (
            "win32",
            WINDOWS,
            "C:/Program Files/Google/Chrome/Application/chrome.exe",
            "Google Chrome",
        ),
        (
            "win32",
            WINDOWS,
            "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
            "Microsoft Edge",
        ),
        (
            "win32",
            WINDOWS,
            "C:/Users/ada/AppData/Local/Chromium/Application/chrome.exe",
            "Chromium",
        ),
    ],
)
def test_the_usual_places_of_each_system_are_looked_at(
    platform: str, environment: dict[str, str], path: str, name: str
) -> None:
    found = chosen({path}, platform=platform, environment=environment)
    assert found == (path, name, "installed")


def test_a_program_on_the_path_is_found_wherever_it_lies() -> None:
    found = chosen({"/nix/chromium"}, on_path={"chromium": "/nix/chromium"})
    assert found == ("/nix/chromium", "Chromium", "installed")


def test_chrome_comes_before_chromium_edge_and_brave() -> None:
    files = {"/usr/bin/brave-browser", "/usr/bin/microsoft-edge", "/usr/bin/chromium"}
    assert chosen(files)[1] == "Chromium"
    assert chosen(files | {"/usr/bin/google-chrome"})[1] == "Google Chrome"


def test_the_snap_stub_without_its_snap_is_not_a_browser() -> None:
    stub = {"/usr/bin/chromium-browser": STUB}
    assert isinstance(find(stub), NoBrowser)
    assert isinstance(find(stub, explicit="/usr/bin/chromium-browser"), NoBrowser)
    assert isinstance(
        find(stub, on_path={"chromium-browser": "/usr/bin/chromium-browser"}), NoBrowser
    )


def test_the_snap_stub_with_its_snap_is_a_browser() -> None:
    files = {"/usr/bin/chromium-browser": STUB, "/snap/bin/chromium": b"\x7fELF"}
    assert chosen(files)[1] == "Chromium"


def test_a_distribution_s_own_launcher_script_is_a_browser() -> None:
    assert chosen({"/usr/bin/chromium": b"#!/bin/sh\nexec /usr/lib/chromium/chromium"})


@pytest.mark.parametrize(
    ("platform", "environment", "path"),
    [
        ("linux", HOME, "/home/ada/.cache/ms-playwright/chromium-1200/chrome-linux64/chrome"),
        (
            "linux",
            {"XDG_CACHE_HOME": "/c"},
            "/c/ms-playwright/chromium-1100/chrome-linux/chrome",
        ),
        (
            "darwin",
            HOME,
            (
                "/home/ada/Library/Caches/ms-playwright/chromium-1200/chrome-mac-arm64/"
                "Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing"
            ),
        ),
        (
            "win32",
            WINDOWS,
            "C:/Users/ada/AppData/Local/ms-playwright/chromium-1200/chrome-win64/chrome.exe",
        ),
        ("linux", {"PLAYWRIGHT_BROWSERS_PATH": "/b"}, "/b/chromium-9/chrome-linux64/chrome"),
        (
            "linux",
            {"PLAYWRIGHT_BROWSERS_PATH": "/b"},
            "/b/chromium_headless_shell-9/chrome-headless-shell-linux64/chrome-headless-shell",
        ),
    ],
)
def test_playwright_s_cache_is_the_last_resort(
    platform: str, environment: dict[str, str], path: str
) -> None:
    assert chosen({path}, platform=platform, environment=environment)[::2] == (path, "playwright")


def test_the_newest_of_playwright_s_browsers_is_taken_by_number_and_before_the_shell() -> None:
    shell = "/b/chromium_headless_shell-9000/chrome-linux/headless_shell"
    files = {f"/b/chromium-{n}/chrome-linux64/chrome" for n in (999, 1200)} | {shell}
    found = chosen(files, environment={"PLAYWRIGHT_BROWSERS_PATH": "/b"})
    assert found[0] == "/b/chromium-1200/chrome-linux64/chrome"


def test_a_bare_machine_has_no_browser_and_is_told_what_to_do() -> None:
    for platform in ("linux", "darwin", "win32"):
        found = find(set(), platform=platform, environment={})
        assert isinstance(found, NoBrowser)
        assert "SANDWRIGHT_BROWSER" in found.advice


def test_the_real_disk_is_read_without_an_error_for_what_is_missing(tmp_path: Path) -> None:
    assert file_start(tmp_path / "missing") == b""
    browser = tmp_path / "chromium"
    browser.write_bytes(b"\x7fELF")
    assert isinstance(find_browser(str(browser), {}), NoBrowser), "it is not executable"
    browser.chmod(0o755)
    assert find_browser(str(browser), {}) == BrowserChoice(browser, "Chromium", "named")
    found = find_browser("chromium", {"PATH": str(tmp_path)})
    assert found == BrowserChoice(browser, "Chromium", "named")
