"""The facts of a company: read in one batch and pages of items; and what its answers taught about forms of tax."""

from __future__ import annotations

from collections.abc import Awaitable, Collection
from datetime import datetime
from typing import Final, Protocol, TypeVar

import msgspec

from avantto_qbo.journal import cursors
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.drafts import TaxForm
from avantto_qbo.model.http import Read
from avantto_qbo.model.ids import RealmId
from avantto_qbo.model.quickbooks import Company, Item
from avantto_qbo.quickbooks import company as facts

T = TypeVar("T")
_PAGE: Final = 1000
_REFUSED: Final = "tax.refused"  # the realm's cursor: forms of tax, with commas between


class Ask(Protocol):
    """However the caller reaches the company."""

    def __call__(self, read: Read[T], /) -> Awaitable[T]: ...


async def learn(ask: Ask, realm: RealmId) -> Company:
    """Return the company with all its items. Raises what `ask` raises."""
    company = await ask(facts.company(realm))
    items: list[Item] = []
    while page := await ask(facts.items_page(len(items) + 1, _PAGE)):
        items += page
        if len(page) < _PAGE:
            break
    return msgspec.structs.replace(company, items=tuple(items))


def with_refused_forms(db: Connection, company: Company) -> Company:
    """Add the forms of tax whose totals the company was seen to answer differently."""
    return msgspec.structs.replace(company, refused_forms=_refused(db, company.realm))


def refuse_forms(db: Connection, realm: RealmId, forms: Collection[TaxForm], now: datetime) -> bool:
    """Remember further such forms; False when there are none that were not known."""
    known = _refused(db, realm)
    every = known.union(forms)
    if every == known:
        return False
    cursors.put(db, realm, _REFUSED, ",".join(sorted(every)), now)
    return True


def _refused(db: Connection, realm: RealmId) -> frozenset[TaxForm]:
    text = cursors.get(db, realm, _REFUSED)
    return frozenset(map(TaxForm, text.split(","))) if text else frozenset()
