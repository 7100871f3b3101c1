"""Statements, addresses and instants: what both drivers share before they open a file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from avantto_qbo.errors import ConfigError, InternalError
from avantto_qbo.journal import statements
from avantto_qbo.journal.address import MEMORY, journal_path
from avantto_qbo.journal.database import open_database
from avantto_qbo.journal.instants import to_text
from conformance.journal_values import START


def test_every_statement_is_prepared_without_complaint() -> None:
    raw = open_database(MEMORY)
    for statement in statements.all_statements().values():
        parameters = re.findall(r":(\w+)", statement.sql)
        raw.execute(f"EXPLAIN {statement.sql}", dict.fromkeys(parameters))
    raw.close()


def test_the_mailbox_turns_never_scan_the_whole_history() -> None:
    raw = open_database(MEMORY)
    turns = "inbox.take inbox.oldest inbox.wake operations.due operations.open_in_chain operations.last_for links.get"
    for name in turns.split():
        sql = statements.statement(name).sql
        plan = raw.execute(f"EXPLAIN QUERY PLAN {sql}", dict.fromkeys(re.findall(r":(\w+)", sql))).fetchall()
        assert [step["detail"] for step in plan if step["detail"].startswith("SCAN")] == [], name
    raw.close()


def test_a_second_statement_of_one_name_is_refused() -> None:
    with pytest.raises(InternalError, match=r"x\.a"):
        statements.collect([("x", "-- name: a\n-- One.\nselect 1;"), ("x", "-- name: a\n-- Two.\nselect 2;")])


@pytest.mark.parametrize("text", ["-- name: a\nselect 1;", "-- name: a\n-- Only words.\n"])
def test_a_statement_needs_a_sentence_and_sql(text: str) -> None:
    with pytest.raises(InternalError, match=r"file\.a"):
        list(statements.parse("file", text))


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("sqlite:////var/lib/journal.db", "/var/lib/journal.db"),
        ("sqlite:///journal.db", "journal.db"),
        ("sqlite:////var/my%20books/journal.db", "/var/my books/journal.db"),
        ("/var/lib/journal.db", "/var/lib/journal.db"),
        (Path("journal.db"), "journal.db"),
        (MEMORY, MEMORY),
    ],
)
def test_an_address_names_a_file(address: str | Path, path: str) -> None:
    assert journal_path(address) == path


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("postgresql://host/db", "PostgreSQL driver is not part of this release"),
        ("postgres://host/db", "PostgreSQL driver is not part of this release"),
        ("mysql://host/db", "no driver for mysql"),
        ("sqlite://host/journal.db", "not the address of a file"),
        ("sqlite://", "not the address of a file"),
        ("sqlite:///journal.db?mode=ro", "not the address of a file"),
    ],
)
def test_an_address_without_a_driver_is_refused(address: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        journal_path(address)


def test_an_instant_without_a_time_zone_is_refused() -> None:
    with pytest.raises(InternalError):
        to_text(START.replace(tzinfo=None))
