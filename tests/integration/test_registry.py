"""Choosing a model: explicit before a key before recipes, and never a silent fall-back."""

from __future__ import annotations

import gc
import socket
import tomllib
from pathlib import Path

import pytest

from server.providers import prices
from server.providers.hosts import KNOWN_HOSTS, OPENAI
from server.providers.protocol import Price, Usage
from server.providers.registry import Registry
from server.providers.scripted import ScriptedServer
from server.providers.transport import Transport
from server.settings import Settings, SettingsError, load_settings
from tests.integration.wires import Played, playing


async def test_without_any_key_the_recipes_answer_and_it_is_said_why():
    registry = Registry.from_settings(Settings())
    choice = await registry.default()
    assert choice.id == "recipes/built-in"
    assert "No model is connected" in choice.why
    assert list(registry.providers) == ["recipes"]
    await registry.aclose()


async def test_a_custom_host_is_asked_for_its_first_model():
    async with ScriptedServer(models=("first-one", "second")) as server:
        settings = Settings(provider_environment={"OPENAI_BASE_URL": server.base_url})
        registry = Registry.from_settings(settings)
        choice = await registry.default()
        assert choice.id == "openai/first-one"
        assert "first-one" in choice.why
        models = await registry.models()
        ids = [f"{model.provider}/{model.model}" for model in models.items]
        assert ids == ["openai/first-one", "openai/second", "recipes/built-in"]
        assert models.errors == ()
        await registry.aclose()


async def test_openai_itself_is_asked_for_the_model_that_the_documentation_names():
    registry = Registry.from_settings(Settings(provider_environment={"OPENAI_API_KEY": "sk-x"}))
    choice = await registry.default()
    assert choice.id == f"openai/{OPENAI.model}"
    assert "OPENAI_API_KEY" in choice.why
    assert "sk-x" not in repr(choice.why)
    await registry.aclose()


async def test_an_explicit_model_is_used_even_when_no_list_names_it():
    async with ScriptedServer() as server:
        environment = {"OPENAI_BASE_URL": server.base_url}
        settings = Settings(model="openai/some/model:free", provider_environment=environment)
        registry = Registry.from_settings(settings)
        choice = await registry.default()
        assert (choice.provider.name, choice.model) == ("openai", "some/model:free")
        assert "SANDWRIGHT_MODEL" in choice.why
        await registry.aclose()
    assert server.calls == []


async def test_the_recipes_may_be_named_with_or_without_their_one_model():
    for name in ("recipes", "recipes/built-in"):
        registry = Registry.from_settings(load_settings({"SANDWRIGHT_MODEL": name}))
        assert (await registry.default()).id == "recipes/built-in"
        await registry.aclose()


def test_a_refused_model_leaves_no_transport_behind():
    before = transports()
    with pytest.raises(SettingsError) as caught:
        Registry.from_settings(Settings(model="elsewhere/m"))
    assert caught.value.__traceback__ is not None  # which would keep one alive
    assert transports() == before


def transports():
    gc.collect()
    return sum(isinstance(one, Transport) for one in gc.get_objects())


@pytest.mark.parametrize(
    "model", ["elsewhere/m", "gpt-4.1", "openai/gpt-4.1", "recipes/", "recipes/other"]
)
def test_an_explicit_model_that_nothing_serves_is_refused_at_the_door(model):
    with pytest.raises(SettingsError, match="SANDWRIGHT_MODEL"):
        Registry.from_settings(Settings(model=model))


async def test_a_host_that_is_away_is_an_error_and_not_a_change_of_mind():
    async with ScriptedServer() as server:
        gone = server.base_url
    registry = Registry.from_settings(Settings(provider_environment={"OPENAI_BASE_URL": gone}))
    choice = await registry.default()
    assert choice.provider.name == "openai"
    assert "could not be listed" in choice.why
    models = await registry.models()
    assert [error.provider for error in models.errors] == ["openai"]
    assert "127.0.0.1" in models.errors[0].message
    assert [model.provider for model in models.items] == ["recipes"]
    await registry.aclose()


async def test_a_name_is_split_at_its_first_slash_and_unknown_providers_are_none():
    registry = Registry.from_settings(Settings(provider_environment={"OPENAI_API_KEY": "sk-x"}))
    found = registry.resolve("openai/vendor/model:x")
    assert (found.provider.name, found.model) == ("openai", "vendor/model:x")
    for name in ("nowhere/x", "openai", "openai/", "", "/x"):
        assert registry.resolve(name) is None
    await registry.aclose()


def test_recipes_cost_nothing_and_other_prices_are_unknown():
    usage = Usage(input=1000, output=500)
    free = prices.tariff("recipes", "built-in", None, None)
    assert free.price == Price(0, 0)
    assert free.cost(usage) == {"amount": 0, "currency": "USD"}
    assert free.cost(Usage()) is None
    assert prices.tariff("openai", "anything", "https://api.openai.com/v1", None) is None
    assert prices.tariff("openai", "gpt-4.1", "https://models.example.org/v1", None) is None


def test_a_call_is_counted_by_the_list_to_the_millionth_of_a_dollar(monkeypatch):
    def unreachable(*_: object) -> None:
        pytest.fail("the list is never fetched")

    monkeypatch.setattr(socket, "getaddrinfo", unreachable)
    monkeypatch.setattr(socket.socket, "connect", unreachable)
    listed = prices.tariff("openai", "gpt-4.1-2025-04-14", "https://api.openai.com/v1", None)
    assert listed.price == Price(2, 8, cached=0.5)
    assert listed.source == f"genai-prices of {prices.DATED}"
    # 600 read anew, 400 from the cache, 100 made.
    assert listed.micros(Usage(1000, 100, 60, 400)) == 600 * 2 + 200 + 800
    claude = prices.tariff("anthropic", "claude-sonnet-4-5", "https://api.anthropic.com", None)
    assert claude.micros(Usage(1000, 0, 0, 400, 500)) == 300 + 120 + 1875
    assert claude.micros(Usage(1000, 0, None, 2000, 2000)) == 300, "more cached than was sent"


def test_the_prices_of_a_host_go_first_and_thinking_may_have_its_own():
    own = Price(1, 3, cached=0.1, written=2, reasoning=5)
    told = prices.tariff("openai", "gpt-4.1", "https://api.openai.com/v1", own)
    assert told.micros(Usage(10, 10, 4, 3, 2)) == round(5 + 0.3 + 4 + 18 + 20)
    plain = prices.tariff("openai", "m", None, Price(1, 3))
    assert plain.cost(Usage(10, 10, 4, 3, 2)) == {"amount": 0.00004, "currency": "USD"}
    absurd = prices.tariff("openai", "m", None, Price(1e300, 1))
    assert absurd.cost(Usage(10, 10)) is None


def test_the_day_of_the_list_is_that_of_its_release():
    root = Path(__file__).resolve().parents[2]
    locked = tomllib.loads((root / "uv.lock").read_text(encoding="utf-8"))["package"]
    released = next(one for one in locked if one["name"] == prices.LIST)
    assert str(released["wheels"][0]["upload-time"])[:10] == prices.DATED
    told = (root / "pyproject.toml").read_text(encoding="utf-8")
    assert f'"{prices.LIST}=={released["version"]}"' in told


async def test_a_key_of_another_host_connects_it_and_the_first_in_the_table_answers():
    keys = {"GROQ_API_KEY": "gsk-x", "ANTHROPIC_API_KEY": "sk-ant-x", "OPENAI_API_KEY": "sk-x"}
    registry = Registry.from_settings(load_settings(keys))
    assert list(registry.providers) == ["openai", "anthropic", "groq", "recipes"]
    assert (await registry.default()).id == f"openai/{OPENAI.model}"
    assert registry.resolve("groq/vendor/model").model == "vendor/model"
    labels = [provider.label for provider in registry.providers.values()]
    assert labels[1:3] == ["Anthropic, api.anthropic.com", "Groq, api.groq.com"]
    assert "sk-" not in repr(labels)
    await registry.aclose()


async def test_a_host_of_the_table_at_another_address_names_the_variable_that_connected_it():
    async with ScriptedServer(models=("an-opus", "a-sonnet")) as server:
        settings = load_settings({"ANTHROPIC_BASE_URL": server.base_url, "XAI_API_KEY": "xai-x"})
        registry = Registry.from_settings(settings)
        choice = await registry.default()
        assert choice.id == "anthropic/a-sonnet"
        assert "ANTHROPIC_BASE_URL is set" in choice.why
        assert choice.provider.label.startswith("Anthropic-compatible, 127.0.0.1")
        await registry.aclose()


def test_a_model_of_a_host_that_is_not_connected_names_the_key_that_connects_it():
    with pytest.raises(SettingsError, match="for mistral: MISTRAL_API_KEY or MISTRAL_BASE_URL"):
        Registry.from_settings(Settings(model="mistral/any"))


def test_no_two_hosts_share_a_name_or_a_variable():
    names = [host.name for host in KNOWN_HOSTS]
    variables = [name for host in KNOWN_HOSTS for name in host.variables]
    assert len({*names, "recipes", "mechanical"}) == len(names) + 2
    assert len(set(variables)) == len(variables)
    assert all(host.base_url.startswith("https://") for host in KNOWN_HOSTS)


async def test_openai_is_spoken_to_in_the_format_that_is_named():
    named = {"OPENAI_API_KEY": "sk-x", "OPENAI_FORMAT": "Responses"}
    registry = Registry.from_settings(load_settings(named))
    assert type(registry.providers["openai"]).__name__ == "ResponsesProvider"
    await registry.aclose()
    wrong = load_settings({**named, "OPENAI_FORMAT": "soap"})
    with pytest.raises(SettingsError, match="OPENAI_FORMAT must be chat or responses, not 'soap'"):
        Registry.from_settings(wrong)


async def test_either_of_googles_keys_connects_gemini_and_the_one_that_did_is_named():
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY"):
        registry = Registry.from_settings(load_settings({name: "AIza-x"}))
        choice = await registry.default()
        assert choice.id == "gemini/gemini-flash-latest"
        assert choice.why.startswith(f"{name} is set")
        await registry.aclose()


async def test_an_ollama_is_connected_by_its_own_variable_and_asked_for_its_first_model():
    listing = {"models": [{"name": "embedder"}, {"name": "qwen3:8b", "model": "qwen3:8b"}]}
    async with playing(Played(listing, content_type="application/json")) as host:
        place = host.url.removeprefix("http://")
        registry = Registry.from_settings(load_settings({"OLLAMA_HOST": place}))
        choice = await registry.default()
        assert choice.id == "ollama/qwen3:8b"
        assert choice.why == "OLLAMA_HOST is set; its host lists qwen3:8b first."
        assert choice.provider.label == f"Ollama, {place}"
        await registry.aclose()
    assert host.requests[0].path == "/api/tags"
