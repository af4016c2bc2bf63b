"""Make everything that `make run` and `make test` need; the second time, find it made.

Standard library only: it runs on the Python that the person has, before anything is installed.
uv does the installing, from `uv.lock`: the one on PATH, else a pinned one put into `.venv`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import vendor

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = vendor.ROOT
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
VENV_PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "set-up-stamp"
UV = "uv==0.13.9"
OLDEST = (3, 11)
# Else the first start compiles a thousand modules, and so does every one where Python is told to
# write no bytecode (PYTHONDONTWRITEBYTECODE, as in many containers).
COMPILED = ("--compile-bytecode",)
OURS = ("server", "sandbox", "frontend")


class SetupError(Exception):
    """Set-up cannot go on; the message says what to do."""


def main() -> int:
    if sys.version_info < OLDEST:
        print(_too_old(), file=sys.stderr)
        return 1
    if is_done():
        return 0
    if shutil.which("uv") is None and not has_ensurepip():
        print(_no_ensurepip(), file=sys.stderr)  # before anything is fetched
        return 1
    print("Setting up in .venv; this happens once.", flush=True)
    with ThreadPoolExecutor(1) as beside:
        fetching = beside.submit(fetch_front_end_files)
        try:
            make_environment()
        except SetupError as error:
            print(error, file=sys.stderr)
            return 1
        subprocess.run([VENV_PYTHON, "-m", "compileall", "-q", *OURS], cwd=ROOT, check=False)
        fetching.result()
    subprocess.run([VENV_PYTHON, ROOT / "scripts" / "browser.py"], check=False)
    STAMP.write_text(fingerprint(), encoding="utf-8")
    print("Set-up is done.", flush=True)
    return 0


def _too_old() -> str:
    return (
        f"Sandwright needs Python {OLDEST[0]}.{OLDEST[1]} or newer; {sys.executable} is "
        f"{sys.version_info[0]}.{sys.version_info[1]}. Name another: make PYTHON=/path/to/python3"
    )


def is_done() -> bool:
    scripts = (VENV_PYTHON, BIN / "sandwright")
    if os.name == "nt":
        scripts = (VENV_PYTHON, BIN / "sandwright.exe")
    if not STAMP.is_file() or not all(script.exists() for script in scripts):
        return False
    return STAMP.read_text(encoding="utf-8") == fingerprint()


def fingerprint() -> str:
    """Change whenever set-up must run again; a moved checkout counts: scripts hold full paths."""
    digest = hashlib.sha256(str(ROOT).encode())
    listed = (vendor.MANIFEST, vendor.CONTENTS)
    for path in (ROOT / "pyproject.toml", ROOT / "uv.lock", *listed, Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def make_environment() -> None:
    """Raise `SetupError` when neither way leads to an environment."""
    environment = uv_environment()
    on_path = shutil.which("uv")
    if on_path is not None:
        if install([on_path], environment):
            return
        print("The uv on PATH could not do it; trying Python's own venv.", flush=True)
    if not has_ensurepip():
        raise SetupError(_no_ensurepip())
    run_or_fail([sys.executable, "-m", "venv", "--clear", VENV], "making .venv failed")
    pip = [str(VENV_PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run_or_fail([*pip, UV], f"{UV} could not be installed; is the package index reachable?")
    if not install([str(VENV_PYTHON), "-m", "uv"], environment):
        raise SetupError("The dependencies could not be installed; the lines above say why.")


def has_ensurepip() -> bool:
    return importlib.util.find_spec("ensurepip") is not None


def _no_ensurepip() -> str:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if shutil.which("apt-get"):
        command = f"apt-get install python{version}-venv"
    else:
        command = "install uv (https://docs.astral.sh/uv/)"
    return f"{sys.executable} has no ensurepip, so it cannot make .venv. One thing to do: {command}"


def install(uv: list[str], environment: dict[str, str], groups: Sequence[str] = ()) -> bool:
    """Bring `.venv` to what `uv.lock` says. `--inexact`: uv itself may live in there."""
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    more = [f"--group={group}" for group in groups]
    if environment.get("UV_DEFAULT_INDEX") or environment.get("UV_INDEX_URL"):
        return _install_from_own_index(uv, environment, quiet, more)
    sync = ["sync", "--frozen", "--inexact", "--python", sys.executable, *COMPILED, *quiet, *more]
    return run([*uv, *sync], environment)


def _install_from_own_index(
    uv: list[str], environment: dict[str, str], quiet: list[str], more: list[str]
) -> bool:
    """Take the lock's versions and hashes, but from the person's index: a lock holds full URLs."""
    with tempfile.TemporaryDirectory() as folder:
        listing = Path(folder) / "requirements.txt"
        export = ["export", "--frozen", "--no-emit-project", "--quiet", *more, "-o", str(listing)]
        into = ["--python", str(VENV_PYTHON), *COMPILED, *quiet]
        if not VENV_PYTHON.exists() and not run(
            [*uv, "venv", "--python", sys.executable, VENV, *quiet], environment
        ):
            return False
        return (
            run([*uv, *export], environment)
            and run([*uv, "pip", "install", "--require-hashes", "-r", listing, *into], environment)
            and run([*uv, "pip", "install", "--no-deps", "--editable", ROOT, *into], environment)
        )


def uv_environment() -> dict[str, str]:
    """Tell uv what pip was told: index, extra indexes, certificate authorities."""
    environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    environment["UV_PROJECT_ENVIRONMENT"] = str(VENV)
    pip = pip_settings()
    if not environment.get("UV_INDEX_URL") and pip.get("index-url"):
        environment.setdefault("UV_DEFAULT_INDEX", pip["index-url"])
    if not environment.get("UV_EXTRA_INDEX_URL") and "extra-index-url" in pip:
        environment.setdefault("UV_INDEX", " ".join(pip["extra-index-url"].split()))
        # pip looks at all of them; the lock's hashes keep a stranger's package out.
        environment.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    if "cert" in pip:
        environment.setdefault("SSL_CERT_FILE", pip["cert"])
    return environment


def pip_settings() -> dict[str, str]:
    """Read pip's files and variables by asking pip; without pip there are none."""
    pip = [sys.executable, "-m", "pip", "config", "list", "--disable-pip-version-check"]
    answer = subprocess.run(pip, capture_output=True, text=True, check=False)
    # A line reads: global.index-url='https://…'; variables come last and so win, as in pip.
    found = re.findall(r"^[^=\s]+\.([a-z-]+)='(.*)'$", answer.stdout, re.MULTILINE)
    return dict(found)


def fetch_front_end_files() -> None:
    try:
        vendor.fetch_missing()
    except vendor.VendorError as error:
        print(
            f"Fonts and icons were not fetched, pages use the system's own: {error}. "
            "'make vendor' tries again.",
            flush=True,
        )
    try:
        vendor.fetch_libraries()
    except vendor.VendorError as error:
        print(
            f"Not all libraries for tools were fetched: {error}. 'make vendor' tries again.",
            flush=True,
        )


def run(command: Sequence[str | Path], environment: dict[str, str] | None = None) -> bool:
    try:
        return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0
    except OSError as error:
        print(f"{command[0]}: {error}", file=sys.stderr)
        return False


def run_or_fail(command: Sequence[str | Path], problem: str) -> None:
    if not run(command):
        raise SetupError(f"Set-up stopped: {problem}")


if __name__ == "__main__":
    sys.exit(main())
