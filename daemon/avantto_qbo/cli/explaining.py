"""`explain LOCATION DOCUMENT`: the arithmetic of every cent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import quote

import click

from avantto_qbo.cli.options import client, config_option, json_option
from avantto_qbo.cli.status_client import location_path
from avantto_qbo.cli.tables import show_json, show_pairs, show_table
from avantto_qbo.rules.books.explain import ExplainedLine, ExplainedSum, Explanation
from avantto_qbo.server.api_explaining import Booked, ExplainAnswer

_NUMBERS: Final = frozenset({"quantity", "price", "shown", "before tax", "discount", "taxed on", "amount", "total"})


@click.command()
@click.argument("location")
@click.argument("document")
@config_option
@json_option
def explain(location: str, document: str, as_json: bool) -> None:
    """Explain DOCUMENT of LOCATION to the cent: its lines, its sum, and how it stands in the books.

    DOCUMENT is an invoice's id, its number as Avantto or QuickBooks shows it, or a transaction's id.
    """
    path = location_path(location, f"/explanation?document={quote(document, safe='')}")
    answer = client().get(path, ExplainAnswer)
    if as_json:
        return show_json(answer)
    show_pairs(_pairs(answer))
    if answer.explanation is not None:
        _arithmetic(answer.explanation)
    if answer.booked:
        _titled(
            "In the books", ("object", "id", "number", "total", "date", "status", "part"), map(_booked, answer.booked)
        )
    if answer.held:
        _titled("Held", ("id", "what", "why", "mend"), ((one.id, one.kind, one.text, one.mend) for one in answer.held))
    return None


def _pairs(answer: ExplainAnswer) -> Iterable[tuple[str, object]]:
    yield answer.kind, f"{answer.number} ({answer.id})" if answer.number else answer.id
    yield "in Avantto", " ".join(filter(None, (answer.status, answer.total)))
    if answer.explanation is not None:
        yield "tax as", answer.explanation.form
    if answer.problem:
        yield "problem", f"{answer.problem} {answer.mend}".strip()
    for step in answer.next:
        if step.text == answer.problem:
            continue
        yield "next", f"{step.step}: {step.text} {step.mend}".rstrip(": ")
    for note in answer.explanation.notes if answer.explanation is not None else ():
        yield "note", note
    for flag in answer.flags:
        yield "flag", flag.text


def _arithmetic(explanation: Explanation) -> None:
    columns = ("item", "quantity", "price", "shown", "before tax", "discount", "taxed on", "taxes")
    _titled(f"Lines, in {explanation.currency}", columns, map(_line, explanation.lines))
    _titled("Sum", ("what", "amount"), map(_sum, explanation.sums))
    _titled("As posted", ("line", "amount"), map(_sum, explanation.posted))


def _line(line: ExplainedLine) -> tuple[object, ...]:
    amounts = (line.quantity, line.price, line.shown, line.net, line.off, line.base)
    return line.name, *amounts, ", ".join(line.taxes) or "none"


def _sum(one: ExplainedSum) -> tuple[object, ...]:
    return one.label, one.amount


def _booked(one: Booked) -> tuple[object, ...]:
    return one.entity, one.id, one.number, one.total, one.day, one.status, one.part


def _titled(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    click.echo(f"\n{title}")
    show_table(columns, rows, numbers=_NUMBERS)


COMMANDS: Final = (explain,)
