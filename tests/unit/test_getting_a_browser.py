"""How set-up gets a browser: on machines that exist only as files, with installers that do not."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sandbox.smoke.browsers import find_browser

ROOT = Path(__file__).resolve().parents[2]
APT = "/usr/bin/chromium"
PLAYWRIGHTS = "/home/ada/.cache/ms-playwright/chromium-1200/chrome-linux64/chrome"
STUB = b"#!/bin/sh\n# Install the snap first.\nexec /snap/bin/chromium\n"


@dataclass
class Machine:
    """What is on it, what its installers bring, and what was run."""

    browser: Any
    files: dict[str, bytes] = field(default_factory=dict)
    brings: dict[str, str | None] = field(
        default_factory=lambda: {"apt-get": APT, "playwright": PLAYWRIGHTS}
    )
    ran: list[str] = field(default_factory=list)

    def run(self, command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        words = " ".join(command)
        self.ran.append(words.partition("-m ")[2] or words)
        if "update" in command:
            return subprocess.CompletedProcess(command, 0, "")
        brought = self.brings["apt-get" if command[0] == "apt-get" else "playwright"]
        if brought is not None:
            self.files[brought] = b"\x7fELF"
        return subprocess.CompletedProcess(command, int(brought is None), "no such package")

    def names(self, folder: Path) -> list[str]:
        below = (Path(file) for file in self.files if Path(file).is_relative_to(folder))
        return sorted({path.relative_to(folder).parts[0] for path in below})


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Machine]:
    """A function that makes one: of a distribution, with root or not."""
    spec = importlib.util.spec_from_file_location("browser", ROOT / "scripts" / "browser.py")
    assert spec is not None
    assert spec.loader is not None
    browser = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(browser)
    (tmp_path / "apt-get").touch(mode=0o755)

    def make(release: str, *, root: bool) -> Machine:
        made = Machine(browser)
        (tmp_path / "os-release").write_text(release)
        for name in list(os.environ):
            if name.startswith(("SANDWRIGHT_", "PLAYWRIGHT_", "XDG_")):
                monkeypatch.delenv(name)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setenv("HOME", "/home/ada")
        monkeypatch.setattr(os, "geteuid", lambda: 0 if root else 1000)
        monkeypatch.setattr(browser, "OS_RELEASE", tmp_path / "os-release")
        monkeypatch.setattr(browser.subprocess, "run", made.run)
        found = partial(
            find_browser,
            platform="linux",
            exists=lambda path: path.as_posix() in made.files,
            which=lambda _: None,
            start=lambda path: made.files.get(path.as_posix(), b""),
            names=made.names,
        )
        monkeypatch.setattr(browser, "find_browser", found)
        return made

    return make


DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n'
UBUNTU = 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n'
FROM_APT = [
    "apt-get update -qq",
    "apt-get install -qq -y --no-install-recommends chromium chromium-sandbox fonts-liberation",
]
FROM_PLAYWRIGHT = ["playwright install chromium"]


def test_root_on_debian_gets_its_own_chromium(machine, capsys):
    here = machine(DEBIAN, root=True)
    assert here.browser.main() == 0
    assert here.ran == FROM_APT
    assert f"Browser for testing tools: Chromium, {APT}" in capsys.readouterr().out


def test_where_debian_has_none_to_give_playwright_s_is_next(machine, capsys):
    here = machine(DEBIAN, root=True)
    here.brings["apt-get"] = None
    assert here.browser.main() == 0
    assert here.ran == FROM_APT + FROM_PLAYWRIGHT
    assert f"Chromium, {PLAYWRIGHTS}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("release", "root"), [(DEBIAN, False), (UBUNTU, True)], ids=["not root", "Ubuntu"]
)
def test_who_is_not_root_or_not_on_debian_itself_gets_playwright_s(machine, release, root):
    here = machine(release, root=root)
    assert here.browser.main() == 0
    assert here.ran == FROM_PLAYWRIGHT


def test_ubuntu_s_pointer_to_a_snap_is_no_browser(machine, capsys):
    here = machine(UBUNTU, root=True)
    here.files["/usr/bin/chromium-browser"] = STUB
    assert here.browser.main() == 0
    assert here.ran == FROM_PLAYWRIGHT
    assert f"Chromium, {PLAYWRIGHTS}" in capsys.readouterr().out


def test_where_none_can_be_had_it_says_what_to_install_and_goes_on(machine, capsys):
    here = machine(DEBIAN, root=True)
    here.brings.update({"apt-get": None, "playwright": None})
    assert here.browser.main() == 0
    said = capsys.readouterr().out
    assert "no such package" in said
    assert "Install Chrome, Chromium, Edge or Brave" in said
    assert "Until then tools are not tested." in said


def test_nothing_is_installed_where_one_is_or_one_was_named(machine, monkeypatch, capsys):
    here = machine(DEBIAN, root=True)
    here.files[APT] = b"\x7fELF"
    assert here.browser.main() == 0
    monkeypatch.setenv("SANDWRIGHT_BROWSER", "/nowhere/chrome")
    assert here.browser.main() == 0
    assert here.ran == []
    assert "SANDWRIGHT_BROWSER is '/nowhere/chrome'" in capsys.readouterr().out
