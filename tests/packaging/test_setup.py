"""Set-up: what it says when something is missing, and how little it does the second time."""

from __future__ import annotations

import contextlib
import html
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import clean_environment

ROOT = Path(__file__).resolve().parents[2]
SECOND_START = 3.0  # seconds, as promised
NEEDED = ("pyproject.toml", "uv.lock", "README.md", "LICENSE", "Makefile")


@contextlib.contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator[str | None]:
    """Start what serves, in this checkout; yields the line with its address, and ends it."""
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as started:
        assert started.stdout is not None
        lines = iter(started.stdout.readline, "")
        try:
            yield next((line for line in lines if line.startswith("http://")), None)
        finally:
            os.killpg(started.pid, signal.SIGINT)  # Ctrl-C, as a terminal sends it


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A fresh copy of what set-up reads, without an environment."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in NEEDED:
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__py*"))
    libraries = Path("sandbox/libraries")
    kept_out = shutil.ignore_patterns("vendor", "__py*")
    shutil.copytree(ROOT / libraries, folder / libraries, ignore=kept_out)
    shutil.copy(ROOT / "sandbox/__init__.py", folder / "sandbox")
    return folder


@pytest.fixture
def bare_path(tmp_path) -> Path:
    """A PATH with the plain tools of a system and no uv."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "make"):
        (folder / name).symlink_to(shutil.which(name))
    (folder / "apt-get").symlink_to(shutil.which("true"))
    return folder


def base_python() -> str:
    return str(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info[1]}")


def test_without_ensurepip_the_one_package_to_install_is_named(checkout, bare_path, tmp_path):
    hides = tmp_path / "hides"
    hides.mkdir()
    (hides / "sitecustomize.py").write_text("import sys\nsys.modules['ensurepip'] = None\n")
    done = subprocess.run(
        [base_python(), "scripts/setup.py"],
        cwd=checkout,
        env={"PATH": str(bare_path), "PYTHONPATH": str(hides)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"apt-get install python3.{sys.version_info[1]}-venv" in done.stderr
    assert not (checkout / ".venv").exists()


def test_without_python_make_says_which_one_is_needed(checkout, bare_path):
    done = subprocess.run(
        ["make", "run"],
        cwd=checkout,
        env={"PATH": str(bare_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stderr
    assert "make PYTHON=" in done.stderr


def test_a_python_that_is_too_old_is_refused_by_name(checkout):
    old = "import sys; sys.version_info = (3, 10, 1); import setup; sys.exit(setup.main())"
    done = subprocess.run(
        [base_python(), "-c", old],
        cwd=checkout / "scripts",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr
    assert "is 3.10" in done.stderr


def test_the_uv_that_set_up_installs_is_the_one_in_the_lock():
    (pinned,) = re.findall(
        r'^UV = "uv==(.+)"$', (ROOT / "scripts/setup.py").read_text(), re.MULTILINE
    )
    (locked,) = re.findall(
        r'^name = "uv"\nversion = "(.+)"$', (ROOT / "uv.lock").read_text(), re.MULTILINE
    )
    assert pinned == locked


def test_set_up_compiles_what_it_installs_so_that_no_start_has_to():
    spec = importlib.util.find_spec("sqlalchemy.orm.mapper")
    assert spec is not None
    assert spec.origin is not None
    assert Path(importlib.util.cache_from_source(spec.origin)).is_file()


def test_what_the_settings_page_says_connects_a_model_and_lists_it(server, scripted, tmp_path):
    """As it is typed, with the address of a model that is there."""
    page = httpx.get(f"{server.url}/settings").text

    def told(label: str) -> str:
        (found,) = re.findall(rf'<pre[^>]*aria-label="{label}">(.*?)</pre>', page)
        return html.unescape(found)

    model = scripted().url
    start = told("Start with your own server").replace("http://127.0.0.1:8080/v1", model)
    assert model in start
    folder = {"SANDWRIGHT_DATA_DIR": str(tmp_path), "PYTHON": base_python()}
    environment = clean_environment(SANDWRIGHT_PORT="0", SANDWRIGHT_FRAME_PORT="0", **folder)
    with running(["sh", "-c", start], environment) as url:
        assert url is not None
        listed = httpx.get(f"{url.strip()}/api/models").json()
    assert listed["default"]["provider"] == "openai"

    models = f"OPENAI_BASE_URL={model} {told('List the models')}"
    done = subprocess.run(
        models, shell=True, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert f"Default: openai/{listed['default']['model']}" in done.stdout


@pytest.mark.alone
def test_a_second_start_is_quick_and_prints_the_address_alone(tmp_path):
    environment = {
        **os.environ,
        "PYTHON": base_python(),
        "SANDWRIGHT_PORT": "0",
        "SANDWRIGHT_FRAME_PORT": "0",
        "SANDWRIGHT_DATA_DIR": str(tmp_path / "data"),
    }
    # The promise is for a machine that is not busy with other things; share it out if it is.
    share = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    seconds: list[float] = []
    # The first one makes the environment, or its caches, if nobody did yet; in another one the
    # machine may have stood still.
    while len(seconds) < 2 or (seconds[-1] > SECOND_START * share and len(seconds) < 6):
        started = time.monotonic()
        with running(["make", "run"], environment) as url:
            seconds.append(time.monotonic() - started)
        assert url is not None
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+\n", url)
    assert min(seconds[1:]) <= SECOND_START * share, seconds
