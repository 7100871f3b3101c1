"""The configuration file: what it takes, and what it says when it does not."""

from __future__ import annotations

import re
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from avantto_qbo.config import Config, Environment, Listen
from avantto_qbo.config_file import load
from avantto_qbo.errors import ConfigError
from avantto_qbo.model.settings import Channel, OnOff, Settings
from avantto_qbo.typed_values import duration, field_types

EXAMPLE = Path(__file__).parents[2] / "config" / "avantto-qbo.example.toml"
SMALLEST = '[avantto]\nclient_id = "a"\n[quickbooks]\nclient_id = "q"\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "avantto-qbo.toml"


def read(path: Path, text: str) -> Config:
    path.write_text(text)
    return load(path)


def refusal(path: Path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        read(path, text)
    return caught.value


def test_only_the_client_ids_are_needed(path: Path) -> None:
    config = read(path, SMALLEST)
    assert config.server.listen == Listen("127.0.0.1", 8080)
    assert config.quickbooks.api_url == "https://quickbooks.api.intuit.com"
    assert config.quickbooks.timeout == timedelta(seconds=130)
    assert config.polling.contacts == timedelta(minutes=4)
    assert config.defaults == Settings()


@pytest.mark.parametrize("section", ["avantto", "quickbooks"])
def test_a_missing_client_id_is_named(path: Path, section: str) -> None:
    error = refusal(path, SMALLEST.replace(f"[{section}]\nclient_id", f"[{section}]\n# client_id"))
    assert error.key == f"{section}.client_id"
    assert f"[{section}]" in error.mend


def test_the_environment_chooses_the_api(path: Path) -> None:
    config = read(path, SMALLEST + 'environment = "sandbox"\n')
    assert config.quickbooks.environment is Environment.SANDBOX
    assert config.quickbooks.api_url == "https://sandbox-quickbooks.api.intuit.com"


def test_an_api_url_of_ones_own_wins_over_the_environment(path: Path) -> None:
    assert read(path, SMALLEST + 'api_url = "http://127.0.0.1:9000/"\n').quickbooks.api_url == "http://127.0.0.1:9000"


@pytest.mark.parametrize(
    ("text", "key", "mend"),
    [
        ('[server]\nlisen = "x:1"', "server.lisen", "did you mean `listen`?"),
        ("[sever]", "sever", "did you mean `server`?"),
        ("[defaults]\nreveiws = 'on'", "defaults.reveiws", "did you mean `reviews`?"),
        ("[defaults.review_message]\nsmss = 'x'", "defaults.review_message.smss", "did you mean `sms`?"),
        ("[doubt]\nzzz = 1", "doubt.zzz", "known are `on_unresolved`, `settle`"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_known_one(path: Path, text: str, key: str, mend: str) -> None:
    error = refusal(path, SMALLEST + text)
    assert (error.key, error.mend) == (key, mend)


def test_an_unknown_key_names_its_section_and_file(path: Path) -> None:
    assert f"[server] in {path}" in str(refusal(path, SMALLEST + '[server]\nlisen = "x:1"'))


@pytest.mark.parametrize(
    ("text", "key", "allowed"),
    [
        ("[polling]\ncontacts = 240", "polling.contacts", "must be a duration such as"),
        ('[polling]\ncontacts = "4 min"', "polling.contacts", 'not "4 min"'),
        ('[polling]\ncontacts = "0s"', "polling.contacts", "must be a duration"),
        ('[polling]\nmonthly_reads = "many"', "polling.monthly_reads", 'must be a whole number, not "many"'),
        ("[polling]\nmonthly_reads = 0", "polling.monthly_reads", "must be a positive number"),
        ("[server]\nlisten = 8080", "server.listen", "must be a text, not 8080"),
        ('[server]\nlisten = "8080"', "server.listen", "must be an address and a port"),
        ('[server]\nlisten = "127.0.0.1:99999"', "server.listen", "must be an address and a port"),
        ('[doubt]\non_unresolved = "guess"', "doubt.on_unresolved", 'must be one of "hold", not "guess"'),
        ('[journal]\nurl = "mysql://x"', "journal.url", "must be sqlite or postgresql"),
        ("[defaults]\ninvoices = true", "defaults.invoices", 'must be one of "on", "off", not true'),
        ("[alerts]\ncommand = 'mail'", "alerts.command", "must be a list, each a text"),
        ("server = 5", "server", "must be a section"),
        ("[avantto]", str, "is not TOML"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(path: Path, text: str, key: object, allowed: str) -> None:
    error = refusal(path, text + "\n" + SMALLEST if text.startswith("server") else SMALLEST + text)
    assert error.key == (str(path) if key is str else key)
    assert allowed in error.problem


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9000", "http://localhost:1", "http://[::1]:1/x", "https://a.example"]
)
def test_https_and_loopback_addresses_are_taken(path: Path, url: str) -> None:
    assert read(path, SMALLEST.replace('"a"\n', f'"a"\napi_url = "{url}"\n')).avantto.api_url == url


@pytest.mark.parametrize(
    "url", ["http://crm.example", "ftp://127.0.0.1", "crm.example", "http://127.0.0.1.evil.example", "https://x/?q=1"]
)
def test_other_addresses_are_refused(path: Path, url: str) -> None:
    assert refusal(path, SMALLEST.replace('"a"\n', f'"a"\napi_url = "{url}"\n')).key == "avantto.api_url"


def test_a_missing_file_is_a_configuration_error(path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load(path)


def test_a_webhook_key_file_is_found_beside_the_configuration(path: Path) -> None:
    (path.parent / "next.pem").write_text("-----BEGIN PUBLIC KEY-----")
    config = read(path, SMALLEST.replace('"a"\n', '"a"\nwebhook_keys = ["builtin", "next.pem"]\n'))
    assert config.avantto.webhook_keys == ("builtin", str(path.parent / "next.pem"))


def test_a_webhook_key_file_that_is_not_there_is_named(path: Path) -> None:
    error = refusal(path, SMALLEST.replace('"a"\n', '"a"\nwebhook_keys = ["gone.pem"]\n'))
    assert error.key == "avantto.webhook_keys"
    assert "gone.pem is no file" in error.problem


def test_tables_of_the_defaults_are_laid_over_the_built_in_ones(path: Path) -> None:
    config = read(path, SMALLEST + '[defaults]\nreview_channels = ["sms"]\n[defaults.sources]\nfunnel = "off"\n')
    assert config.defaults.sources["funnel"] is OnOff.OFF
    assert config.defaults.sources["website"] is OnOff.ON
    assert config.defaults.review_channels == (Channel.SMS,)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("250ms", timedelta(milliseconds=250)),
        ("3s", timedelta(seconds=3)),
        ("4m", timedelta(minutes=4)),
        ("1h", timedelta(hours=1)),
    ],
)
def test_durations_are_read(text: str, value: timedelta) -> None:
    assert duration(text) == value


@pytest.mark.parametrize("text", ["", "3", "s", "-3s", "1.5h", "3 s", "0ms", "3S", "٣s", "1d"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        duration(text)


def test_the_example_shows_every_key_with_its_default() -> None:
    shown = tomllib.loads(EXAMPLE.read_text())
    assert set(shown) == set(field_types(Config))
    for name, kind in field_types(Config).items():
        assert set(shown[name]) == set(field_types(kind)), name
    ids = {"avantto": shown["avantto"]["client_id"], "quickbooks": shown["quickbooks"]["client_id"]}
    kinds = field_types(Config)
    expected = Config(
        avantto=kinds["avantto"](client_id=ids["avantto"]), quickbooks=kinds["quickbooks"](client_id=ids["quickbooks"])
    )
    assert load(EXAMPLE) == expected
