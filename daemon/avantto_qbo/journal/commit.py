"""Commit several units of work with one sync of the disk, without letting one spoil another."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from avantto_qbo.errors import InternalError, TransientError
from avantto_qbo.journal.connection import Connection, Unit
from avantto_qbo.journal.database import SqliteConnection, translated

T = TypeVar("T")


class Pending(Generic[T]):
    """A unit that waits for its commit, and afterwards what became of it."""

    __slots__ = ("_error", "_result", "_unit")

    def __init__(self, unit: Unit[T]) -> None:
        self._unit = unit
        self._result: tuple[T] | None = None
        self._error: BaseException | None = None

    @property
    def done(self) -> bool:
        """True once the unit was committed or has failed."""
        return self._result is not None or self._error is not None

    def run(self, db: Connection) -> None:
        """Run the unit and keep its value; it counts only once the commit succeeded."""
        self._result = (self._unit(db),)

    def fail(self, error: BaseException) -> None:
        """Note why nothing of the unit is kept; its own failure stays the reason."""
        self._result, self._error = None, self._error or error

    def result(self) -> T:
        """Return the unit's value, or raise what went wrong."""
        if self._error is not None:
            raise self._error
        if self._result is None:
            raise InternalError("a unit of work was never run")
        return self._result[0]


def commit_together(raw: sqlite3.Connection, batch: Sequence[Pending[Any]]) -> None:
    """Run every unit in a savepoint of one transaction and commit it.

    A unit that raises loses only its own changes. When the transaction itself fails, every unit fails. Never raises:
    what became of each unit is in its `Pending`.
    """
    try:
        raw.execute("BEGIN IMMEDIATE")
        db = SqliteConnection(raw, writing=True)
        for pending in batch:
            _run(raw, db, pending)
        raw.execute("COMMIT")
    except BaseException as error:  # noqa: BLE001 - the writer's thread must answer every waiter, whatever happened
        _roll_back(raw)
        for pending in batch:
            pending.fail(_spoiled(error))


def read_only(raw: sqlite3.Connection, unit: Unit[T]) -> T:
    """Run a unit that only reads; nothing else runs on the connection meanwhile."""
    return unit(SqliteConnection(raw, writing=False))


def _run(raw: sqlite3.Connection, db: Connection, pending: Pending[Any]) -> None:
    raw.execute("SAVEPOINT unit")
    try:
        pending.run(db)
    except Exception as error:
        pending.fail(error)
        # A full disk or an I/O error makes SQLite roll the whole transaction back by itself; going on would commit
        # the remaining units one statement at a time.
        if not raw.in_transaction:
            raise TransientError("journal: the database gave the transaction up") from error
        raw.execute("ROLLBACK TO unit")
    raw.execute("RELEASE unit")


def _spoiled(error: BaseException) -> BaseException:
    """Make an error of each waiter's own: one shared by many tasks would collect the tracebacks of all."""
    if isinstance(error, TransientError):
        return TransientError(error.reason)
    return translated(error, "committing")


def _roll_back(raw: sqlite3.Connection) -> None:
    if raw.in_transaction:
        raw.execute("ROLLBACK")
