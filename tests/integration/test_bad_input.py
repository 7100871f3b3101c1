"""What bad input gets: a sentence that names the field and what mends it, an exit code, and nothing changed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from integration.business import Business
from integration.house import House
from integration.processes import Answer, cli

# -- the configuration ---------------------------------------------------------------------------------------------


def run_with(house: House, path: Path, old: str, new: str) -> Answer:
    """Run a daemon with one passage of the configuration changed."""
    text = house.config.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return cli("--config", str(path), "run")


@pytest.fixture
def elsewhere(house: House) -> Path:
    return house.folder / "changed.toml"


def test_an_unknown_key_is_answered_with_the_nearest_known_one(house: House, elsewhere: Path) -> None:
    refused = run_with(house, elsewhere, "contacts = ", "contcats = ")
    assert refused.code == 78
    assert "polling.contcats" in refused.err
    assert "did you mean `contacts`?" in refused.err
    assert "Traceback" not in refused.err


def test_an_unknown_setting_among_the_defaults_is_answered_the_same_way(house: House, elsewhere: Path) -> None:
    refused = run_with(house, elsewhere, "review_hours = ", "review_houres = ")
    assert refused.code == 78
    assert "did you mean `review_hours`?" in refused.err


def test_a_missing_secret_names_its_file_and_directory(house: House, elsewhere: Path) -> None:
    empty = house.folder / "no-secrets"
    empty.mkdir(exist_ok=True)
    refused = run_with(house, elsewhere, str(house.secrets), str(empty))
    assert refused.code == 78
    assert "avantto-client-secret" in refused.err
    assert str(empty) in refused.err


def test_an_address_in_use_names_its_key(house: House, elsewhere: Path) -> None:
    refused = run_with(house, elsewhere, "journal.db", "another.db")
    assert refused.code == 78
    assert re.search(r"(server|console)\.listen|status\.socket", refused.err)


def test_a_second_daemon_on_the_same_journal_is_refused(house: House) -> None:
    refused = cli("--config", str(house.config), "run")
    assert refused.code == 78
    assert f"process {house.daemon.pid} is using this journal" in refused.err
    assert house.cli("status").code in {0, 4}


def test_without_a_daemon_a_command_says_so(house: House, elsewhere: Path) -> None:
    elsewhere.write_text(house.config.read_text().replace('socket = "s"', 'socket = "nobody"'))
    unreachable = cli("--config", str(elsewhere), "status")
    assert unreachable.code == 3
    assert "is it running" in unreachable.err


# -- connect -------------------------------------------------------------------------------------------------------


@pytest.fixture
def stranger(house: House) -> Business:
    """A location and a company that nobody has connected."""
    return house.business()


def locations(house: House) -> dict[str, str]:
    rows = house.cli("locations", "--json").json["locations"]
    return {row["id"]: row["realm"] for row in rows if row["status"] != "disconnected"}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(None, "cannot be read"), ("not json", "is not a token response"), ("{}", "holds no `access_token`")],
)
def test_an_unreadable_token_file_is_a_usage_error(stranger: Business, content: str | None, complaint: str) -> None:
    path = stranger.house.folder / "broken.json"
    path.unlink(missing_ok=True)
    if content is not None:
        path.write_text(content)
    command = list(stranger.connect_command())
    command[command.index("--avantto-token") + 1] = str(path)
    refused = stranger.house.cli(*command)
    assert refused.code == 2
    assert "--avantto-token" in refused.err
    assert complaint in refused.err
    assert stranger.location not in locations(stranger.house)


def test_a_token_that_does_not_open_the_realm_changes_nothing(stranger: Business) -> None:
    other = stranger.house.business()
    command = list(stranger.connect_command())
    command[command.index("--realm") + 1] = other.realm
    refused = stranger.house.cli(*command)
    assert refused.code == 1
    assert f"does not open {other.realm}" in refused.err
    assert stranger.location not in locations(stranger.house)


def test_a_token_of_another_location_changes_nothing(stranger: Business) -> None:
    other = stranger.house.business()
    command = list(stranger.connect_command())
    foreign = stranger.house.token_file("foreign", other.crm("mint_tokens"))
    command[command.index("--avantto-token") + 1] = foreign
    refused = stranger.house.cli(*command)
    assert refused.code == 1
    assert f"does not open {stranger.location}" in refused.err
    assert stranger.location not in locations(stranger.house)


def test_a_location_that_is_connected_elsewhere_stays_there(business: Business, stranger: Business) -> None:
    refused = business.house.cli(*business.connect_command(realm=stranger.realm))
    assert refused.code == 1
    assert f"already connected to company {business.realm}" in refused.err
    assert f"avantto-qbo disconnect {business.location}" in refused.err
    assert locations(business.house)[business.location] == business.realm


def test_a_second_location_on_a_company_wants_to_be_confirmed(business: Business, stranger: Business) -> None:
    command = stranger.connect_command(realm=business.realm)
    refused = business.house.cli(*command)
    assert refused.code == 1
    assert "--share" in refused.err
    assert stranger.location not in locations(business.house)

    assert business.house.cli(*command, "--share").code == 0
    assert locations(business.house)[stranger.location] == business.realm
    own = business.house.cli("settings", stranger.location, "contacts", "--json").json["settings"]
    assert [row["value"] for row in own] == ["own"]
    stranger.disconnect()


def test_a_cut_off_in_the_future_is_refused(stranger: Business) -> None:
    refused = stranger.connect("--since", "2999-01-01")
    assert refused.code == 2
    assert "future" in refused.err
    assert stranger.location not in locations(stranger.house)


# -- settings and other commands -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("assignment", "complaint"),
    [
        ("contacts=some", 'must be one of "all", "own", "off", not "some"'),
        ("reviews=yes", 'must be one of "on", "shadow", "off"'),
        ("review_link=nowhere", "must be `auto` or the address of a page"),
        ("review_hours=late", "days and hours such as"),
        ("revews=on", "did you mean `reviews`?"),
        ("books_from=2026-01-01", "connect --since"),
    ],
)
def test_a_setting_of_the_wrong_type_is_named_with_what_is_allowed(
    house: House, assignment: str, complaint: str
) -> None:
    refused = house.cli("settings", "anywhere", assignment)
    assert refused.code == 2
    assert assignment.partition("=")[0] in refused.err
    assert complaint in refused.err


@pytest.mark.parametrize("command", ["show", "settings", "activity", "pause", "attention"])
def test_a_location_that_does_not_exist_is_named(house: House, command: str) -> None:
    refused = house.cli(command, "nowhere")
    assert refused.code == 1
    assert "there is no location nowhere" in refused.err


@pytest.mark.parametrize("command", ["retry", "skip"])
def test_an_operation_that_does_not_exist_is_named(house: House, command: str) -> None:
    refused = house.cli(command, "nothing")
    assert refused.code == 1
    assert "there is no operation nothing" in refused.err
