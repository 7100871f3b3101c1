"""`connect` and `disconnect`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from click.testing import Result

from avantto_qbo.cli import connecting
from avantto_qbo.model.ids import LocationId, RealmId
from avantto_qbo.model.records import Status
from avantto_qbo.server.api import Backfill, BackfillState, ConnectAnswer
from unit.server.standins import MemoryService

Run = Callable[..., Result]
TOKEN = '{"access_token": "secret-token", "expires_in": 3600}\n'


@pytest.fixture
def tokens(tmp_path: Path) -> list[str]:
    words = []
    for provider in ("avantto", "quickbooks"):
        path = tmp_path / f"{provider}.json"
        path.write_text(TOKEN)
        words += [f"--{provider}-token", str(path)]
    return words


def test_connect_prints_what_will_be_posted_where(daemon: MemoryService, run: Run, tokens: list[str]) -> None:
    daemon.statuses.clear()
    result = run("connect", "loc1", "--realm", "900", *tokens, "--since", "2026-01-31T00:00:00+01:00")
    assert result.exit_code == 0
    assert "Corner <Cafe> (loc1) is connected to Cafe Ltd (realm 900)." in result.stdout
    assert "payments\tUndeposited Funds\n" in result.stdout
    (request,) = daemon.connects
    assert bytes(request.avantto_token) == TOKEN.strip().encode()
    assert request.since == datetime(2026, 1, 30, 23, tzinfo=UTC)


def test_connect_speaks_json_with_the_posting(daemon: MemoryService, run: Run, tokens: list[str]) -> None:
    result = run("connect", "loc2", "--realm", "900", *tokens, "--share", "--json")
    answer = msgspec.json.decode(result.stdout)
    assert answer["posting"][0] == {"what": "invoices", "where": "Invoice, numbered as in Avantto"}


def test_a_second_location_is_told_about_share(daemon: MemoryService, run: Run, tokens: list[str]) -> None:
    result = run("connect", "loc2", "--realm", "900", *tokens)
    assert result.exit_code == 1
    assert result.stderr == "avantto-qbo: Another location uses this company. (add --share)\n"


def test_a_location_alone_prints_only_its_link(daemon: MemoryService, run: Run) -> None:
    result = run("connect", "loc9")
    assert result.exit_code == 0
    assert result.stdout == "https://qbo.example/connect/loc9-token\n"


@pytest.mark.parametrize("option", ["--avantto-token", "--quickbooks-token"])
def test_an_unreadable_token_file_names_the_file_and_the_option(run: Run, tokens: list[str], option: str) -> None:
    tokens[tokens.index(option) + 1] = "/nowhere/token.json"
    result = run("connect", "loc1", "--realm", "900", *tokens)
    assert result.exit_code == 2
    assert option in result.stderr
    assert "/nowhere/token.json cannot be read: No such file or directory" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("text", ["", "secret-token", "[]", '{"token": "secret-token"}', '{"access_token": ""}'])
def test_a_file_that_holds_no_token_is_refused_without_showing_it(run: Run, tokens: list[str], text: str) -> None:
    Path(tokens[1]).write_text(text)
    result = run("connect", "loc1", "--realm", "900", *tokens)
    assert result.exit_code == 2
    assert tokens[1] in result.stderr
    assert "secret-token" not in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--realm", "900"], "--avantto-token is missing"),
        (["--since", "2026-01-01"], "--since goes with --realm"),
        (["--share"], "--share goes with --realm"),
        (["--wait"], "--wait goes with --realm"),
        (["--since", "yesterday"], "'--since'"),
    ],
)
def test_half_a_connection_is_wrong_usage(run: Run, words: list[str], said: str) -> None:
    result = run("connect", "loc1", *words)
    assert result.exit_code == 2
    assert said in result.stderr


def test_wait_follows_the_copying_until_it_is_done(
    daemon: MemoryService, run: Run, tokens: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "POLL_SECONDS", 0.01)
    daemon.backfills = [
        Backfill(0, 0, BackfillState.WAITING),
        Backfill(1, 2, BackfillState.RUNNING),
        Backfill(2, 2, BackfillState.DONE),
    ]
    result = run("connect", "loc1", "--realm", "900", *tokens, "--share", "--wait")
    assert result.exit_code == 0
    assert "2/2" in result.stderr
    assert len(daemon.backfills) == 1


def test_waiting_ends_when_the_location_no_longer_runs(
    daemon: MemoryService, run: Run, tokens: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(request: object, actor: str) -> object:
        daemon.statuses[LocationId("loc1")] = Status.BROKEN
        return answer

    answer = ConnectAnswer(LocationId("loc1"), "n", RealmId("9"), "c", datetime.now(UTC), ())
    monkeypatch.setattr(daemon, "connect", broken)
    daemon.backfills = [Backfill(1, 2, BackfillState.RUNNING)]
    result = run("connect", "loc1", "--realm", "900", *tokens, "--wait")
    assert result.exit_code == 1
    assert "loc1 is broken" in result.stderr


def test_a_person_who_stops_waiting_learns_that_the_copying_goes_on(
    daemon: MemoryService, run: Run, tokens: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupt)
    daemon.backfills = [Backfill(1, 2, BackfillState.RUNNING)]
    result = run("connect", "loc1", "--realm", "900", *tokens, "--share", "--wait")
    assert result.exit_code == 1
    assert "the copying goes on (`avantto-qbo show loc1` tells how far it is)" in result.stderr


def test_disconnect_asks_first(daemon: MemoryService, run: Run) -> None:
    result = run("disconnect", "loc1")
    assert result.exit_code == 1
    assert daemon.statuses == {LocationId("loc1"): Status.CONNECTED}
    assert "nothing was changed" in result.stderr


def test_disconnect_yes_does_it(daemon: MemoryService, run: Run) -> None:
    result = run("disconnect", "loc1", "--yes")
    assert (result.exit_code, result.stdout) == (0, "loc1 is disconnected.\n")


def test_disconnect_says_what_of_a_test_is_left_in_quickbooks(daemon: MemoryService, run: Run) -> None:
    daemon.left = "Invoice 12 stands in QuickBooks company 900."
    result = run("disconnect", "loc1", "--yes")
    assert (result.exit_code, result.stdout) == (0, "loc1 is disconnected.\n")
    assert result.stderr == "Note: Invoice 12 stands in QuickBooks company 900.\n"
