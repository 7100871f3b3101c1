"""The secret files."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from avantto_qbo.errors import ConfigError
from avantto_qbo.secrets import load_secrets

KEY = bytes(range(32))
FILES = {
    "avantto-client-secret": "a-secret\n",
    "quickbooks-client-secret": "q-secret",
    "quickbooks-webhook-verifier": "verifier\n",
    "journal-key": base64.b64encode(KEY).decode() + "\n",
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        write(tmp_path / name, text)
    return tmp_path


def write(path: Path, text: str, mode: int = 0o600) -> None:
    path.write_text(text)
    path.chmod(mode)


def refusal(place: Path) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_secrets(str(place), {})
    return caught.value


def test_secrets_are_read_without_their_trailing_newline(place: Path) -> None:
    secrets = load_secrets(str(place), {})
    assert secrets.avantto_client_secret == "a-secret"
    assert secrets.quickbooks_client_secret == "q-secret"
    assert secrets.quickbooks_webhook_verifier == "verifier"
    assert secrets.journal_key == KEY


def test_systemds_credentials_are_the_default_place(place: Path) -> None:
    assert load_secrets("", {"CREDENTIALS_DIRECTORY": str(place)}).journal_key == KEY


def test_without_any_place_the_key_is_named() -> None:
    with pytest.raises(ConfigError, match=r"secrets.directory: is empty and \$CREDENTIALS_DIRECTORY is not set"):
        load_secrets("", {})


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named_with_its_directory(place: Path, name: str) -> None:
    (place / name).unlink()
    error = refusal(place)
    assert error.key == name
    assert str(place) in error.problem


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o602])
def test_a_file_open_to_everybody_is_refused(place: Path, mode: int) -> None:
    (place / "journal-key").chmod(mode)
    error = refusal(place)
    assert (error.key, error.mend) == ("journal-key", f"run `chmod 0600 {place / 'journal-key'}`")


def test_an_empty_file_is_refused(place: Path) -> None:
    write(place / "quickbooks-webhook-verifier", "\n")
    assert refusal(place).key == "quickbooks-webhook-verifier"


@pytest.mark.parametrize(
    ("text", "problem"),
    [(base64.b64encode(b"x" * 31).decode(), "31 bytes, not 32"), ("not base64!", "is not base64"), ("é", "base64")],
)
def test_a_wrong_journal_key_says_what_is_wrong_with_it(place: Path, text: str, problem: str) -> None:
    write(place / "journal-key", text)
    assert problem in refusal(place).problem


def test_secrets_never_show_their_values(place: Path) -> None:
    assert repr(load_secrets(str(place), {})) == "Secrets()"
