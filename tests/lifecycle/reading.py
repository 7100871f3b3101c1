"""What stands in the books, in the words of the lifecycle tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from avantto_qbo.model.operation import State
from lifecycle.world import World, plain

NUMBER, NEW_NUMBER = "INV-000001", "INV-000777"
DUE, NEW_DUE, THEIR_DUE = "2027-01-01", "2027-02-01", "2027-05-05"
DAY, NEW_DAY = "2026-11-20", "2026-11-18"
MAIL, NEW_MAIL = "ann@example.com", "ann@new.example.com"
ANN, BEN = "Ann Lee", "Ben Low"
_SOLD: Final = {"Wash", "Wax"}
_SALES: Final = "SalesItemLineDetail"


async def invoice_books(world: World) -> str:
    """The invoice's copies, its payments and refunds, and what a person is asked about."""
    copies = [_invoice(row) for row in world.found("Invoice")]
    return await _joined(world, [" + ".join(copies) or "none", *_payments(world), *_refunds(world)])


async def receipt_books(world: World) -> str:
    """The sales receipts, their refunds, and what a person is asked about."""
    copies = [" ".join(_sum(row)) for row in world.found("SalesReceipt")]
    return await _joined(world, [" + ".join(copies) or "none", *_refunds(world)])


async def _joined(world: World, parts: list[str]) -> str:
    codes = sorted(op.reason.code for op in await world.held() if op.reason)
    held = ["held " + " ".join(codes)] if codes else []
    doubt = ["doubt"] if await world.stage.operations(State.DOUBT) else []
    return "; ".join([*parts, *held, *doubt])


def _invoice(row: dict[str, Any]) -> str:
    if _is_void(row):
        return "void"
    total, balance = row["TotalAmt"], row["Balance"]
    opened = [] if balance == total else [f"open {plain(balance)}" if balance else "paid"]
    return " ".join([*_sum(row), *opened, *_details(row)])


def _sum(row: dict[str, Any]) -> Iterator[str]:
    if _is_void(row):
        yield "void"
        return
    yield plain(row["TotalAmt"])
    if tax := (row.get("TxnTaxDetail") or {}).get("TotalTax"):
        yield f"tax {plain(tax)}"
    discounts = [line["Amount"] for line in row["Line"] if line["DetailType"] == "DiscountLineDetail"]
    if discounts:
        yield f"discount {plain(sum(discounts))}"


def _details(row: dict[str, Any]) -> Iterator[str]:
    """What differs from how the invoice was first sent."""
    if row.get("DocNumber") != NUMBER:
        yield "number " + ("new" if row.get("DocNumber") == NEW_NUMBER else "variant")
    if row["DueDate"] != DUE:
        yield "due " + {NEW_DUE: "new", THEIR_DUE: "theirs"}.get(row["DueDate"], row["DueDate"])
    if row["TxnDate"] != DAY:
        yield "day " + ("new" if row["TxnDate"] == NEW_DAY else row["TxnDate"])
    if row["CustomerRef"]["name"] != ANN:
        name = row["CustomerRef"]["name"]
        yield "for another Ann Lee" if name.startswith(ANN) else f"for {name}"
    if row["BillEmail"]["Address"] not in {MAIL, "ben@example.com"}:
        yield "mail " + ("new" if row["BillEmail"]["Address"] == NEW_MAIL else row["BillEmail"]["Address"])
    if sum(line["DetailType"] == _SALES and line.get("Description") in _SOLD for line in row["Line"]) > len(_SOLD):
        yield "split"


def _payments(world: World) -> Iterator[str]:
    rows = world.found("Payment")
    for word, amounts in (
        ("pay", [row["TotalAmt"] - row["UnappliedAmt"] for row in rows]),
        ("credit", [row["UnappliedAmt"] for row in rows]),
    ):
        if any(amounts):
            yield f"{word} " + "+".join(plain(amount) for amount in amounts if amount)
    voided = sum(not row["TotalAmt"] for row in rows)
    if voided:
        yield "pay void" if voided == 1 else f"{voided} pay void"


def _refunds(world: World) -> Iterator[str]:
    back = [plain(row["TotalAmt"]) for row in world.found("RefundReceipt")]
    if back:
        yield "back " + "+".join(back)


def _is_void(row: dict[str, Any]) -> bool:
    return not row["TotalAmt"] and str(row.get("PrivateNote", "")).startswith("Voided")
