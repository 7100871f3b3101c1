"""A company's items, arranged so that thousands of them can be searched for each line of a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from avantto_qbo.model.quickbooks import Company, Item

# An inventory item would move stock; bundles and categories cannot be sold as they are.
_SELLABLE: Final = frozenset({"Service", "NonInventory"})


@dataclass(frozen=True, slots=True)
class Shelf:
    """The items by what they are found by, first made first; `usable` are those that lines may be booked to, `unsold`
    the ids of all others.

    `names` holds every item, sold or not, by its name without regard to case, as QuickBooks compares names.
    `account_kinds` are the types of the active accounts.
    """

    usable: tuple[Item, ...]
    unsold: frozenset[str]
    by_id: Mapping[str, Item]
    by_sku: Mapping[str, str]
    by_name: Mapping[str, str]
    names: Mapping[str, Sequence[str]]
    account_kinds: Mapping[str, str]

    @classmethod
    def of(cls, company: Company) -> Self:
        """Arrange the items of a company."""
        inactive = {account.id for account in company.accounts if not account.active}
        usable = tuple(
            item
            for item in company.items
            if item.active and item.kind in _SELLABLE and item.income_account not in inactive
        )
        names: dict[str, list[str]] = {}
        for item in company.items:
            names.setdefault(item.name.casefold(), []).append(item.id)
        return cls(
            usable=usable,
            unsold=frozenset(item.id for item in company.items) - {item.id for item in usable},
            by_id={item.id: item for item in company.items},
            by_sku={item.sku: item.id for item in reversed(usable) if item.sku},
            by_name={item.name: item.id for item in reversed(usable)},
            names=names,
            account_kinds={account.id: account.kind for account in company.accounts if account.active},
        )

    def sells(self, item_id: str) -> bool:
        """Say whether lines may be booked to this item; one that is not listed yet is younger than the list."""
        return item_id not in self.unsold

    def on_kind_of(self, item_id: str, account: str) -> bool:
        """Say whether an item is booked to the same kind of account as `account`; any kind where that is ""."""
        item = self.by_id.get(item_id)
        if item is None or not account:
            return True
        return self.account_kinds.get(item.income_account) == self.account_kinds.get(account)
