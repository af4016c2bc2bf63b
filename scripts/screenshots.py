"""Make docs/screenshots from the running application: real pages, real tools, nothing posed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from sandbox.smoke.browsers import BrowserChoice, find_browser

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "screenshots"
COMMAND = Path(sys.executable).with_name("sandwright")
SIZES = ((1280, 800), (360, 720))
THEMES = ("light", "dark")
PATIENCE = 60_000  # milliseconds, for a busy machine

# What stands on the bench in the pictures; the last is made last and shown.
WISHES = (
    ("a to-do list for moving house",),
    ("generate strong passwords",),
    ("a timer for 40 s work and 20 s rest, eight rounds",),
    ("look at a CSV file with a chart",),
    ("convert units",),
    ("split a restaurant bill with tip", "in euros", "for 6 people"),
)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _server(data: str) -> Iterator[str]:
    """Run a keyless server on free ports; give its address."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SANDWRIGHT_", "OPENAI_")) or name == "SANDWRIGHT_BROWSER"
    }
    ports = ["--port", str(_free_port()), "--frame-port", str(_free_port())]
    process = subprocess.Popen(
        [str(COMMAND), "serve", "--no-open", "--data-dir", data, *ports],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        for line in process.stdout or ():
            if line.startswith("http://"):
                yield line.strip()
                return
        raise SystemExit("The server ended before it gave its address.")
    finally:
        process.terminate()
        process.wait(timeout=20)


def _ask(url: str, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 our own server, on loopback
        url, json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 as above
        answer: dict[str, Any] = json.load(response)
    return answer


def _follow(url: str, generation: dict[str, Any]) -> None:
    """Read a generation's events until it has ended."""
    address = f"{url}/api/generations/{generation['id']}/events"
    with urllib.request.urlopen(address, timeout=60) as events:  # noqa: S310 as above
        for line in events:
            if line.startswith(b"event: end"):
                return


def _furnish(url: str) -> str:
    """Make the tools; return the path of the last one's workbench."""
    path = ""
    for first, *changes in WISHES:
        made = _ask(f"{url}/api/artifacts", {"prompt": first})
        path = made["artifact"]["url"]
        _follow(url, made["generation"])
        for change in changes:
            messages = f"{url}/api/artifacts/{made['artifact']['id']}/messages"
            _follow(url, _ask(messages, {"prompt": change})["generation"])
    return path


def _open(browser: Browser, size: tuple[int, int], theme: str) -> Page:
    narrow = size[0] < 500  # noqa: PLR2004 a phone's page
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if theme == "dark" else "light",
        device_scale_factor=2,
        has_touch=narrow,
        is_mobile=narrow,
        reduced_motion="reduce",
    )
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    return page


def _picture_home(page: Page, url: str, name: str) -> None:
    page.goto(url)
    box = page.get_by_role("textbox", name="Describe a tool")
    box.fill("split a restaurant bill with tip")
    expect(page.locator("#estimate")).to_contain_text("Built-in recipe")
    page.screenshot(path=TARGET / f"home-{name}.png")


def _picture_workbench(page: Page, address: str, name: str) -> None:
    page.goto(address)
    expect(page.get_by_role("status")).to_contain_text("passed")
    tool = page.frame_locator('iframe[title="Preview"]')
    expect(tool.locator("h1, h2").first).to_be_visible()
    page.screenshot(path=TARGET / f"workbench-{name}.png")


def main() -> None:
    found = find_browser(os.environ.get("SANDWRIGHT_BROWSER"), os.environ)
    if not isinstance(found, BrowserChoice):
        raise SystemExit("No browser was found; `sandwright doctor` says what to install.")
    TARGET.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        _server(data) as url,
        sync_playwright() as playwright,
    ):
        workbench = url.rstrip("/") + _furnish(url.rstrip("/"))
        browser = playwright.chromium.launch(
            executable_path=found.path,
            # A frame in a process of its own is drawn at half the density: one process here.
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-site-isolation-trials",
                "--disable-features=IsolateSandboxedIframes,OriginKeyedProcessesByDefault,OriginIsolationHeader",
            ],
        )
        for size in SIZES:
            for theme in THEMES:
                name = f"{size[0]}-{theme}"
                page = _open(browser, size, theme)
                _picture_home(page, url, name)
                _picture_workbench(page, workbench, name)
                page.context.close()
                print(TARGET / f"*-{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
