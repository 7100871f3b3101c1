"""Every event in every state of an invoice and of a sale paid at once, played by the whole daemon.

A state is reached once for its column; every cell begins in a copy of that world, with a daemon that was restarted. A
company in the United States walks all cells, one in the United Kingdom every `_APART`th that can happen.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from avantto_qbo.model.records import Topic
from lifecycle import invoice_events, invoice_states, receipt_events, receipt_states
from lifecycle.copies import Copies
from lifecycle.reading import invoice_books, receipt_books
from lifecycle.table import Cell, Table, read
from lifecycle.tally import Walk, add
from lifecycle.world import Acts, World, play

_HERE: Final = Path(__file__).parent
_APART: Final = 9


@dataclass(frozen=True, slots=True)
class Life:
    """A kind of document: its table, how it comes into each state, what happens to it, and how its books read."""

    topic: Topic
    table: Table
    states: Acts
    events: Acts
    books: Callable[[World], Awaitable[str]]


LIVES: Final = {
    "invoice": Life(
        Topic.INVOICE, read(_HERE / "invoice.md"), invoice_states.STATES, invoice_events.EVENTS, invoice_books
    ),
    "receipt": Life(
        Topic.TRANSACTION, read(_HERE / "receipt.md"), receipt_states.STATES, receipt_events.EVENTS, receipt_books
    ),
}


COLUMNS: Final = [(name, state) for name, life in LIVES.items() for state in life.table.before]


async def reached(life: Life, state: str, kind: str) -> World:
    """A world in which a document has come into `state`."""
    world = World(kind, life.topic)
    await world.open()
    await life.states[state](world)
    return world


async def _played(life: Life, cell: Cell, world: World) -> str:
    """What is wrong with the books after one event, "" if nothing is."""
    if not await play(world, life.events[cell.event]):
        return "cannot happen"
    await world.poll()
    found, sent = await life.books(world), world.written()
    await world.look()
    if (await life.books(world), world.written()) != (found, sent):
        return f"{found}, and one more look makes it {await life.books(world)}"
    return "" if found == cell.books else found


async def _column(life: Life, state: str, kind: str, cells: list[Cell]) -> list[str]:
    start = await reached(life, state, kind)
    before, copies = await life.books(start), Copies(start.stage)
    wrong = [] if before == life.table.before[state] else [f"before: {before}"]
    for cell in sorted(cells, key=lambda cell: cell.impossible):  # what is refused changes nothing, so it comes last
        if not cell.impossible:
            found = await _played(life, cell, start.in_copy(copies.one()))
        else:
            found = "can happen" if await play(start, life.events[cell.event]) else ""
        if found:
            wrong.append(f"{cell.event}: {found}, not {cell.impossible or cell.books}")
    return wrong


async def _walked(name: str, state: str, kind: str, cells: list[Cell]) -> None:
    started = time.monotonic()
    wrong = await _column(LIVES[name], state, kind, cells)
    add(name, kind, Walk(len(cells), sum(bool(cell.impossible) for cell in cells), time.monotonic() - started))
    assert not wrong, "\n".join([f"{name}, {state}, {kind}:", *wrong])


@pytest.mark.parametrize(("name", "state"), COLUMNS)
async def test_the_books_stand_as_the_table_says(name: str, state: str) -> None:
    await _walked(name, state, "us", [cell for cell in LIVES[name].table.cells if cell.state == state])


@pytest.mark.parametrize(("name", "state"), COLUMNS)
async def test_a_british_company_s_books_stand_the_same(name: str, state: str) -> None:
    cells = [cell for cell in LIVES[name].table.cells[::_APART] if cell.state == state and not cell.impossible]
    await _walked(name, state, "uk", cells)


@pytest.mark.parametrize("name", LIVES)
def test_every_event_in_every_state_has_its_cell(name: str) -> None:
    life = LIVES[name]
    assert set(life.table.before) == set(life.states)
    assert set(life.table.events) == set(life.events)
    filled = [(cell.event, cell.state) for cell in life.table.cells]
    assert sorted(filled) == sorted((event, state) for event in life.events for state in life.states)


@pytest.mark.parametrize("name", LIVES)
def test_what_a_cell_refers_to_is_explained(name: str) -> None:
    table = LIVES[name].table
    referred = {mark for cell in table.cells for mark in (cell.impossible, *cell.notes) if mark}
    assert referred == table.legend
