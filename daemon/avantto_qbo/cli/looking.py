"""Commands that only look: `status`, `locations`, `show`, `activity` and `attention`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

import click

from avantto_qbo.cli.failures import Exit
from avantto_qbo.cli.options import client, config_option, json_option
from avantto_qbo.cli.status_client import location_path
from avantto_qbo.cli.tables import show_json, show_pairs, show_records, show_table
from avantto_qbo.model.operation import State
from avantto_qbo.model.records import Status
from avantto_qbo.server.api import (
    ActivityAnswer,
    ActivityRow,
    AttentionAnswer,
    AttentionItem,
    Backfill,
    BackfillState,
    LocationRow,
    LocationsAnswer,
    ShowAnswer,
    StatusAnswer,
)
from avantto_qbo.server.api_backup import RestoringRow


@click.command()
@config_option
@json_option
@click.pass_context
def status(context: click.Context, as_json: bool) -> None:
    """Say whether all is well; exit 4 when something needs attention."""
    answer = client().get("/status", StatusAnswer)
    if as_json:
        show_json(answer)
    else:
        show_pairs(_status_pairs(answer))
    if answer.attention:
        context.exit(Exit.ATTENTION)


def _status_pairs(answer: StatusAnswer) -> Iterable[tuple[str, object]]:
    yield "daemon", f"{answer.version}, running since {answer.started_at:%Y-%m-%d %H:%M:%SZ}"
    yield "ready", "yes" if answer.ready else "no"
    yield "locations", _counts(answer.locations) or "none"
    yield "operations", _counts(answer.operations) or "none open"
    yield "mail", f"{answer.mail} waiting, the oldest {answer.oldest_mail_seconds:.0f} s" if answer.mail else "none"
    if answer.monthly_reads:
        share = 100 * answer.reads / answer.monthly_reads
        yield "reads", f"{answer.reads} of {answer.monthly_reads} in {answer.month} ({share:.0f} %)"
    yield "backup", _age(answer.backup_at)
    for at in answer.restoring:
        yield "restoring", _restoring(at)
    attention = f"{answer.attention} waiting for a person: `avantto-qbo attention`"
    yield "attention", attention if answer.attention else "nothing"
    for warning in answer.warnings:
        yield "warning", warning


def _age(moment: datetime | None) -> str:
    if moment is None:
        return "never (`avantto-qbo backup FILE`)"
    hours = (datetime.now(UTC) - moment).total_seconds() / 3600
    age = f"{hours / 24:.0f} days" if hours >= 48 else f"{hours:.0f} hours"
    return f"{moment:%Y-%m-%d %H:%M:%SZ}, {age} ago"


def _restoring(at: RestoringRow) -> str:
    done = f"{at.documents} documents read, {sum(at.linked.values())} linked again"
    trouble = f"; it does not go on: {at.trouble}" if at.trouble else ""
    return f"company {at.realm} from {at.since:%Y-%m-%d %H:%M:%SZ}: nothing is written yet; {done}{trouble}"


@click.command()
@config_option
@json_option
def locations(as_json: bool) -> None:
    """List the locations and where each stands."""
    answer = client().get("/locations", LocationsAnswer)
    if as_json:
        return show_json(answer)
    columns = ("location", "name", "realm", "status", "waiting", "doubt", "held", "contacts", "last activity", "reason")
    return show_table(
        columns,
        [(*_standing(row), _backfill(row.backfill), row.last_activity, row.reason) for row in answer.locations],
        empty="No location is connected yet: `avantto-qbo connect LOCATION`.",
    )


def _standing(row: LocationRow) -> tuple[object, ...]:
    return row.id, row.name, row.realm, row.status, row.waiting, row.doubt, row.held


@click.command()
@click.argument("location")
@config_option
@json_option
def show(location: str, as_json: bool) -> None:
    """Show everything about LOCATION."""
    answer = client().get(location_path(location), ShowAnswer)
    if as_json:
        return show_json(answer)
    show_pairs(_show_pairs(answer))
    if answer.attention:
        click.echo()
        _attention_table(answer.attention)
    if answer.activity:
        click.echo()
        _activity_table(answer.activity)
    return None


def _show_pairs(answer: ShowAnswer) -> Iterable[tuple[str, object]]:
    yield "location", f"{answer.name} ({answer.id})"
    yield "company", f"{answer.company} (realm {answer.realm}{', shared' if answer.shared else ''})"
    yield "status", f"{answer.status}: {answer.reason}" if answer.reason else answer.status
    yield "books from", answer.books_from
    yield "connected", answer.connected_at
    yield "time zone", answer.time_zone
    yield "operations", _counts(answer.operations) or "none"
    yield "mail", f"{answer.mail} waiting" if answer.mail else "none waiting"
    yield "contacts", _backfill(answer.backfill)
    yield "no contacts", ", ".join(f"{number} {code}" for code, number in answer.left_out.items())
    if answer.reconciled_at is not None:
        count = f"{answer.differences} differ: `avantto-qbo reconcile {answer.id}`"
        yield "reconciled", f"{answer.reconciled_at:%Y-%m-%d %H:%MZ}, {count if answer.differences else 'all equal'}"
    for posting in answer.posting:
        yield posting.what, posting.where


@click.command()
@click.argument("location")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="How many lines.")
@click.option("--before", type=click.IntRange(1), help="Older than the line with this id.")
@config_option
@json_option
def activity(location: str, limit: int, before: int | None, as_json: bool) -> None:
    """Show what was done for LOCATION, and why; the newest first."""
    page = f"?limit={limit}" + (f"&before={before}" if before else "")
    answer = client().get(location_path(location, "/activity") + page, ActivityAnswer)
    if as_json:
        return show_json(answer)
    _activity_table(answer.rows)
    if answer.before:
        click.echo(f"Older lines: --before {answer.before}", err=True)
    return None


@click.command()
@click.argument("location", required=False)
@config_option
@json_option
def attention(location: str | None, as_json: bool) -> None:
    """List what waits for a person, with the one command that mends it."""
    only = f"?location={quote(location, safe='')}" if location else ""
    answer = client().get(f"/attention{only}", AttentionAnswer)
    if as_json:
        return show_json(answer)
    return _attention_table(answer.items)


def _attention_table(items: Iterable[AttentionItem]) -> None:
    columns = ("id", "location", "what", "since", "why", "mend")
    rows = [
        (item.id, item.location, f"{item.kind} {item.object}".strip(), item.since, item.text, item.mend)
        for item in items
    ]
    show_records(columns, rows, empty="Nothing needs attention.")


def _activity_table(rows: Iterable[ActivityRow]) -> None:
    lines = [(row.id, row.at, row.actor, row.event, row.subject, row.text) for row in rows]
    show_table(("id", "at", "by", "event", "about", "what"), lines, empty="Nothing was done yet.")


def _counts(counts: Mapping[Status, int] | Mapping[State, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items() if number)


def _backfill(backfill: Backfill) -> str:
    match backfill.state:
        case BackfillState.NONE:
            return ""
        case BackfillState.DONE:
            return f"all {backfill.done} copied"
        case _:
            return f"{backfill.done} of {backfill.total or '?'} ({backfill.state})"


COMMANDS: Final = (status, locations, show, activity, attention)
