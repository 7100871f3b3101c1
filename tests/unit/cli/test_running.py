"""Commands that need no daemon, and what the command line does with errors."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from avantto_qbo import __version__
from avantto_qbo.cli import main

Run = Callable[..., Result]
NAMES = ("avantto-client-secret", "quickbooks-client-secret", "quickbooks-webhook-verifier", "journal-key")


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in NAMES:
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_text(base64.b64encode(b"k" * 32).decode())
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("secrets")
def test_check_config_says_that_all_is_fine(run: Run) -> None:
    result = run("check-config")
    assert result.exit_code == 0
    assert "and the secret files are fine." in result.stdout


@pytest.mark.usefixtures("secrets")
def test_config_is_taken_before_or_after_the_command(config: Path) -> None:
    before = CliRunner().invoke(main, ["--config", str(config), "check-config", "--json"])
    after = CliRunner().invoke(main, ["check-config", "--json", "--config", str(config)])
    assert before.exit_code == 0
    assert msgspec.json.decode(before.stdout)["config"] == str(config)
    assert after.stdout == before.stdout


def test_the_nearer_config_wins(config: Path) -> None:
    result = CliRunner().invoke(main, ["--config", str(config), "status", "--config", "/nowhere.toml"])
    assert result.exit_code == 78
    assert "/nowhere.toml" in result.stderr


def test_a_wrong_configuration_exits_78_with_one_sentence(config: Path, run: Run) -> None:
    config.write_text(config.read_text() + "[doubt]\nsetle = '1s'\n")
    for command in ("check-config", "run", "status"):
        result = run(command)
        assert result.exit_code == 78
        said = f"avantto-qbo: doubt.setle: is no known key of [doubt] in {config} (did you mean `settle`?)\n"
        assert result.stderr == said


def test_a_missing_secret_exits_78(run: Run, secrets: Path) -> None:
    (secrets / "journal-key").unlink()
    result = run("run")
    assert result.exit_code == 78
    assert f"journal-key: there is no such secret file in {secrets}" in result.stderr


def test_a_password_in_the_journals_url_is_not_shown(config: Path, run: Run, secrets: Path) -> None:
    config.write_text(config.read_text() + '[journal]\nurl = "postgresql://me:hunter2@db/books"\n')
    assert "hunter2" not in run("check-config").stdout


@pytest.mark.parametrize("words", [["version"], ["--version"], ["version", "--json"]])
def test_the_release_is_printed(words: list[str]) -> None:
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0
    assert __version__ in result.stdout


@pytest.mark.parametrize("words", [["nonsense"], ["show"], ["status", "--nonsense"], ["activity", "l", "--limit", "0"]])
def test_wrong_usage_exits_2_with_one_sentence(run: Run, words: list[str]) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert result.stderr.startswith("avantto-qbo: ")
    assert result.stderr.count("\n") == 1


def test_no_command_shows_the_help() -> None:
    result = CliRunner().invoke(main, [])
    assert result.exit_code == 2
    assert "check-config" in result.output


@pytest.fixture
def sandbox() -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "daemon")}
    command = [sys.executable, "-m", "avantto_qbo", "sandbox", "--seed", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        yield process
        process.kill()


def test_sandbox_prints_both_addresses_and_serves_until_it_is_told_to_stop(sandbox: subprocess.Popen[str]) -> None:
    assert sandbox.stdout is not None
    urls = msgspec.json.decode(sandbox.stdout.readline())
    assert sorted(urls) == ["avantto", "quickbooks"]
    sandbox.send_signal(signal.SIGTERM)
    assert sandbox.wait(timeout=20) == 0
