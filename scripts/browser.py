"""Find the browser that tests tools, or install one; without one everything else still works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from sandbox.smoke.browsers import BrowserChoice, NoBrowser, find_browser

LIMIT = 900  # seconds for one installer
OS_RELEASE = Path("/etc/os-release")


def main() -> int:
    found = look()
    if isinstance(found, NoBrowser) and not os.environ.get("SANDWRIGHT_BROWSER"):
        install()
        found = look()
    if isinstance(found, BrowserChoice):
        print(f"Browser for testing tools: {found.name}, {found.path}")
    else:
        print(f"{found.reason} {found.advice} Until then tools are not tested.")
    return 0


def look() -> BrowserChoice | NoBrowser:
    return find_browser(os.environ.get("SANDWRIGHT_BROWSER"), os.environ)


def install() -> None:
    if can_install_from_debian():
        print("No browser was found; installing Debian's chromium.", flush=True)
        if install_packages(("chromium", "chromium-sandbox", "fonts-liberation")):
            return
    print("No browser was found; installing Playwright's Chromium.", flush=True)
    run([sys.executable, "-m", "playwright", "install", "chromium"])


def is_debian() -> bool:
    """Whether this is Debian itself: Ubuntu's chromium is only a pointer to a snap."""
    if not OS_RELEASE.is_file():
        return False
    return "ID=debian" in OS_RELEASE.read_text(encoding="utf-8").splitlines()


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def can_install_from_debian() -> bool:
    return is_debian() and is_root() and shutil.which("apt-get") is not None


def install_packages(packages: tuple[str, ...]) -> bool:
    run(["apt-get", "update", "-qq"])  # an old list may still do
    return run(["apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages])


def run(command: list[str]) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command,
            env=environment,
            check=False,
            timeout=LIMIT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"{command[0]}: {error}")
        return False
    if done.returncode != 0:
        print("\n".join(done.stdout.strip().splitlines()[-3:]))
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
