"""What a person is told to type: a checkout's command is on nobody's PATH."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.own_command import own_command


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("Makefile", "pyproject.toml"):
        (tmp_path / name).touch()
    return tmp_path


def test_in_a_checkout_make_starts_it_and_the_command_is_in_its_environment(checkout: Path) -> None:
    prefix = str(checkout / ".venv")
    assert own_command("serve", root=checkout, prefix=prefix) == "make run"
    assert own_command("models", root=checkout, prefix=prefix) == ".venv/bin/sandwright models"


def test_installed_it_is_a_command_like_any_other(tmp_path: Path, checkout: Path) -> None:
    site = tmp_path / "lib" / "site-packages"
    assert own_command("serve", root=site, prefix=str(tmp_path)) == "sandwright serve"
    # From an environment of the person's own, wherever the code lies.
    mine = str(tmp_path / "mine")
    assert own_command("models", root=checkout, prefix=mine) == "sandwright models"
