"""The command `reviews`: who was asked for a review, who will be, and why not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import click

from avantto_qbo.cli.options import client, config_option, json_option
from avantto_qbo.cli.status_client import location_path
from avantto_qbo.cli.tables import show_json, show_pairs, show_table
from avantto_qbo.server.api import ReviewRow, ReviewsAnswer


@click.command()
@click.argument("location")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="How many requests.")
@config_option
@json_option
def reviews(location: str, limit: int, as_json: bool) -> None:
    """Show who of LOCATION's customers was or will be asked for a review, and why not; ids only."""
    answer = client().get(location_path(location, f"/reviews?limit={limit}"), ReviewsAnswer)
    if as_json:
        return show_json(answer)
    show_pairs(_pairs(answer))
    click.echo()
    columns = ("customer", "state", "since", "channel", "invoice", "payment", "contact", "why", "mend")
    return show_table(columns, map(_cells, answer.rows), empty="Nobody has paid a first invoice yet.")


def _pairs(answer: ReviewsAnswer) -> Iterable[tuple[str, object]]:
    yield "reviews", answer.mode
    yield "requests", ", ".join(f"{number} {state}" for state, number in answer.counts.items() if number) or "none"
    for item in answer.waiting:
        yield "waiting for you", f"{item.text} {item.mend}"


def _cells(row: ReviewRow) -> tuple[object, ...]:
    return (
        row.customer,
        row.state,
        row.since,
        row.channel,
        row.invoice,
        row.payment,
        row.contact,
        row.reason,
        row.mend,
    )


COMMANDS: Final = (reviews,)
