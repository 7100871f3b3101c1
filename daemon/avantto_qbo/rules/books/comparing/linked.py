"""What the journal's links say about the books, kept as small as a comparison needs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.money import Money
from avantto_qbo.model.operation import Source
from avantto_qbo.model.reconciliation import Expected, Group, LinkFact
from avantto_qbo.model.records import Link

GROUPS: Final = {
    "invoice": Group.INVOICES,
    "payment": Group.PAYMENTS,
    "transaction": Group.RECEIPTS,
    "refund": Group.REFUNDS,
}


class _Agreed(msgspec.Struct, frozen=True):
    """What all drafts have in common, as they are kept beside a link."""

    total: Money | None = None
    day: date | None = None
    number: str = ""
    customer: CustomerId = CustomerId("")
    invoice: str = ""


def fact_of(link: Link, survivor: Callable[[CustomerId], CustomerId]) -> LinkFact:
    """Keep of a link what a comparison needs; `survivor` tells whom a merged customer goes on as."""
    agreed = msgspec.json.decode(link.agreed, type=_Agreed | None) if link.agreed else None
    agreed = agreed or _Agreed()
    return LinkFact(
        source=Source(link.source_kind, link.source_id, link.part),
        entity=link.entity,
        object_id=link.object_id,
        status=link.status,
        created_at=link.created_at,
        total=agreed.total,
        day=agreed.day,
        number=agreed.number,
        customer=survivor(agreed.customer),
        invoice=agreed.invoice,
    )


class Links:
    """The links of one location, by what they speak for."""

    def __init__(self, facts: Sequence[LinkFact]) -> None:
        self.by_source: Final = {fact.source: fact for fact in facts}
        self.by_object: Final = {fact.key: fact for fact in facts}
        self._of: dict[tuple[str, str], list[LinkFact]] = {}
        for fact in facts:
            self._of.setdefault((fact.source.kind, fact.source.id), []).append(fact)

    def of(self, kind: str, name: str) -> list[LinkFact]:
        """The links of all parts of one source."""
        return self._of.get((kind, name), [])


def as_agreed(fact: LinkFact, about: Source) -> Expected | None:
    """What both sides agreed on about a linked object whose document is in no list that was read; None if nothing."""
    group = GROUPS[fact.source.kind]
    if fact.total is None or fact.day is None:
        return None
    name = f"{fact.source.kind} {fact.number or fact.source.part or fact.source.id}".capitalize()
    return Expected(group, fact.source, about, fact.day, fact.total, name, fact)


def about_of(source: Source, attributed: Mapping[str, str] = {}) -> Source:
    """The document that a link's source belongs to; `attributed` tells the invoice of a refunded payment."""
    if source.kind == "refund" and source.id in attributed:
        return Source("invoice", attributed[source.id])
    return Source("invoice" if source.kind in {"invoice", "payment"} else "transaction", source.id)


def not_listed(facts: Iterable[LinkFact], listed: Collection[Source], first: date, last: date) -> Iterator[LinkFact]:
    """The invoices and sales of these days that stand in the books, but in none of Avantto's lists."""
    for fact in facts:
        document = fact.source.kind in {"invoice", "transaction"} and fact.status == "live"
        if document and fact.source not in listed and fact.day is not None and first <= fact.day <= last:
            yield fact
