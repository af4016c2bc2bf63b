"""The system prompt names the libraries that are here, and costs little."""

from __future__ import annotations

from sandbox.libraries.listing import short_list
from sandbox.libraries.manifest import libraries
from sandbox.libraries.resolve import Catalogue
from scripts.library_prompt import written
from server.generation.prompts import system_prompt


def test_the_prompt_lists_what_is_here() -> None:
    """After a change of the manifest: `scripts/library_prompt.py`."""
    assert written(system_prompt()) == system_prompt()


def test_what_is_listed_answers_as_a_model_would_ask_for_it() -> None:
    catalogue = Catalogue(libraries())
    listed = short_list(libraries()).split(", ")
    assert len(listed) > 90
    for entry in listed:
        name, _, majors = entry.partition(" ")
        for major in majors.split("/"):
            asked = f"{name}@{major}" if major else name
            urls = (f"https://cdn.jsdelivr.net/npm/{asked}", f"https://esm.sh/{asked}")
            assert any(catalogue.resolve(url) for url in urls), asked


def test_the_list_costs_a_few_hundred_tokens() -> None:
    assert len(short_list(libraries())) < 1_600
    assert len(system_prompt()) < 4_600
