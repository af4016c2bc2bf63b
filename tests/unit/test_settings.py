"""Settings: every value is checked at the door, and every error says what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from server.settings import (
    NAMES,
    PREFIX,
    PROVIDER_VARIABLES,
    SettingsError,
    default_data_dir,
    load_settings,
    unknown_variables,
)

ROOT = Path(__file__).resolve().parents[2]
DOCS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_each_setting_has_a_heading_in_the_docs(name):
    assert f"\n## {PREFIX}{name}\n" in DOCS


def test_the_docs_name_no_setting_that_does_not_exist():
    headings = re.findall(rf"^## {PREFIX}(\w+)$", DOCS, re.MULTILINE)
    assert headings == list(NAMES)


@pytest.mark.parametrize("name", PROVIDER_VARIABLES)
def test_each_provider_variable_is_in_the_docs(name):
    assert f"`{name}`" in DOCS


def test_an_empty_environment_is_enough():
    settings = load_settings({})
    assert (settings.host, settings.port, settings.frame_port) == ("127.0.0.1", 8000, 8001)
    assert not settings.port_chosen
    assert not settings.frame_port_chosen
    assert settings.loopback
    assert settings.max_repairs == 2
    assert settings.model is None
    assert settings.access_token is None


def test_in_a_checkout_data_stay_in_the_checkout():
    settings = load_settings({})
    assert settings.data_dir == ROOT / "data"
    assert (
        settings.database_url == f"sqlite+aiosqlite:///{(ROOT / 'data').as_posix()}/sandwright.db"
    )


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {"HOME": "/home/ada"}, "/home/ada/.local/share/sandwright"),
        ("linux", {"HOME": "/home/ada", "XDG_DATA_HOME": "/data"}, "/data/sandwright"),
        ("darwin", {"HOME": "/Users/ada"}, "/Users/ada/Library/Application Support/sandwright"),
        ("win32", {"LOCALAPPDATA": "C:/Users/ada/Local"}, "C:/Users/ada/Local/sandwright"),
    ],
)
def test_installed_data_go_where_the_system_keeps_them(platform, environment, expected, tmp_path):
    assert default_data_dir(environment, platform, tmp_path) == Path(expected)


def test_the_database_follows_the_data_directory(tmp_path):
    settings = load_settings({"SANDWRIGHT_DATA_DIR": str(tmp_path)})
    assert settings.database_url == f"sqlite+aiosqlite:///{tmp_path.as_posix()}/sandwright.db"


def test_a_plain_sqlite_address_gets_the_driver_that_is_used():
    settings = load_settings({"SANDWRIGHT_DATABASE_URL": "sqlite:////srv/tools.db"})
    assert settings.database_url == "sqlite+aiosqlite:////srv/tools.db"


def test_an_empty_variable_counts_as_unset():
    assert load_settings({f"{PREFIX}{name}": " " for name in NAMES}) == load_settings({})


def test_a_flag_goes_before_a_variable_and_counts_as_chosen():
    settings = load_settings({"SANDWRIGHT_PORT": "9000"}, {"PORT": "9100", "HOST": None})
    assert settings.port == 9100
    assert settings.port_chosen


def test_the_model_is_split_at_the_first_slash_only():
    model = "openai/meta-llama/llama-4"
    assert load_settings({"SANDWRIGHT_MODEL": model}).model == model


def test_allowed_hosts_are_a_list_in_lower_case():
    settings = load_settings({"SANDWRIGHT_ALLOWED_HOSTS": "Tools.Example.org, tools.local,"})
    assert settings.allowed_hosts == ("tools.example.org", "tools.local")


@pytest.mark.parametrize("url", ["https://tools.example.org", "http://tools.example.org:8000/"])
def test_the_frames_may_not_have_the_origin_of_the_pages(url):
    names = {"SANDWRIGHT_ALLOWED_HOSTS": "tools.example.org", "SANDWRIGHT_FRAME_URL": url}
    with pytest.raises(SettingsError, match="another origin"):
        load_settings(names)


@pytest.mark.parametrize(
    "url",
    [
        "https://{id}.example.org",
        "https://{id}.frames.example.org:444",
        "https://frames.example.org",
        "https://tools.example.org:8443",
        "http://192.0.2.7:8001",
    ],
)
def test_the_frames_may_have_any_origin_of_their_own(url):
    names = {"SANDWRIGHT_ALLOWED_HOSTS": "tools.example.org", "SANDWRIGHT_FRAME_URL": url}
    assert load_settings(names).frame_url == url


def test_the_recipes_are_their_one_model():
    assert load_settings({"SANDWRIGHT_MODEL": "recipes"}).model == "recipes/built-in"


def test_providers_get_their_own_variables_and_no_others():
    environment = {"OPENAI_API_KEY": "k", "OLLAMA_HOST": "", "AWS_SECRET_ACCESS_KEY": "s"}
    assert load_settings(environment).provider_environment == {"OPENAI_API_KEY": "k"}


def test_secrets_are_not_shown_when_settings_are():
    environment = {
        "SANDWRIGHT_ACCESS_TOKEN": "open-sesame",
        "SANDWRIGHT_REDIS_URL": "redis://:hunter2@127.0.0.1/0",
        "OPENAI_API_KEY": "sk-secret",
    }
    shown = repr(load_settings(environment))
    assert not any(secret in shown for secret in ("open-sesame", "hunter2", "sk-secret"))


WRONG = [
    ("HOST", "http://here"),
    ("HOST", "two words"),
    ("PORT", "eighty"),
    ("PORT", "65536"),
    ("PORT", "-1"),
    ("PORT", "٨٠٠٠"),
    ("FRAME_PORT", "8001.5"),
    ("FRAME_URL", "frames.example.org"),
    ("FRAME_URL", "https://"),
    ("FRAME_URL", "https://[::1"),
    ("FRAME_URL", "https://{id}.example.org/path"),
    ("FRAME_URL", "https://{name}.example.org"),
    ("FRAME_URL", "https://{id}.{id}.example.org"),
    ("FRAME_URL", "https://ada@example.org"),
    ("FRAME_URL", "https://example.org:port"),
    ("FRAME_URL", "https://t-{id}.example.org"),
    ("FRAME_URL", "https://frames.{id}.example.org"),
    ("FRAME_URL", "https://{id}example.org"),
    ("FRAME_URL", "https://{id}"),
    ("FRAME_URL", "https://*.example.org"),
    ("FRAME_URL", "https://a;b.example.org"),
    ("FRAME_URL", "https://[2001:db8::1]"),
    ("FRAME_URL", "http://localhost:8000"),
    ("FRAME_URL", "http://127.0.0.1:8000"),
    ("ALLOWED_HOSTS", "https://tools.example.org"),
    ("ALLOWED_HOSTS", ","),
    ("ALLOWED_HOSTS", "tools.example.org:444"),
    ("ALLOWED_HOSTS", "*.example.org"),
    ("DATA_DIR", "/dev/null"),
    ("DATABASE_URL", "postgresql://localhost/tools"),
    ("DATABASE_URL", "tools.db"),
    ("DATABASE_URL", "sqlite://"),
    ("MODEL", "gpt-4.1"),
    ("MODEL", "openai/"),
    ("MAX_REPAIRS", "many"),
    ("MAX_REPAIRS", "11"),
    ("BUDGET_PER_DAY", "5 dollars"),
    ("BUDGET_PER_TOOL", "-1"),
    ("ACCESS_TOKEN", "open sesame"),
    ("ACCESS_TOKEN", "schlüssel"),
    ("PRIVATE_ORIGINS", "nas.lan"),
    ("PRIVATE_ORIGINS", "http://nas.lan"),
    ("PRIVATE_ORIGINS", "https://*.lan"),
    ("REDIS_URL", "127.0.0.1:6379"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_is_one_line_that_names_the_variable_and_an_example(name, value):
    with pytest.raises(SettingsError) as caught:
        load_settings({PREFIX + name: value})
    message = str(caught.value)
    assert message.startswith(f"{PREFIX}{name} ")
    assert f"for example {PREFIX}{name}=" in message
    assert "\n" not in message


def test_a_wrong_flag_is_named_as_the_person_wrote_it():
    with pytest.raises(SettingsError, match=r"^--frame-port must .* for example --frame-port=8001"):
        load_settings({}, {"FRAME_PORT": "x"})


@pytest.mark.parametrize("name", ["ACCESS_TOKEN", "REDIS_URL", "DATABASE_URL"])
def test_an_error_about_a_secret_does_not_repeat_it(name):
    with pytest.raises(SettingsError) as caught:
        load_settings({PREFIX + name: "open sesame"})
    assert "sesame" not in str(caught.value)


def test_the_two_ports_must_differ():
    with pytest.raises(SettingsError, match="own origin"):
        load_settings({"SANDWRIGHT_PORT": "9000", "SANDWRIGHT_FRAME_PORT": "9000"})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_loopback_addresses_are_known(host):
    assert load_settings({"SANDWRIGHT_HOST": host}).loopback


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "tools.example.org"])
def test_addresses_that_others_can_reach_are_known(host):
    assert not load_settings({"SANDWRIGHT_HOST": host}).loopback


def test_a_typing_error_in_a_name_is_pointed_out():
    (sentence,) = unknown_variables({"SANDWRIGHT_PROT": "1", "SANDWRIGHT_PORT": "1", "HOME": "/"})
    assert sentence == "SANDWRIGHT_PROT is not a setting; did you mean SANDWRIGHT_PORT?"
