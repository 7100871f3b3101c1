"""The control interface of the QuickBooks stand-in: companies, tokens, knobs, and a human at the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any, get_args

from avantto_qbo.sandbox.control import CommonPlay, ControlError
from avantto_qbo.sandbox.quickbooks import hand, ledger
from avantto_qbo.sandbox.quickbooks.company import Company, Kind
from avantto_qbo.sandbox.quickbooks.deposits import deposit
from avantto_qbo.sandbox.quickbooks.entities import ENTITIES
from avantto_qbo.sandbox.quickbooks.fields import Json
from avantto_qbo.sandbox.quickbooks.knobs import turn
from avantto_qbo.sandbox.quickbooks.merging import merge
from avantto_qbo.sandbox.quickbooks.refusals import RefusedError
from avantto_qbo.sandbox.quickbooks.seed import AST_RATE, preferences
from avantto_qbo.sandbox.quickbooks.taxtables import TAX_FREE

if TYPE_CHECKING:
    from avantto_qbo.sandbox.quickbooks.service import QuickBooks

_WORKSPACE = "*"


class Play(CommonPlay):
    """Actions on the QuickBooks stand-in; those that change books act as a human in QuickBooks' own pages."""

    def __init__(self, service: QuickBooks) -> None:
        super().__init__(service.faults, service.outbox, service.traffic)
        self._service = service

    def add_company(self, realm: str, kind: Kind = "us", name: str = "", **knobs: Any) -> dict[str, Any]:
        """Open a company; further arguments turn its knobs. Return realm, kind and name."""
        if kind not in get_args(Kind):
            raise ControlError(f"kind is one of {', '.join(get_args(Kind))}")
        if realm in self._service.companies:
            raise ControlError(f"company {realm} exists already")
        company = self._service.open_company(realm, kind, name or f"Sandbox Company {realm}")
        self.set(realm, **knobs)
        return {"realm": realm, "kind": kind, "name": company.name}

    def set(self, realm: str, **knobs: Any) -> dict[str, Any]:
        """Turn knobs of a company (see `Knobs`) and return all.

        Realm `*` takes `read_quota`: the metered reads of all realms together.
        """
        if realm == _WORKSPACE:
            self._service.workspace_read_quota = knobs["read_quota"]
            return knobs
        company = self._company(realm)
        before = preferences(company)
        company.knobs = turn(company.knobs, knobs)
        if preferences(company) != before:
            company.update("Preferences", {**preferences(company), "Id": "1"})
        if "tax_rate" in knobs and company.find("TaxRate", AST_RATE) and company.locale.tax == "automated":
            company.tables["TaxRate"].amend(AST_RATE, RateValue=company.tax_rate)
        if "tax_free_code" in knobs:
            self._offer_tax_free(company)
        self._service.announce_changes()
        return asdict(company.knobs)

    # -- a human in the books ----------------------------------------------------------------------------------------

    def create(self, realm: str, entity: str, body: Mapping[str, Any]) -> Json:
        """Make an object and return it; a refusal is a `ControlError` that carries the fault."""
        return self._by_hand(realm, lambda company: ledger.create(company, entity, body))

    def create_many(self, realm: str, entity: str, bodies: Iterable[Mapping[str, Any]]) -> list[str]:
        """Make several objects and return their ids."""
        return [self.create(realm, entity, body)["Id"] for body in bodies]

    def update(self, realm: str, entity: str, body: Mapping[str, Any]) -> Json:
        """Change an object: `body` has its Id and the changed members; the newest SyncToken is taken."""
        return self._by_hand(realm, lambda company: ledger.update(company, entity, _current(company, entity, body)))

    def void(self, realm: str, entity: str, body: Mapping[str, Any]) -> Json:
        """Void a transaction; `body` has its Id."""
        return self._by_hand(realm, lambda company: ledger.void(company, entity, _current(company, entity, body)))

    def delete(self, realm: str, entity: str, body: Mapping[str, Any]) -> Json:
        """Delete a transaction; `body` has its Id."""
        return self._by_hand(realm, lambda company: ledger.delete(company, entity, _current(company, entity, body)))

    def merge_customers(self, realm: str, winner: str, loser: str) -> Json:
        """Merge two customers: the loser's transactions become the winner's, who is returned."""
        return self._by_hand(realm, lambda company: merge(company, winner, loser))

    def deposit_payment(self, realm: str, payment: str, entity: str = "Payment") -> Json:
        """Put a payment (or sales receipt) into a bank deposit: from now on it cannot be changed (6540)."""
        return self._by_hand(realm, lambda company: deposit(company, entity, payment))

    def restore(self, realm: str, entity: str, identifier: str) -> Json:
        """Enter a deleted or voided transaction once more: a new Id, the same number and note."""
        return self._by_hand(realm, lambda company: hand.restore(company, _known(entity), identifier))

    def edit_line(self, realm: str, entity: str, identifier: str, line: int = 1, **members: Any) -> Json:
        """Change members of a line, counted from 1: Description, Amount, ItemRef, ClassRef, TaxCodeRef, …"""
        return self._by_hand(realm, lambda company: hand.edit_line(company, _known(entity), identifier, line, members))

    def split_line(self, realm: str, entity: str, identifier: str, amounts: Iterable[Any], line: int = 1) -> Json:
        """Make several lines of one; the amounts add up to the old one, the total stays."""
        parts = [Decimal(str(amount)) for amount in amounts]
        return self._by_hand(realm, lambda company: hand.split_line(company, _known(entity), identifier, line, parts))

    def rename(self, realm: str, entity: str, identifier: str, name: str) -> Json:
        """Rename a person, item, account, tax code or other list entry."""
        return self._by_hand(realm, lambda company: hand.rename(company, _known(entity), identifier, name))

    def deactivate(self, realm: str, entity: str, identifier: str, active: bool = False) -> Json:
        """Make a person, item, account, tax code or other list entry inactive, or with `active` active again."""
        return self._by_hand(realm, lambda company: hand.set_active(company, _known(entity), identifier, active=active))

    def add_tax_code(self, realm: str, name: str, rates: Mapping[str, Any]) -> Json:
        """Make a sales tax code with rates of its own: name to percent."""
        percents = {title: str(percent) for title, percent in rates.items()}
        return self._by_hand(realm, lambda company: hand.add_tax_code(company, name, percents))

    def close_books(self, realm: str, until: str = "") -> dict[str, Any]:
        """Close the books up to and with a day (ISO), or open them."""
        return self.set(realm, close_books=until or None)

    # -- tokens ------------------------------------------------------------------------------------------------------

    def mint_tokens(self, realm: str) -> dict[str, object]:
        """Return a token response of the vendor, plus `realmId`."""
        return self._service.authority.mint(self._company(realm).realm)

    def expire_tokens(self, realm: str, refresh: bool = False) -> dict[str, Any]:
        """Expire the realm's access tokens, and with `refresh` its refresh tokens."""
        self._service.authority.expire(realm, refresh=refresh)
        return {}

    def revoke(self, realm: str) -> dict[str, Any]:
        """Disconnect the app, as an owner would in QuickBooks."""
        self._service.authority.disconnect(realm)
        return {}

    def consent(self, realm: str = "", deny: bool = False) -> dict[str, Any]:
        """Choose the company the next authorisations connect (default the first), or refuse them."""
        self._service.consenting = None if deny else realm
        return {"realm": self._service.consenting}

    # -- looking -----------------------------------------------------------------------------------------------------

    def state(self, realm: str) -> dict[str, Any]:
        """Return everything in a company: objects by entity, ids of deleted ones, knobs."""
        company = self._company(realm)
        objects = {name: [row.body for row in table.rows()] for name, table in company.tables.items()}
        deleted = {name: list(table.deleted) for name, table in company.tables.items() if table.deleted}
        return {**objects, "deleted": deleted, "knobs": asdict(company.knobs), "kind": company.kind}

    def counters(self, realm: str = "") -> dict[str, Any]:
        """Return the counters of a realm, or the sum over everything."""
        return (self._traffic.of(realm) if realm else self._traffic.total()).plain()

    def _company(self, realm: str) -> Company:
        company = self._service.companies.get(realm)
        if company is None:
            raise ControlError(f"there is no company {realm!r}")
        return company

    def _offer_tax_free(self, company: Company) -> None:
        """Switch the code for sales without tax, where the country has one."""
        for row in company.tables["TaxCode"].rows():
            if str(row.body["Name"]).startswith(TAX_FREE) and row.body["Active"] != company.knobs.tax_free_code:
                hand.set_active(company, "TaxCode", row.id, active=company.knobs.tax_free_code)
                return

    def _by_hand(self, realm: str, act: Callable[[Company], Json]) -> Json:
        try:
            done = act(self._company(realm))
        except RefusedError as refusal:
            raise ControlError(str(refusal), {"Fault": refusal.fault()}) from refusal
        self._service.announce_changes()
        return done


def _current(company: Company, entity: str, body: Mapping[str, Any]) -> Json:
    """Complete a human's change with the newest SyncToken; only the members named are changed."""
    stored = company.find(_known(entity), str(body["Id"])) or {}
    return {"SyncToken": stored.get("SyncToken", "0"), "sparse": True, **body}


def _known(entity: str) -> str:
    if entity not in ENTITIES:
        raise ControlError(f"there is no entity {entity!r}")
    return entity
