"""What a unit of work sees of a database: named statements in, rows out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, TypeAlias, TypeVar

T = TypeVar("T")

Value: TypeAlias = str | int | bytes | None
"""What a statement's parameter may be; money and instants are text, a truth is 0 or 1."""


class Row(Protocol):
    """One row, read by column name."""

    def __getitem__(self, column: str, /) -> Any: ...


class Connection(Protocol):
    """Runs statements of `journal/sql`; what one unit runs is carried out whole or not at all."""

    def run(self, name: str, /, **params: Value) -> list[Row]:
        """Run the statement called `file.statement` and return its rows ([] where it has none).

        Raises InternalError for an unknown name or a broken constraint, TransientError when the disk or the file
        refuses for now.
        """
        ...


class Now(Protocol):
    """The part of a clock the journal needs."""

    def now(self) -> datetime: ...


Unit: TypeAlias = Callable[[Connection], T]
"""A unit of work. It runs in the writer's thread: no awaits, no I/O but the connection's."""
