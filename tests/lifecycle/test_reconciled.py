"""Wherever a document's life has led it, a reconciliation finds it equal or says why it is not: nothing is a riddle."""

from __future__ import annotations

from typing import Final

import pytest

from avantto_qbo.rules.books.comparing.causes import UNEXPLAINED, UNLINKED
from lifecycle.copies import Copies
from lifecycle.test_lifecycle import COLUMNS, LIVES, reached
from lifecycle.world import play
from unit.actors.compared import compared

_APART: Final = 6
_RIDDLES: Final = frozenset({UNEXPLAINED, UNLINKED, "linked_again", "unknown_document", "unreadable", "twice"})


@pytest.mark.parametrize(("name", "state"), COLUMNS)
async def test_whatever_happened_every_difference_has_its_reason(name: str, state: str) -> None:
    life = LIVES[name]
    cells = [cell for cell in life.table.cells if cell.state == state and not cell.impossible]
    start = await reached(life, state, "us")
    copies, riddles = Copies(start.stage), list[str]()
    for cell in cells[COLUMNS.index((name, state)) % _APART :: _APART]:
        world = start.in_copy(copies.one())
        assert await play(world, life.events[cell.event])
        await world.poll()
        answer = await compared(world.stage)
        riddles += [f"{cell.event}: {one.text}" for one in answer.differences if one.code in _RIDDLES]
        if not answer.differences:
            unequal = [day for day in answer.days if (day.avantto_count, day.avantto) != (day.books_count, day.books)]
            riddles += [f"{cell.event}: {day}" for day in unequal]
    assert riddles == []
