"""Show and make a person's choices: tax codes for taxes, items for products, accounts for processors and methods."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from avantto_qbo.actors.books.cases import Cases
from avantto_qbo.actors.directory import Directory
from avantto_qbo.actors.house import House
from avantto_qbo.errors import ConfigError, RefusedError
from avantto_qbo.journal import links, operations
from avantto_qbo.journal import settings as stored
from avantto_qbo.journal.connection import Connection
from avantto_qbo.location_settings import merge_settings
from avantto_qbo.model.avantto import Tax
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.operation import Operation, State
from avantto_qbo.model.quickbooks import Company
from avantto_qbo.model.records import LocationRecord
from avantto_qbo.model.settings import Settings
from avantto_qbo.rules.books.company import taxcodes
from avantto_qbo.server.api_mapping import Choice, How, MapKind, Mapped, MappingAnswer, MappingRequest, Waiting
from avantto_qbo.service import choosing, report
from avantto_qbo.service.choices import named, offered, picked, tax_choice
from avantto_qbo.service.known import location_of
from avantto_qbo.service.reconsidering import reconsider
from avantto_qbo.service.seen_taxes import Seen, seen, waiting_names

_MOST: Final = 1000
# What documents are held for while a setting has to choose it.
_WAITS: Final = {
    "default_item": MapKind.ITEM,
    "income_account": MapKind.ITEM,
    "deposit_account": MapKind.ACCOUNT,
    "deposit_accounts": MapKind.ACCOUNT,
    "refund_account": MapKind.ACCOUNT,
    "discount_account": MapKind.ACCOUNT,
    "tax_account": MapKind.ACCOUNT,
}


class _Known(msgspec.Struct, frozen=True):
    """What the journal holds about one location's choices."""

    record: LocationRecord
    company: Company
    settings: Settings
    products: dict[str, str]
    held: tuple[Operation, ...]


class MappingDesk:
    """The choices of every location."""

    def __init__(self, house: House, directory: Directory) -> None:
        self._house, self._directory = house, directory

    async def mapping(self, location: LocationId, kind: MapKind | None) -> MappingAnswer:
        """What was chosen and what waits, of one kind or of all.

        Taxes that wait are looked up on the documents in Avantto; QuickBooks is not asked.
        """
        known = await self._house.journal.read(lambda db: self._known(db, location))
        taxes, problem = await self._taxes(known) if kind in {None, MapKind.TAX} else ((), "")
        mapped = (*taxes, *_items(known), *_accounts(known))
        return MappingAnswer(
            location=location,
            mapped=tuple(row for row in mapped if kind in {None, row.kind}),
            waiting=tuple(row for row in _waiting(known.held) if kind in {None, row.kind}),
            choices=offered(kind, known.company) if kind is not None else (),
            problem=problem,
        )

    def _known(self, db: Connection, location: LocationId) -> _Known:
        record = location_of(db, location)
        company = report.company(db, record.realm)
        if company is None:
            mend = f"avantto-qbo connect {location}"
            raise RefusedError(f"what the company of location {location} offers is not known", mend)
        products = links.kind_in_realm(db, record.realm, choosing.PRODUCT)
        return _Known(
            record=record,
            company=company,
            settings=merge_settings(self._house.defaults, stored.of(db, location)),
            products={link.source_id: link.object_id for link in products if link.location == location},
            held=tuple(operations.by_state(db, [State.HELD], location, limit=_MOST)),
        )

    async def _taxes(self, known: _Known) -> tuple[tuple[Mapped, ...], str]:
        waiting = waiting_names(known.record.id, known.held)
        actor = await self._directory.location(known.record.id) if waiting else None
        found, problem = await seen(Cases(self._house, actor) if actor is not None else None, waiting)
        rows = [_tax(one, known) for one in found]
        there = {row.name.casefold() for row in rows}
        unseen = (name for name in known.settings.tax_codes if name.casefold() not in there)
        return (*rows, *(_chosen(MapKind.TAX, name, known.settings.tax_codes[name], known) for name in unseen)), problem

    async def set_mapping(self, location: LocationId, wanted: MappingRequest, actor: str) -> MappingAnswer:
        """Make all of the choices or none; documents that were held are planned again."""
        record = await self._house.journal.read(lambda db: location_of(db, location))
        company = await self._afresh(record)
        see = f"avantto-qbo map {location} {wanted.kind}"
        choices = [_choice(wanted.kind, company, name, text, see) for name, text in wanted.changes.items()]

        def change(db: Connection) -> None:
            place, now = location_of(db, location), self._house.clock.now()
            for name, choice in choices:
                choosing.settle(db, place, wanted.kind, name, choice, now=now, actor=actor)
            reconsider(self._house, db, location, f"{wanted.kind} chosen by {actor}")

        await self._house.journal.write(change)
        self._house.nudge(location)
        return await self.mapping(location, wanted.kind)

    async def _afresh(self, record: LocationRecord) -> Company:
        """The company as it is now: what is chosen may have been made a minute ago."""
        realm = self._directory.realm(record.realm)
        realm.forget_company()
        return await realm.company()


def _choice(kind: MapKind, company: Company, name: str, text: str | None, see: str) -> tuple[str, Choice | None]:
    plain = name.strip()
    if not plain or not plain.isprintable():
        raise ConfigError(kind, "names nothing to choose for", f'such as `{see} "NAME=VALUE"`')
    if text is None:
        return plain, None
    return plain, picked(kind, company, text, key=choosing.field(kind, plain), see=see)


def _tax(one: Seen, known: _Known) -> Mapped:
    """One tax of a held document: chosen, clear by its rates, or waiting."""
    by_name = {name.casefold(): (name, code) for name, code in known.settings.tax_codes.items()}
    for name in (one.name, _by_rates(one.taxes or ())):
        if name and name.casefold() in by_name:
            row = _chosen(MapKind.TAX, *by_name[name.casefold()], known)
            return msgspec.structs.replace(row, name=one.name, rates=_rates(one), documents=one.documents)
    codes = taxcodes.usable(known.company)
    if one.taxes is not None and one.name != taxcodes.AUTOMATIC:
        codes = taxcodes.candidates(one.taxes, known.company) or codes
    candidates = tuple(tax_choice(code, known.company) for code in codes)
    row = Mapped(MapKind.TAX, one.name, How.WAITING, _rates(one), documents=one.documents)
    if len(candidates) == 1 and not one.documents:
        return msgspec.structs.replace(row, how=How.RATE, to=candidates[0])
    return msgspec.structs.replace(row, candidates=candidates, mend=taxcodes.mapping(known.record.id, one.name))


def _by_rates(taxes: Sequence[Tax]) -> str:
    return " + ".join(f"{tax.rate.normalize():f}" for tax in taxes)


def _rates(one: Seen) -> str:
    return " + ".join(f"{tax.rate.normalize():f} %" for tax in one.taxes or ())


def _chosen(kind: MapKind, name: str, wanted: str, known: _Known) -> Mapped:
    """What a person chose, or that it is not there any more."""
    found = named(kind, known.company, wanted)
    if found:
        return Mapped(kind, name, How.CHOSEN, to=found[0])
    mend = f'avantto-qbo map {known.record.id} {kind} "{name}=…"'
    return Mapped(kind, name, How.BROKEN, to=Choice(wanted, ""), mend=mend)


def _items(known: _Known) -> Iterable[Mapped]:
    return (_chosen(MapKind.ITEM, product, item, known) for product, item in sorted(known.products.items()))


def _accounts(known: _Known) -> Iterable[Mapped]:
    table = known.settings.deposit_accounts
    return (_chosen(MapKind.ACCOUNT, name, table[name], known) for name in sorted(table))


def _waiting(held: Iterable[Operation]) -> tuple[Waiting, ...]:
    """The other choices that documents are held for, each once."""
    rows: dict[str, Waiting] = {}
    for op in held:
        if op.reason is None or op.reason.code not in _WAITS:
            continue
        code, text, mend = op.reason.code, op.reason.text, op.reason.mend
        before = rows.get(code, Waiting(_WAITS[code], code, text, mend, ()))
        rows[code] = msgspec.structs.replace(before, documents=(*before.documents, f"{op.source.kind} {op.source.id}"))
    return tuple(rows.values())
