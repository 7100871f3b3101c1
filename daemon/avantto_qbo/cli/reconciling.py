"""`reconcile LOCATION`: Avantto's documents against the books, day by day, and what to do about each difference."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import click

from avantto_qbo.cli.failures import Exit
from avantto_qbo.cli.options import client, config_option, json_option
from avantto_qbo.cli.status_client import location_path
from avantto_qbo.cli.tables import show_json, show_pairs, show_records, show_table
from avantto_qbo.model.reconciliation import Progress
from avantto_qbo.server.api_reconciling import Difference, ReconcileAnswer, ReconciledDay

_DAY: Final = click.DateTime(["%Y-%m-%d"])
_NUMBERS: Final = frozenset({"Avantto", "QuickBooks", "sum in Avantto", "sum in QuickBooks"}) | {
    "missing",
    "extra",
    "different",
}
_REASONS: Final = {
    "before_cut_off": "before the cut-off (not ours)",
    "test_mode": "made in test mode",
    "draft": "drafts",
    "pending_payment": "payments still pending",
    "not_paid": "payments that failed",
    "zero": "payments of zero",
    "source_off": "of a source that is switched off",
    "invoices_off": "left out: the setting invoices is off",
    "receipts_off": "left out: the setting receipts is off",
    "refunds_off": "left out: the setting refunds is off",
    "invoice_gone": "payments of invoices that Avantto does not list",
    "invoice_payment": "payments of invoices",
    "never_posted": "void before they were posted",
    "refunded_in_full": "refunded in full, which the refunds say already",
}


@click.command()
@click.argument("location")
@click.option("--since", type=_DAY, help="The first day (default: all there are).")
@click.option("--until", type=_DAY, help="The last day (default: all there are).")
@config_option
@json_option
@click.pass_context
def reconcile(
    context: click.Context, location: str, since: datetime | None, until: datetime | None, as_json: bool
) -> None:
    """Compare LOCATION's documents in Avantto with QuickBooks, day by day; exit 4 when something needs attention."""
    days = [f"{name}={day:%Y-%m-%d}" for name, day in (("since", since), ("until", until)) if day is not None]
    path = location_path(location, f"/reconciliation?{'&'.join(days)}".rstrip("?"))
    answer = client().reconciliation(path, show_progress)
    if as_json:
        show_json(answer)
    else:
        _show(answer)
    if answer.attention or answer.refused:
        context.exit(Exit.ATTENTION)


def show_progress(progress: Progress) -> None:
    """One line that is written over, for somebody who watches."""
    if not sys.stderr.isatty():
        return
    of = f" of {progress.total}" if progress.total else ""
    click.echo(f"\r\x1b[K{progress.stage}: {progress.done}{of}", nl=False, err=True)
    if progress.stage == "done":
        click.echo("\r\x1b[K", nl=False, err=True)


def _show(answer: ReconcileAnswer) -> None:
    show_pairs(_pairs(answer))
    if answer.days:
        click.echo()
        _days(answer.days)
    if answer.differences:
        click.echo()
        _differences(answer.differences)


def _pairs(answer: ReconcileAnswer) -> Iterable[tuple[str, object]]:
    yield "location", answer.location
    yield "days", f"{answer.since} to {answer.until}"
    yield "compared", f"{answer.compared} documents"
    for code, count in answer.left_out.items():
        yield "not counted", f"{count} {_REASONS.get(code, code)}"
    if answer.unreadable:
        yield "unreadable", f"{answer.unreadable} rows made no sense and were left out"
    if answer.refused:
        yield (
            "not compared",
            f"QuickBooks does not list {', '.join(answer.refused)}: does one of them have a wrong e-mail?",
        )
    if answer.cut_short:
        yield "cut short", "too many differ to look into each of them: ask for fewer days"
    waiting, idle = answer.attention, len(answer.differences) - answer.attention
    asked = f"{waiting} {'needs' if waiting == 1 else 'need'} attention" if waiting else ""
    known = f"{idle} {'differs' if idle == 1 else 'differ'} for a reason that needs nobody" if idle else ""
    yield "result", "; ".join(filter(None, (asked, known))) or "equal"


def _days(days: Iterable[ReconciledDay]) -> None:
    columns = ("day", "kind", "Avantto", "sum in Avantto", "QuickBooks", "sum in QuickBooks")
    rows = ((*_both_sides(day), day.missing, day.extra, day.different) for day in days)
    show_table((*columns, "missing", "extra", "different"), rows, numbers=_NUMBERS)


def _both_sides(day: ReconciledDay) -> tuple[object, ...]:
    return day.day, day.kind, day.avantto_count, day.avantto, day.books_count, day.books


def _differences(differences: Iterable[Difference]) -> None:
    columns = ("what", "kind", "day", "document", "in Avantto", "in QuickBooks", "why", "mend")
    show_records(columns, map(_record, differences))


def _record(one: Difference) -> tuple[object, ...]:
    return one.standing, one.kind, one.day, one.shown, one.avantto, one.books, one.text, one.mend


COMMANDS: Final = (reconcile,)
