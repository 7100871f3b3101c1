"""What a company offers for each kind of choice, and what a person's words for it mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from avantto_qbo.errors import ConfigError
from avantto_qbo.model.quickbooks import Company, TaxCode
from avantto_qbo.rules.books.company.accounts import money_accounts
from avantto_qbo.rules.books.company.shelf import Shelf
from avantto_qbo.rules.books.company.taxcodes import rates_of, usable
from avantto_qbo.server.api_mapping import Choice, MapKind

UNDEPOSITED: Final = "undeposited"  # the word of the settings for the company's own account
_UNDEPOSITED_KIND: Final = "UndepositedFunds"
_WHAT: Final = {
    MapKind.TAX: "active tax code",
    MapKind.ITEM: "active service or non-inventory item",
    MapKind.ACCOUNT: "active bank or other current asset account",
}


def offered(kind: MapKind, company: Company) -> tuple[Choice, ...]:
    """Everything of the company that may be chosen."""
    match kind:
        case MapKind.TAX:
            return tuple(tax_choice(code, company) for code in usable(company))
        case MapKind.ITEM:
            return tuple(Choice(item.id, item.name, item.sku) for item in Shelf.of(company).usable)
        case MapKind.ACCOUNT:
            return tuple(Choice(account.id, account.name, account.kind) for account in money_accounts(company))


def tax_choice(code: TaxCode, company: Company) -> Choice:
    """A tax code with its rates in words."""
    rates = " + ".join(f"{rate.rate.normalize():f} %" for rate in rates_of(code, company))
    return Choice(code.id, code.name, rates or "no tax")


def named(kind: MapKind, company: Company, wanted: str) -> tuple[Choice, ...]:
    """What `wanted` may mean: the one of this id, else all of this name whatever their case."""
    rows = offered(kind, company)
    if kind is MapKind.ACCOUNT and wanted.casefold() == UNDEPOSITED:
        own = {account.id for account in company.accounts if account.sub_kind == _UNDEPOSITED_KIND}
        return tuple(row for row in rows if row.id in own)[:1]
    by_id = tuple(row for row in rows if row.id == wanted)
    return by_id or tuple(row for row in rows if row.name.casefold() == wanted.strip().casefold())


def picked(kind: MapKind, company: Company, wanted: str, *, key: str, see: str) -> Choice:
    """The one thing `wanted` means. Raises ConfigError naming `key`; `see` is the command that lists what there is."""
    found = named(kind, company, wanted)
    if len(found) == 1:
        return found[0]
    if not found:
        raise ConfigError(key, f'"{wanted}" is no {_WHAT[kind]} of the company', f"see `{see}`")
    raise ConfigError(key, f'"{wanted}" is the name of several: {_listed(found)}', "choose one by its id")


def _listed(found: Sequence[Choice]) -> str:
    return ", ".join(f"{row.id} ({row.detail})" if row.detail else row.id for row in found)
