"""Show answers: JSON for scripts, tables on a terminal, tab-separated lines anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Container, Iterable, Sequence
from datetime import UTC, datetime

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text


def show_json(answer: object) -> None:
    """Print the answer exactly as the API gives it, indented."""
    click.echo(msgspec.json.format(msgspec.json.encode(answer), indent=2))


def show_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str = "", *, numbers: Container[str] = ()
) -> None:
    """Print rows under their column names; `empty` is said instead when there are none.

    The columns of `numbers` stand flush right on a terminal.
    """
    cells = [[_plain(cell) for cell in row] for row in rows]
    if not cells and empty:
        click.echo(empty)
    elif sys.stdout.isatty():
        _draw(columns, cells, numbers)
    else:
        for line in [columns, *cells]:
            click.echo("\t".join(line))


def show_records(columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str = "") -> None:
    """Print as `show_table`, but on a terminal each row below the last: no column breaks an id or a command in two."""
    if not sys.stdout.isatty():
        return show_table(columns, rows, empty)
    width = max(map(len, columns))
    records = [
        "".join(f"{name:{width}}  {_plain(cell)}\n" for name, cell in zip(columns, row, strict=True)) for row in rows
    ]
    return click.echo("\n".join(records) if records else empty)


def show_pairs(pairs: Iterable[tuple[str, object]]) -> None:
    """Print names and values, one pair a line; pairs without a value are left out."""
    cells = [(name, text) for name, value in pairs if (text := _plain(value))]
    if sys.stdout.isatty():
        _draw(None, cells)
    else:
        for name, text in cells:
            click.echo(f"{name}\t{text}")


def _draw(columns: Sequence[str] | None, cells: Iterable[Sequence[str]], numbers: Container[str] = ()) -> None:
    table = Table(box=None, show_header=columns is not None, pad_edge=False, header_style="bold")
    for column in columns or ("", ""):
        table.add_column(column, overflow="fold", justify="right" if column in numbers else "left")
    for row in cells:
        # Text, because a name with brackets in it is no markup.
        table.add_row(*(Text(cell) for cell in row))
    Console(file=sys.stdout).print(table)


def _plain(value: object) -> str:
    """Write one cell on one line, without characters that would steer a terminal."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    text = value if isinstance(value, str) else _json(value)
    return "".join(character if character.isprintable() else " " for character in text)


def _json(value: object) -> str:
    text = msgspec.json.encode(value).decode()
    return text.strip('"')
