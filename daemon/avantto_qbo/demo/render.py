"""Tell the story: live lines with progress on a terminal, plain lines elsewhere, one JSON document for scripts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from time import monotonic
from types import TracebackType
from typing import Final, Self

import msgspec
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid
from rich.text import Text

from avantto_qbo.demo.business import Business
from avantto_qbo.demo.claims import Row, Tally
from avantto_qbo.demo.documents import SALES
from avantto_qbo.demo.studio.proof_sales import SOURCES
from avantto_qbo.demo.timing import Calls, Measured

PLAIN_WIDTH: Final = 132
PROGRESS_SECONDS: Final = 10.0
NAME: Final = 20  # the longest name of a company, and a space
# What the bars follow: their names, and how the rows begin that are added up.
BARS: Final = (
    ("Customers → contacts", ("existing customers", "customers of the day")),
    ("Payments → receipts", (*(what for what, _ in SOURCES), SALES)),
    ("Invoices → books", ("invoices sent",)),
)


@dataclass(frozen=True, slots=True)
class Table:
    """One company's proof."""

    business: Business
    rows: tuple[Row, ...]
    calls: Calls


class Teller:
    """Where everything is said. With `machine` standard output is kept for the JSON, the story goes to stderr."""

    def __init__(self, *, machine: bool) -> None:
        stream = sys.stderr if machine else sys.stdout
        self._live = stream.isatty()
        self._console = Console(file=stream, width=None if self._live else PLAIN_WIDTH, highlight=False)
        self._stack = ExitStack()
        self._bars: dict[str, TaskID] = {}
        self._progress = Progress(
            TextColumn("{task.description:<22}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            disable=not self._live,
        )
        self._begun = self._said = monotonic()

    def __enter__(self) -> Self:
        if self._live:
            self._stack.enter_context(self._progress)
            self._bars = {name: self._progress.add_task(name, total=None) for name, _ in BARS}
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._stack.close()

    def say(self, text: str, clock: str = "", who: str = "") -> None:
        """Tell one thing; `clock` is the story's own time of day, `who` the company it happens in."""
        seconds = f"{monotonic() - self._begun:5.1f} s"
        told = Text.assemble((seconds, "dim"), "  ", (f"{clock:<6}", "bold cyan"), (f"{who:<{NAME}}", "magenta"), text)
        self._console.print(told)

    def progress(self, rows: Sequence[Row]) -> None:
        """Show how far the two sides have come together."""
        sums = {name: _added(rows, begins) for name, begins in BARS}
        for name, (done, total) in sums.items():
            if self._live:
                self._progress.update(self._bars[name], completed=done, total=total or None)
        if not self._live and monotonic() - self._said >= PROGRESS_SECONDS:
            self._said = monotonic()
            self.say("  " + ", ".join(f"{name} {done}/{total}" for name, (done, total) in sums.items()))

    def show(self, tables: Sequence[Table], measured: Sequence[Measured]) -> None:
        """Print every company's proof table, and the measurements."""
        self._stack.close()
        for table in tables:
            self._console.print(proof_table(table))
            for row in table.rows:
                for difference in row.differences[:3]:
                    self._console.print(Text(f"  {row.rule}: {difference}", "red"))
            self._console.print(Text(_told(table.calls)))
            self._console.print()
        for one in measured:
            figures = f"median {one.median} s, longest {one.longest} s of {len(one.seconds)}" if one.seconds else "none"
            self._console.print(Text(f"{one.what}: {figures} (target {one.target:.0f} s)"))

    def lines(self, lines: Sequence[str]) -> None:
        """Print lines as they are."""
        for line in lines:
            self._console.print(Text(line), soft_wrap=True)


def proof_table(proof: Table) -> Grid:
    """Return the table of all claims about one company."""
    here = proof.business
    title = f"{here.name} ({here.about}): what Avantto says, what the books say, count and {here.currency}"
    table = Grid(title=title, title_justify="left", header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Rule", no_wrap=True)
    table.add_column("What")
    for name in ("Avantto", "", "Books", ""):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Equal", no_wrap=True)
    for row in proof.rows:
        verdict = Text("yes", "green") if row.equal else Text("NO", "bold red")
        table.add_row(row.rule, Text(row.what), *_cells(row.avantto), *_cells(row.books), verdict)
    return table


def as_json(*, seed: int, seconds: float, tables: Sequence[Table], measured: Sequence[Measured]) -> str:
    """Return everything for scripts: `equal` first, then the companies, sums in cents and times in seconds."""
    answer = {
        "equal": all(row.equal for table in tables for row in table.rows),
        "seed": seed,
        "seconds": round(seconds, 1),
        "companies": [_company(table) for table in tables],
        "measured": [
            {"what": one.what, "target": one.target, "median": one.median, "longest": one.longest} for one in measured
        ],
    }
    return msgspec.json.format(msgspec.json.encode(answer), indent=2).decode()


def _company(table: Table) -> dict[str, object]:
    here = table.business
    return {
        "name": here.name,
        "location": here.location,
        "realm": here.realm,
        "currency": here.currency,
        "equal": all(row.equal for row in table.rows),
        "rows": [_row(row) for row in table.rows],
        "calls": asdict(table.calls),
    }


def _row(row: Row) -> dict[str, object]:
    return {
        "rule": row.rule,
        "what": row.what,
        "avantto": _plain(row.avantto),
        "books": _plain(row.books),
        "equal": row.equal,
        "differences": row.differences,
    }


def _told(calls: Calls) -> str:
    each = f"{calls.reads / calls.documents:.2f}" if calls.documents else "0"
    return (
        f"Calls since the connection: {calls.avantto} to Avantto, {calls.quickbooks} to QuickBooks, "
        f"{calls.refused} refused by their limits. Metered reads: {calls.polls} polls of the change feed, "
        f"{calls.reads} others for {calls.documents} documents ({each} each)."
    )


def _plain(tally: Tally) -> dict[str, int]:
    return {"count": tally.count} | ({} if tally.cents is None else {"cents": tally.cents})


def _cells(tally: Tally) -> tuple[str, str]:
    if tally.cents is None:
        return str(tally.count), ""
    units, rest = divmod(tally.cents, 100)
    return str(tally.count), f"{units:,}.{rest:02d}"


def _added(rows: Sequence[Row], begins: tuple[str, ...]) -> tuple[int, int]:
    """Done and wanted of some rows: contacts are wanted by the books, documents by Avantto."""
    sides = [(row.avantto.count, row.books.count) for row in rows if row.what.startswith(begins)]
    contacts, documents = (sum(side) for side in zip(*sides, strict=True)) if sides else (0, 0)
    about_contacts = any(row.rule.startswith("C") for row in rows if row.what.startswith(begins))
    return (contacts, documents) if about_contacts else (documents, contacts)
