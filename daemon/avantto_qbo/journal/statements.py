"""The named statements of `journal/sql`: each a name, a sentence and one SQL statement."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Final

import msgspec

from avantto_qbo.errors import InternalError

_NAME: Final = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


class Statement(msgspec.Struct, frozen=True):
    """One statement. `purpose` is the sentence above it; `writes` is False for a plain query."""

    name: str
    purpose: str
    sql: str

    @property
    def writes(self) -> bool:
        return not self.sql.lower().startswith("select")


def parse(file: str, text: str) -> Iterator[Statement]:
    """Yield the statements of one file, named `file.statement`.

    Raises InternalError for a statement without a sentence or without SQL.
    """
    parts = _NAME.split(text)[1:]
    for short, body in zip(parts[::2], parts[1::2], strict=True):
        lines = body.strip().splitlines()
        purpose = " ".join(line[3:] for line in lines if line.startswith("-- "))
        sql = "\n".join(line for line in lines if not line.startswith("--")).strip().rstrip(";")
        if not purpose or not sql:
            raise InternalError(f"statement {file}.{short} needs a sentence and one statement")
        yield Statement(f"{file}.{short}", purpose, sql)


def collect(files: Iterable[tuple[str, str]]) -> Mapping[str, Statement]:
    """Parse files given by name and text. Raises InternalError when a statement's name is used twice."""
    found: dict[str, Statement] = {}
    for file, text in files:
        for statement in parse(file, text):
            if statement.name in found:
                raise InternalError(f"two statements are called {statement.name}")
            found[statement.name] = statement
    return found


@cache
def all_statements() -> Mapping[str, Statement]:
    """Read every statement once, by name."""
    entries = [entry for entry in resources.files(__package__).joinpath("sql").iterdir() if entry.name.endswith(".sql")]
    return collect((entry.name.removesuffix(".sql"), entry.read_text(encoding="utf-8")) for entry in entries)


def statement(name: str) -> Statement:
    """Return the statement called `file.statement`. Raises InternalError when there is none."""
    try:
        return all_statements()[name]
    except KeyError:
        raise InternalError(f"no statement is called {name}") from None
