"""Bring a journal file to this release's layout; its `user_version` says how far it has come."""

from __future__ import annotations

import sqlite3
from functools import cache
from importlib import resources

from avantto_qbo.errors import ConfigError, InternalError


@cache
def all_migrations() -> tuple[str, ...]:
    """Read every migration once, in order: the first makes version 1. Raises InternalError when one is missing."""
    folder = resources.files(__package__).joinpath("migrations")
    entries = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda e: e.name)
    if [int(entry.name.split("_")[0]) for entry in entries] != list(range(1, len(entries) + 1)):
        raise InternalError("the journal's migrations are not numbered 1, 2, 3 …")
    return tuple(entry.read_text(encoding="utf-8") for entry in entries)


def version(raw: sqlite3.Connection) -> int:
    """Return how many migrations a file has seen."""
    return int(raw.execute("PRAGMA user_version").fetchone()[0])


def refuse_newer(raw: sqlite3.Connection) -> None:
    """Raise ConfigError for a file that a newer release has migrated; nothing is written."""
    done, known = version(raw), len(all_migrations())
    if done > known:
        problem = f"the file has layout {done}, this release knows {known}"
        raise ConfigError("journal", problem, "install the release that wrote it, or restore a backup")


def migrate(raw: sqlite3.Connection) -> None:
    """Apply what is missing, each migration in a transaction of its own."""
    done = version(raw)
    for number, script in enumerate(all_migrations()[done:], start=done + 1):
        _apply(raw, number, script)


def _apply(raw: sqlite3.Connection, number: int, script: str) -> None:
    try:
        raw.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
    except sqlite3.Error:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        raise
