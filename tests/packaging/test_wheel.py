"""The wheel, built and installed clean, is the whole application."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tomllib
import urllib.request
from pathlib import Path

import pytest

from sandbox.libraries.manifest import libraries

pytestmark = pytest.mark.timeout(600)  # it is built and installed first

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("server", "sandbox", "frontend")
UV = [sys.executable, "-m", "uv"]
# Templates, styles, scripts, the bridge, recipes, prompts, migrations: some of each must be there.
KINDS = (
    "frontend/templates/*.html",
    "frontend/static/css/*.css",
    "frontend/static/js/**/*.js",
    "frontend/static/vendor/archivo/*.woff2",
    "sandbox/runtime/*.js",
    "sandbox/runtime/host/*.js",
    "sandbox/libraries/manifest.toml",
    "sandbox/libraries/contents.json",
    "sandbox/libraries/vendor/chart.js@4.*/dist/*.js",
    "server/recipes/tools/**/*",
    "server/store/migrations/versions/*.py",
    "server/generation/prompts/*",
)


SIZE_LIMIT = 60_000_000  # bytes; most of it are libraries


def index_settings() -> dict[str, str]:
    """The environment in which set-up itself calls uv: the person's own index counts here too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "scripts")
        return importlib.import_module("setup").uv_environment()


def run(*command: object, cwd: Path) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=index_settings(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """Python of a clean environment that holds the wheel and what the lock says it needs."""
    folder = tmp_path_factory.mktemp("wheel")
    # The build runs in .venv, whose hatchling the lock names; missing fonts are fetched.
    build = ("build", "--wheel", "--no-build-isolation", "--python", sys.executable)
    run(*UV, *build, "--out-dir", folder, ROOT, cwd=ROOT)
    (wheel,) = folder.glob("sandwright-*.whl")
    requirements = folder / "requirements.txt"
    export = ("export", "--frozen", "--no-dev", "--no-emit-project", "--quiet")
    run(*UV, *export, "-o", requirements, cwd=ROOT)
    run(*UV, "venv", "--quiet", "--python", sys.executable, folder / "venv", cwd=folder)
    python = folder / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    install = (*UV, "pip", "install", "--quiet", "--python", python)
    run(*install, "--require-hashes", "-r", requirements, cwd=folder)
    run(*install, "--no-deps", wheel, cwd=folder)
    return python


@pytest.fixture(scope="module")
def site(installed) -> Path:
    program = (
        "import json, server, sandbox, frontend; "
        "print(json.dumps([m.__file__ for m in (server, sandbox, frontend)]))"
    )
    files = [Path(name) for name in json.loads(run(installed, "-c", program, cwd=installed.parent))]
    assert [file.parent.name for file in files] == list(ROOMS)
    (folder,) = {file.parent.parent for file in files}
    return folder


def test_the_three_names_are_ours_and_come_from_the_wheel(site, installed):
    assert site.is_relative_to(installed.parent.parent)
    assert "Where the templates and static files are" in (site / "frontend/__init__.py").read_text()
    assert not (site / "tests").exists()
    assert not (site / "scripts").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_file_is_inside(site, kind):
    assert list(site.glob(kind)), f"no {kind} in the wheel"


def test_every_file_of_the_rooms_is_inside(site):
    here = {
        path.relative_to(ROOT)
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    there = {path.relative_to(site) for room in ROOMS for path in (site / room).rglob("*")}
    optional = {
        Path("sandbox/libraries/vendor", library.id) for library in libraries() if library.optional
    }
    absent = {path for path in here - there if not optional & set(path.parents)}
    assert not absent


def test_the_wheel_stays_below_its_size_limit_and_holds_no_optional_library(site, installed):
    (wheel,) = installed.parents[2].glob("sandwright-*.whl")
    assert wheel.stat().st_size < SIZE_LIMIT
    vendored = site / "sandbox/libraries/vendor"
    for library in libraries():
        assert (vendored / library.id).is_dir() is not library.optional


def test_every_vendored_file_of_the_manifest_is_inside(site):
    manifest = tomllib.loads((site / "sandbox/libraries/manifest.toml").read_text())
    for package in manifest["package"]:
        folder = site / "frontend" / "static" / "vendor" / package["directory"]
        for name in package["files"]:
            assert (folder / Path(name).name).stat().st_size > 0


@pytest.mark.usefixtures("site")
def test_the_server_starts_from_the_wheel_and_answers(installed, tmp_path):
    sandwright = installed.parent / "sandwright"
    server = subprocess.Popen(
        [sandwright, "serve", "--port", "0", "--frame-port", "0", "--data-dir", tmp_path / "data"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    with server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            assert url.startswith("http://127.0.0.1:")
            font = "/static/vendor/archivo/archivo-latin-standard-normal.woff2"
            for path in ("/healthz", "/", font):
                with urllib.request.urlopen(url + path, timeout=60) as response:
                    assert response.status == 200
                    assert response.read()
            with urllib.request.urlopen(url + "/settings", timeout=60) as response:
                page = response.read().decode()
            assert "OPENAI_API_KEY=… sandwright serve</pre>" in page
            assert "make run" not in page
        finally:
            server.terminate()
    assert server.returncode == 0
    assert (tmp_path / "data" / "sandwright.db").is_file()
