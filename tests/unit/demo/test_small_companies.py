"""The second and the third company's days end equal, and their proofs notice a penny, a document, a form of tax."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeAlias

import pytest

from avantto_qbo.demo.claims import Held, Said, Sides
from avantto_qbo.demo.company import Company
from avantto_qbo.demo.cycles import CYCLES
from avantto_qbo.demo.programme import COMPANIES
from avantto_qbo.demo.tailor import TAILOR
from unit.demo.virtual_day import VirtualDay, unequal

Json: TypeAlias = dict[str, Any]
Spoil: TypeAlias = Callable[[Sides], object]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def tailor() -> VirtualDay:
    day = VirtualDay(TAILOR)
    await day.play()
    return day


@pytest.fixture(scope="module")
async def cycles() -> VirtualDay:
    day = VirtualDay(CYCLES)
    await day.play()
    return day


def _first(sides: Sides, entity: str) -> Json:
    found: Json = sides.books[entity][0]
    return found


def _a_penny(row: Json, member: str = "TotalAmt") -> None:
    row[member] += Decimal("0.01")


def _of_avantto(sides: Sides, number: str) -> Json:
    return next(row for row in sides.avantto["invoices"].values() if row["invoiceNumber"] == number)


def _tax_lines(sides: Sides, percent: int) -> list[Json]:
    details = [row.get("TxnTaxDetail") or {} for row in sides.books["Invoice"]]
    lines = [line for detail in details for line in detail.get("TaxLine", ())]
    return [line for line in lines if line["TaxLineDetail"]["TaxPercent"] == percent]


def _other_rate(sides: Sides) -> None:
    """The same VAT in all, a penny of it at another rate."""
    for percent, change in ((20, "0.01"), (5, "-0.01")):
        _tax_lines(sides, percent)[0]["Amount"] += Decimal(change)


def _relinked(sides: Sides) -> None:
    """The money of the voided invoice is on an invoice again."""
    loose = next(row for row in sides.books["Payment"] if not row["Line"])
    loose["Line"] = [{"Amount": loose["TotalAmt"], "LinkedTxn": [{"TxnId": "1", "TxnType": "Invoice"}]}]


def _doubled(sides: Sides, entity: str) -> None:
    sides.books[entity].append({**sides.books[entity][-1], "Id": "9999"})


def _as_income(sides: Sides) -> None:
    """The tax line's item earns."""
    liabilities = {row["Id"] for row in sides.books["Account"] if row["AccountType"] == "Other Current Liability"}
    for item in sides.books["Item"]:
        if item["IncomeAccountRef"]["value"] in liabilities:
            item["IncomeAccountRef"] = {"value": "1"}


def _engine_taxed(sides: Sides) -> None:
    _first(sides, "SalesReceipt")["TxnTaxDetail"] = {"TotalTax": Decimal("0.01")}


TAILOR_SPOILED: dict[str, tuple[str, Spoil]] = {
    "an invoice's total": ("I1: invoices", lambda now: _a_penny(_of_avantto(now, "TT-105"), "total")),
    "a receipt's total": ("S1: sales", lambda now: _a_penny(_first(now, "SalesReceipt"))),
    "a line": ("I1, S4: lines", lambda now: _a_penny(_first(now, "SalesReceipt")["Line"][0], "Amount")),
    "VAT at another rate": ("I1, S4: VAT at 5 %", _other_rate),
    "what is open": ("I3: still open", lambda now: _a_penny(_of_avantto(now, "TT-110"), "amountDue")),
    "a void's money": ("I5: paid invoices", _relinked),
    "a refund": ("I3, S1: money given back", lambda now: _a_penny(_first(now, "RefundReceipt"))),
    "a refund doubled": ("I3, S1: money given back", lambda now: _doubled(now, "RefundReceipt")),
    "a receipt doubled": ("all: one object", lambda now: _doubled(now, "SalesReceipt")),
}
CYCLES_SPOILED: dict[str, tuple[str, Spoil]] = {
    "tax as income": ("I1, S4: tax, owed", _as_income),
    "tax of the engine": ("I1, S4: tax of the engine's own", _engine_taxed),
    "Avantto's tax": ("I1, S4: tax, owed", lambda now: _a_penny(_of_avantto(now, "CC-201")["totalSummary"], "tax")),
    "a second correction": ("tax: documents put right", lambda now: _first(now, "SalesReceipt").update(SyncToken="1")),
    "a discount": ("I1: discounts", lambda now: _a_penny(_of_avantto(now, "CC-204")["totalSummary"], "discount")),
}


async def test_the_tailors_day_ends_equal(tailor: VirtualDay) -> None:
    rows = await tailor.prove()
    assert unequal(rows) == set()
    assert {row.what: row.avantto.count for row in rows}["invoices sent: number, dates, e-mail, total"] == 11


async def test_the_owner_ran_the_command_that_the_held_document_named(tailor: VirtualDay) -> None:
    assert tailor.commands == [["map", tailor.location, "tax", "none=No VAT"]]
    assert "several tax codes" in tailor.told[0]


async def test_the_bicycle_shops_day_ends_equal_after_one_correction(cycles: VirtualDay) -> None:
    rows = await cycles.prove()
    assert unequal(rows) == set()
    assert {row.what: row.avantto.cents for row in rows}["tax, owed on the liability account"]


@pytest.mark.parametrize("what", TAILOR_SPOILED)
async def test_the_tailors_proof_notices(tailor: VirtualDay, what: str) -> None:
    expected, spoil = TAILOR_SPOILED[what]
    assert any(name.startswith(expected) for name in unequal(await tailor.prove(spoil)))


@pytest.mark.parametrize("what", CYCLES_SPOILED)
async def test_the_bicycle_shops_proof_notices(cycles: VirtualDay, what: str) -> None:
    expected, spoil = CYCLES_SPOILED[what]
    assert any(name.startswith(expected) for name in unequal(await cycles.prove(spoil)))


@pytest.mark.parametrize(
    "said",
    [Said((Held("tax_code", "invoice TT-109", "No code.", "avantto-qbo map"),)), Said(answered=False)],
    ids=["held", "silent"],
)
async def test_what_waits_for_a_person_is_no_equality(tailor: VirtualDay, said: Said) -> None:
    rows = await tailor.prove(lambda now: object.__setattr__(now, "said", said))
    assert unequal(rows) == {"all: nothing waits for a person"}


def test_companies_share_neither_location_nor_realm() -> None:
    def names(of: Callable[[Company], str]) -> set[str]:
        return {of(company) for company in COMPANIES}

    assert len(names(lambda company: company.business.location)) == len(COMPANIES)
    assert len(names(lambda company: company.business.realm)) == len(COMPANIES)
    assert names(lambda company: company.business.kind) == {"us", "uk", "us_recompute"}
