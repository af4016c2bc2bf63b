"""The arrows between the rooms, read from the source: server → sandbox, server → frontend."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {"server", "sandbox", "frontend"}
ALLOWED = {"server": ROOMS, "sandbox": {"sandbox"}, "frontend": {"frontend"}}
TRANSPORT = Path("server/providers/transport.py")
SETTINGS = Path("server/settings.py")
READS_ENVIRONMENT = {"environ", "environb", "getenv", "getenvb"}
# Commands are doors too: they hand the environment to load_settings and keep nothing of it.
COMMANDS = Path("server/commands")
FETCHES_PAGES = COMMANDS / "smoke_sources.py"


def sources() -> list[Path]:
    found = [path for room in sorted(ROOMS) for path in sorted((ROOT / room).rglob("*.py"))]
    return [path.relative_to(ROOT) for path in found]


def imported(tree: ast.AST, path: Path) -> set[str]:
    """Full names of the modules that a file imports, wherever in it the import stands."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = path.parent.parts[: len(path.parent.parts) - node.level + 1]
            prefix = [*package] if node.level else []
            names.add(".".join([*prefix, *([node.module] if node.module else [])]))
        elif _is_dynamic_import(node):
            argument = node.args[0] if node.args else None
            names.add(argument.value if isinstance(argument, ast.Constant) else "")
    return names


def _is_dynamic_import(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "attr", getattr(node.func, "id", None))
    return name in {"import_module", "__import__"}


def reads_environment(tree: ast.AST) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in READS_ENVIRONMENT:
            return True
        if isinstance(node, ast.ImportFrom) and node.module == "os":
            return any(alias.name in READS_ENVIRONMENT for alias in node.names)
    return False


def parsed(path: Path) -> ast.AST:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", sources(), ids=str)
def test_a_room_imports_only_where_an_arrow_points(path):
    ours = {name.partition(".")[0] for name in imported(parsed(path), path)} & ROOMS
    assert ours <= ALLOWED[path.parts[0]]


def test_httpx_is_imported_where_models_are_spoken_to_and_where_a_page_is_fetched_to_be_tested():
    heads = {"httpx", "httpx_sse"}
    users = {
        path
        for path in sources()
        if {name.partition(".")[0] for name in imported(parsed(path), path)} & heads
    }
    assert users == {TRANSPORT, FETCHES_PAGES}


def test_only_the_door_reads_the_environment():
    readers = {path for path in sources() if reads_environment(parsed(path))}
    assert {path for path in readers if path.parent != COMMANDS} == {SETTINGS}


def test_there_is_no_module_that_is_a_drawer_for_everything():
    banned = {"utils", "util", "core", "manager", "helpers", "common", "misc"}
    assert not {path for path in sources() if path.stem in banned or banned & set(path.parts)}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import server.store", {"server.store"}),
        ("from server import store", {"server"}),
        ("def f():\n    from server.store import x", {"server.store"}),
        ("from . import grants", {"sandbox.smoke"}),
        ("from ..grants import x", {"sandbox.grants"}),
        ("import importlib\nimportlib.import_module('server.app')", {"importlib", "server.app"}),
    ],
)
def test_the_reader_of_imports_sees_every_form(source, expected):
    assert imported(ast.parse(source), Path("sandbox/smoke/driver.py")) == expected


@pytest.mark.parametrize(
    "source",
    ["import os\nos.environ['X']", "from os import getenv", "import os as o\no.getenv('X')"],
)
def test_the_reader_of_environments_sees_every_form(source):
    assert reads_environment(ast.parse(source))
