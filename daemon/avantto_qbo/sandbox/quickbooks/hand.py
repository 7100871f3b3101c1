"""What only a human does in QuickBooks' own pages: edit a line, split it, bring back what was deleted or voided.

A human's edit keeps the tax that stands on the form, as the pages do while only texts, items or classes change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from avantto_qbo.sandbox.quickbooks import ledger
from avantto_qbo.sandbox.quickbooks.company import ZERO, Company
from avantto_qbo.sandbox.quickbooks.entities import ENTITIES, PEOPLE
from avantto_qbo.sandbox.quickbooks.fields import Json
from avantto_qbo.sandbox.quickbooks.lines import DISCOUNT, SALES, SUBTOTAL
from avantto_qbo.sandbox.quickbooks.money import spread
from avantto_qbo.sandbox.quickbooks.numbers import BYPASS
from avantto_qbo.sandbox.quickbooks.refusals import business, not_found
from avantto_qbo.sandbox.quickbooks.seed import plant_code, plant_rate
from avantto_qbo.sandbox.quickbooks.shapes import SHAPES
from avantto_qbo.sandbox.quickbooks.taxtables import CodeRow, RateRow

_DETAILS: Mapping[str, str] = {SALES: "SalesDetail", DISCOUNT: "DiscountDetail"}
_DERIVED = frozenset(
    {"Id", "SyncToken", "MetaData", "sparse", "domain", "status", "Balance", "HomeBalance", "HomeTotalAmt"}
    | {"LinkedTxn", "UnappliedAmt", "RemainingCredit"}
)


def edit_line(company: Company, entity: str, identifier: str, number: int, members: Mapping[str, Any]) -> Json:
    """Change members of the line `number` (from 1; the discount comes last) and return the form; raise `RefusedError`.

    A new amount takes the place of quantity and price; with a new amount or tax code the tax is reckoned anew.
    """
    form, lines = _opened(company, entity, identifier, number)
    old = lines[number - 1]
    kind = old["DetailType"]
    inner = SHAPES[_DETAILS[kind]].keys() if kind in _DETAILS else frozenset()
    line = {**old, **{name: value for name, value in members.items() if name not in inner}}
    if kind in _DETAILS:
        detail = {**old[kind], **{name: value for name, value in members.items() if name in inner}}
        line[kind] = _unpriced(detail) if "Amount" in members else detail
    lines[number - 1] = line
    return _saved(company, entity, form, lines, keep_tax=not members.keys() & {"Amount", "TaxCodeRef"})


def split_line(company: Company, entity: str, identifier: str, number: int, amounts: Iterable[Decimal]) -> Json:
    """Make several lines of one, which together are worth the same, and return the form; raise `RefusedError`."""
    form, lines = _opened(company, entity, identifier, number)
    old, parts = lines[number - 1], list(amounts)
    if sum(parts, ZERO) != old["Amount"]:
        raise business("The parts of a line must add up to it")
    detail = _unpriced(old[SALES])
    grosses = spread(old[SALES].get("TaxInclusiveAmt", ZERO), parts)
    made = [
        {
            **({} if position else {"Id": old["Id"]}),
            **{name: value for name, value in old.items() if name != "Id"},
            "Amount": part,
            SALES: {**detail, **({"TaxInclusiveAmt": gross} if "TaxInclusiveAmt" in old[SALES] else {})},
        }
        for position, (part, gross) in enumerate(zip(parts, grosses, strict=True))
    ]
    lines[number - 1 : number] = made
    return _saved(company, entity, form, lines, keep_tax=True)


def _opened(company: Company, entity: str, identifier: str, number: int) -> tuple[Json, list[Json]]:
    form = company.find(entity, identifier)
    if form is None:
        raise not_found(f"{entity} {identifier}")
    lines = [line for line in form["Line"] if line["DetailType"] != SUBTOTAL]
    if not 1 <= number <= len(lines):
        raise not_found(f"line {number}")
    return form, lines


def _unpriced(detail: Json) -> Json:
    gone = {"Qty", "UnitPrice", "TaxInclusiveAmt"}
    return {name: value for name, value in detail.items() if name not in gone}


def _saved(company: Company, entity: str, form: Json, lines: list[Json], *, keep_tax: bool) -> Json:
    tax = {"TxnTaxDetail": form["TxnTaxDetail"]} if keep_tax and form.get("TxnTaxDetail") else {}
    known = {"Id": form["Id"], "SyncToken": form["SyncToken"], "sparse": True}
    return ledger.update(company, entity, {**known, "Line": lines, **tax})


def restore(company: Company, entity: str, identifier: str) -> Json:
    """Enter a deleted or voided transaction once more: a new Id, the same number and note; raise `RefusedError`.

    Payments that were linked to it stay unlinked; a payment's own links come back where the document still takes them.
    """
    old = company.unvoided.get((entity, identifier)) or company.tables[entity].removed.get(identifier)
    if old is None or not ENTITIES[entity].transaction:
        raise not_found(f"{entity} {identifier}")
    content = {name: value for name, value in old.items() if name not in _DERIVED}
    lines = [line for line in old["Line"] if line.get("DetailType") != SUBTOTAL]
    if entity == "Payment":
        lines = [line for line in lines if _still_open(company, line)]
    content["Line"] = [{name: value for name, value in line.items() if name != "Id"} for line in lines]
    return ledger.create(company, entity, content, frozenset({BYPASS}))


def _still_open(company: Company, line: Json) -> bool:
    linked = line["LinkedTxn"][0]
    document = company.find(linked["TxnType"], linked["TxnId"])
    return document is not None and bool(document["Balance"] >= line["Amount"])


def rename(company: Company, entity: str, identifier: str, name: str) -> Json:
    """Give a name or list entry another name, also a tax code; raise `RefusedError`."""
    member = "DisplayName" if entity in PEOPLE else "Name"
    return _change(company, entity, identifier, {member: name})


def set_active(company: Company, entity: str, identifier: str, *, active: bool) -> Json:
    """Make a name or list entry inactive, which appends " (deleted)", or active again; raise `RefusedError`."""
    return _change(company, entity, identifier, {"Active": active})


def _change(company: Company, entity: str, identifier: str, members: Json) -> Json:
    stored = company.find(entity, identifier)
    if stored is None:
        raise not_found(f"{entity} {identifier}")
    if ENTITIES[entity].writable:
        known = {"Id": identifier, "SyncToken": stored["SyncToken"], "sparse": True}
        return ledger.update(company, entity, {**known, **members})
    changed = {**stored, **members}
    if changed["Active"] != stored["Active"]:
        suffix = ENTITIES[entity].suffix
        bare = str(stored["Name"]).removesuffix(suffix)
        changed["Name"] = bare if changed["Active"] else f"{bare}{suffix}"
    return company.update(entity, changed)


def add_tax_code(company: Company, name: str, rates: Mapping[str, str]) -> Json:
    """Make a tax code with rates of its own (name to percent) and return it."""
    identifiers = [_free_id(company, "TaxRate", offset) for offset in range(len(rates))]
    for identifier, (title, percent) in zip(identifiers, rates.items(), strict=True):
        plant_rate(company, RateRow(identifier, title, percent))
    return plant_code(company, CodeRow(_free_id(company, "TaxCode", 0), name, tuple(identifiers)))


def _free_id(company: Company, entity: str, offset: int) -> str:
    taken = [int(row.id) for row in company.tables[entity].rows() if row.id.isdecimal()]
    return str(max(taken, default=0) + 1 + offset)
