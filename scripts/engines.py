"""Run the attacks and the probes in every engine that is here or can be installed.

An engine that is not here is told as not run, never as passed. What came of each case is kept in
`build/engines`, so that `--resume` goes on where a run was stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import browser
import setup
import vendor

from sandbox.smoke.browsers import BrowserChoice

ROOT = vendor.ROOT
FOLDER = ROOT / "build" / "engines"
ENGINES = ("chromium", "firefox", "webkit")
# The last two are for a network of its own: its address is no loopback, and nothing leaves it.
PACKAGES = {
    "firefox": ("firefox-esr", "iproute2", "util-linux"),
    "webkit": ("webkit2gtk-driver", "xvfb", "dbus", "iproute2", "util-linux"),
}
PROGRAMS = {
    "chromium": ("chromium",),
    "firefox": ("firefox-esr",),
    "webkit": ("WebKitWebDriver", "Xvfb", "dbus-run-session"),
}
ADDRESS = "192.0.2.1"  # kept for documentation: no machine has it
OWN_NETWORK = f"""
ip link set lo up && ip link add outside type veth peer name other &&
ip addr add {ADDRESS}/24 dev outside && ip link set outside up && ip link set other up &&
ip route add default via 192.0.2.254 && exec "$@"
"""
NO_TESTS = 5  # pytest's word for "none was selected"


def main() -> int:
    asked = read_arguments()
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not sync():
        print("What drives Firefox could not be installed.")
    failed = False
    for engine in asked.engines:
        print(f"\n{engine}", flush=True)
        reason = why_not(engine, install=asked.install)
        if reason is not None:
            print(f"not run: {reason}", flush=True)
            continue
        failed |= run(engine, asked) not in (0, NO_TESTS)
    print()
    for engine in asked.engines:
        for line in table(engine):
            print(line)
    return int(failed)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engines", nargs="*", default=ENGINES, help=f"of {', '.join(ENGINES)}")
    parser.add_argument("-k", dest="which", default="", help="only cases whose names match")
    parser.add_argument("--sample", action="store_true", help="one attack of each class")
    parser.add_argument("--resume", action="store_true", help="keep what an earlier run found")
    parser.add_argument("--no-install", dest="install", action="store_false")
    return parser.parse_args()


def sync() -> bool:
    """Install what only these runs need: `make test` does without."""
    on_path = shutil.which("uv")
    uv = [on_path] if on_path else [str(setup.VENV_PYTHON), "-m", "uv"]
    return setup.install(uv, setup.uv_environment(), groups=("engines",))


def why_not(engine: str, *, install: bool) -> str | None:
    """Return why an engine cannot be run here, after trying to install it."""
    missing = [name for name in PROGRAMS[engine] if not is_there(name)]
    if missing and install and engine in PACKAGES and browser.can_install_from_debian():
        print(f"Installing {', '.join(PACKAGES[engine])}.", flush=True)
        browser.install_packages(PACKAGES[engine])
        missing = [name for name in PROGRAMS[engine] if not is_there(name)]
    return f"{' and '.join(missing)} is not here" if missing else None


def is_there(name: str) -> bool:
    if name == "chromium":
        return isinstance(browser.look(), BrowserChoice)
    if name == "firefox-esr":
        return (shutil.which(name) or shutil.which("firefox")) is not None
    return shutil.which(name) is not None


def run(engine: str, asked: argparse.Namespace) -> int:
    results = FOLDER / f"{engine}.jsonl"
    if not asked.resume:
        results.unlink(missing_ok=True)
    environment = {
        **os.environ,
        "SANDWRIGHT_ENGINE": engine,
        "SANDWRIGHT_ENGINE_RESULTS": str(results),
    }
    command = [sys.executable, "-m", "pytest", "tests/sandbox/test_attacks.py"]
    command += ["tests/sandbox/test_probes.py", "--quiet", "--tb=line"]
    command += [] if asked.sample else ["-m", "sandbox or not sandbox"]
    command += ["-k", asked.which] if asked.which else []
    if can_have_own_network():
        environment["SANDWRIGHT_CANARY_ADDRESS"] = ADDRESS
        command = ["unshare", "--net", "sh", "-c", OWN_NETWORK, "sh", *command]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def can_have_own_network() -> bool:
    """Whether a program can be given a network of its own: as root on Linux."""
    if not browser.is_root() or not shutil.which("unshare") or not shutil.which("ip"):
        return False
    trial = ["unshare", "--net", "sh", "-c", OWN_NETWORK, "sh", "true"]
    return subprocess.run(trial, check=False, capture_output=True).returncode == 0


def table(engine: str) -> Iterator[str]:
    """Say in a few lines what was found; all that succeeded, broke or proves nothing by name."""
    lines = [json.loads(line) for line in read(FOLDER / f"{engine}.jsonl")]
    version = next((line["version"] for line in lines if "version" in line), None)
    if version is None:
        yield f"{engine:10} not run"
        return
    attacks = {line["attack"]: line for line in lines if "attack" in line}
    probes = {(line["probe"], line["place"]): line["went"] for line in lines if "probe" in line}
    out = [name for name, line in attacks.items() if any(line["heard"].values())]
    unheard = [name for name, line in attacks.items() if line["unproven"] and name not in out]
    said = f"{len(attacks)} attacks, {len(out)} succeeded, {len(unheard)} not proven"
    yield f"{engine:10} {version}: {said}"
    for label, names in (("succeeded", out), ("not proven", unheard)):
        if names:
            yield f"{'':10} {label}: {', '.join(sorted(names))}"
    for place, works in worked(probes).items():
        broken = [name for (name, at), went in probes.items() if at == place and went is not True]
        said = f", not: {', '.join(sorted(broken))}" if broken else ""
        yield f"{'':10} probes, {place}: {works} work{said}"


def worked(probes: dict[tuple[str, str], Any]) -> Counter[str]:
    return Counter(place for (_, place), went in probes.items() if went is True)


def read(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines() if path.is_file() else []


if __name__ == "__main__":
    sys.exit(main())
