"""Addresses as people paste them, and what is shown of them."""

from __future__ import annotations

import pytest

from server.providers.openai import OpenAIProvider
from server.providers.transport import Transport

KEY = "sk-secret-0123456789"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("localhost:1234", "http://localhost:1234/v1"),
        ("api.example.org", "https://api.example.org/v1"),
        ("https://api.example.org/openai/v1", "https://api.example.org/openai/v1"),
        ("https://api.example.org/v1beta/openai/", "https://api.example.org/v1beta/openai"),
    ],
)
def test_base_urls_get_what_they_lack(given, expected):
    assert OpenAIProvider.normalised(given) == expected


def test_a_label_names_the_host_and_no_secret():
    provider = OpenAIProvider(Transport(), base_url="https://me:hush@api.example.org/v1", key=KEY)
    assert provider.label == "OpenAI-compatible, api.example.org"
    assert "hush" not in provider.label
