"""Read the facts of a company: one batch for nearly all of them, and pages of items."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol, TypeVar

import msgspec

from avantto_qbo.model.http import Read
from avantto_qbo.model.ids import RealmId
from avantto_qbo.model.quickbooks import Company, Item
from avantto_qbo.quickbooks import company as facts

T = TypeVar("T")
_PAGE = 1000


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
