"""`map LOCATION [tax|item|account] [NAME=VALUE …]`: which of the company's own things stand for Avantto's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import click

from avantto_qbo.cli.options import client, config_option, json_option
from avantto_qbo.cli.status_client import location_path
from avantto_qbo.cli.tables import show_json, show_records, show_table
from avantto_qbo.server.api_mapping import Choice, MapKind, Mapped, MappingAnswer, MappingRequest, Waiting

_SHOWN: Final = 5  # documents named in one cell
_CHOICES: Final = {
    MapKind.TAX: ("code", "name", "rates"),
    MapKind.ITEM: ("item", "name", "SKU"),
    MapKind.ACCOUNT: ("account", "name", "type"),
}


@click.command("map")
@click.argument("location")
@click.argument(
    "kind", required=False, type=click.Choice([kind.value for kind in MapKind]), metavar="[tax|item|account]"
)
@click.argument("items", nargs=-1, metavar="[NAME=VALUE]...")
@config_option
@json_option
def map_(location: str, kind: str | None, items: tuple[str, ...], as_json: bool) -> None:
    """Choose what in QuickBooks stands for LOCATION's taxes, products and payment processors.

    Without NAME=VALUE it shows what was chosen, what waits for a choice and what there is to choose from. NAME is a
    tax as Avantto names it (none: lines without tax; automatic: tax that Avantto computed), a product's id, or a
    processor or payment method; VALUE the id or name of a tax code, an item or an account. NAME= forgets a choice.
    All changes are made, or none.
    """
    daemon, path = client(), location_path(location, "/mapping")
    if items and kind is not None:
        answer = daemon.patch(path, MappingRequest(MapKind(kind), _changes(items)), MappingAnswer)
    else:
        answer = daemon.get(f"{path}?kind={kind}" if kind else path, MappingAnswer)
    if as_json:
        show_json(answer)
    else:
        _show(answer, MapKind(kind) if kind else None)


def _changes(items: Iterable[str]) -> dict[str, str | None]:
    """A name may hold an equals sign, the value after the last one cannot: anything has an id without."""
    changes: dict[str, str | None] = {}
    for item in items:
        name, given, value = item.rpartition("=")
        if not given or not name.strip():
            raise click.UsageError(f'"{item}" is not NAME=VALUE')
        if name in changes:
            raise click.UsageError(f'"{name}" is named twice')
        changes[name] = value.strip() or None
    return changes


def _show(answer: MappingAnswer, kind: MapKind | None) -> None:
    columns = ("what", "name", "rates", "how", "in QuickBooks", "held documents", "mend")
    show_table(columns, map(_mapped, answer.mapped), empty="Nothing was chosen, and nothing waits for a choice.")
    if answer.problem:
        click.echo(answer.problem, err=True)
    if answer.waiting:
        click.echo()
        show_records(("waits for", "why", "held documents", "mend"), map(_waiting, answer.waiting))
    if kind is not None:
        click.echo()
        choices = [(choice.id, choice.name, choice.detail) for choice in answer.choices]
        show_table(_CHOICES[kind], choices, empty="The company has nothing to choose from.")


def _mapped(row: Mapped) -> tuple[object, ...]:
    to = _named(row.to) if row.to is not None else " or ".join(map(_named, row.candidates))
    return row.kind, row.name, row.rates, row.how, to, _listed(row.documents), row.mend


def _named(choice: Choice) -> str:
    return f"{choice.name} ({choice.id})" if choice.name else choice.id


def _waiting(row: Waiting) -> tuple[object, ...]:
    return row.code, row.text, _listed(row.documents), row.mend


def _listed(documents: Sequence[str]) -> str:
    shown, more = ", ".join(documents[:_SHOWN]), len(documents) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


COMMANDS: Final = (map_,)
