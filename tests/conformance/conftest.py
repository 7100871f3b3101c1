"""Both drivers of the journal on a real file; every test that takes `journal` or `do` runs on each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeAlias, TypeVar

import pytest

from avantto_qbo.journal.connection import Connection
from avantto_qbo.journal.inline import InlineJournal
from avantto_qbo.journal.sqlite import SqliteJournal, open_journal
from conformance.journal_values import FixedClock

P = ParamSpec("P")
T = TypeVar("T")
AnyJournal: TypeAlias = SqliteJournal | InlineJournal


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture(params=["sqlite", "inline"])
async def journal(request: pytest.FixtureRequest, file: Path) -> AsyncIterator[AnyJournal]:
    if request.param == "inline":
        async with InlineJournal(file) as inline:
            yield inline
    else:
        async with open_journal(file, clock=FixedClock()) as threaded:
            yield threaded


class Do:
    """Call a unit's function in a transaction of its own: `await do(inbox.take, HERE, Lane.MONEY, at(0))`."""

    def __init__(self, journal: AnyJournal) -> None:
        self.journal = journal

    async def __call__(self, unit: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.journal.write(lambda db: unit(db, *args, **kwargs))


@pytest.fixture
def do(journal: AnyJournal) -> Do:
    return Do(journal)
