"""The rows about sales receipts (S1-S5): every charge that pays no invoice, and what must stay out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Final

from avantto_qbo.demo.claims import Case, Row, Tally
from avantto_qbo.demo.control import Json
from avantto_qbo.demo.evidence import Crm, cents, discount_of, emails_of, tax_of

SOURCES: Final = (
    ("one-step order forms", "one_step_order_form"),
    ("two-step order forms", "two_step_order_form"),
    ("calendar bookings", "calendar"),
    ("memberships", "membership"),
    ("subscriptions with renewals", "subscription"),
)


def source_of(charge: Json) -> str:
    """Return where a charge comes from, in the words of `SOURCES`."""
    if charge.get("subscriptionId"):
        return "subscription"
    source = charge["entitySource"]
    return str(source.get("subType") if source["type"] == "funnel" else source["type"])


def due(case: Case, charge: Json) -> bool:
    """Whether a charge belongs into the books: live, succeeded, after the cut-off."""
    return bool(charge["liveMode"]) and charge["status"] == "succeeded" and case.after_cut_off(charge["fulfilledAt"])


def rows(case: Case) -> Iterator[Row]:
    """Yield the rows about sales."""
    wanted = [charge for charge in case.crm.charges if due(case, charge)]
    for what, source in SOURCES:
        yield _receipts(case, what, [charge for charge in wanted if source_of(charge) == source])
    yield _sums(case, "S4", "sales tax on receipts", wanted, tax_in_crm, tax_of)
    yield _sums(case, "S4", "coupons on receipts", wanted, discount_in_crm, discount_of)
    yield _out(case, "S1", "payments of invoices are no receipts", _of_invoices(case.crm), "SalesReceipt")
    yield _out(case, "S2", "failed and pending charges", (row for row in case.crm.charges if _unpaid(row)))
    yield _out(case, "S3", "test-mode charges", _in_test_mode(case.crm))
    early = (row for row in case.crm.charges if not case.after_cut_off(row["fulfilledAt"]))
    yield _out(case, "S5", "charges before the cut-off", early)


def tax_in_crm(crm: Crm, charge: Json) -> int:
    """The tax in a charge: its order's, or for a renewal what is above its recurring items."""
    order = crm.order_of(charge)
    if not _is_renewal(crm, charge):
        return cents(order["amountSummary"]["tax"])
    recurring = [item for item in order["items"] if item["price"]["type"] == "recurring"]
    net = sum((Decimal(str(item["qty"])) * Decimal(str(item["price"]["amount"])) for item in recurring), Decimal(0))
    return cents(charge["amount"]) - cents(net)


def discount_in_crm(crm: Crm, charge: Json) -> int:
    """The coupon's worth in a charge; renewals have none."""
    order = crm.order_of(charge)
    return 0 if _is_renewal(crm, charge) else cents(order["amountSummary"]["discount"])


def _is_renewal(crm: Crm, charge: Json) -> bool:
    """Whether a charge is not the first of its order, which all renewals name again."""
    same = [row for row in crm.charges if row["entityId"] == charge["entityId"]]
    return bool(charge["_id"] != min(same, key=lambda row: (row["createdAt"], row["_id"]))["_id"])


def _receipts(case: Case, what: str, charges: list[Json]) -> Row:
    posted = [(charge, case.books.named.get(charge["_id"], ())) for charge in charges]
    wrong = [problem for charge, receipts in posted for problem in _compared(case, charge, receipts)]
    ours = Tally(len(charges), sum(cents(charge["amount"]) for charge in charges))
    found = [receipt for _, receipts in posted for receipt in receipts]
    theirs = Tally(len(found), sum(cents(receipt["TotalAmt"]) for receipt in found))
    return Row("S1", what, ours, theirs, tuple(wrong))


def _compared(case: Case, charge: Json, receipts: tuple[Json, ...]) -> Iterator[str]:
    name = f"payment {charge['_id']}"
    if len(receipts) != 1:
        yield f"{name} is {len(receipts)} receipts"
        return
    receipt = receipts[0]
    if cents(receipt["TotalAmt"]) != cents(charge["amount"]):
        yield f"{name}: {charge['amount']} charged, {receipt['TotalAmt']} in the books"
    if receipt["TxnDate"] != case.crm.day(charge["fulfilledAt"]):
        yield f"{name}: charged {charge['fulfilledAt']}, dated {receipt['TxnDate']}"
    email = str(charge["contactSnapshot"].get("email") or "").lower()
    customer = case.books.customers.get((receipt.get("CustomerRef") or {}).get("value", ""), {})
    if email and email not in emails_of(customer):
        yield f"{name}: paid by {email}, booked to {customer.get('DisplayName')}"


def _sums(
    case: Case,
    rule: str,
    what: str,
    charges: list[Json],
    ours: Callable[[Crm, Json], int],
    theirs: Callable[[Json], int],
) -> Row:
    """Compare a part of every charge with the same part of its receipt; only those that have it are counted."""
    pairs = [
        (charge["_id"], ours(case.crm, charge), sum(map(theirs, case.books.named.get(charge["_id"], ()))))
        for charge in charges
    ]
    wrong = (f"payment {name}: {here} cents, {there} in the books" for name, here, there in pairs if here != there)
    sides = [(sum(1 for value in side if value), sum(side)) for side in zip(*(pair[1:] for pair in pairs), strict=True)]
    here, there = sides or [(0, 0), (0, 0)]
    return Row(rule, what, Tally(*here), Tally(*there), tuple(wrong))


def _out(case: Case, rule: str, what: str, charges: Iterable[Json], entity: str = "") -> Row:
    """Nothing in the books names any of these charges (or nothing of one kind of form)."""
    names = [charge["_id"] for charge in charges]
    receipts = {row["Id"] for row in case.books.rows(entity)} if entity else None
    named = [row for name in names for row in case.books.named.get(name, ())]
    found = [row for row in named if receipts is None or row["Id"] in receipts]
    posted = Tally(len(found), sum(cents(row["TotalAmt"]) for row in found))
    return Row(rule, f"{what}: none of {len(names)}", Tally(0, 0), posted)


def _of_invoices(crm: Crm) -> Iterator[Json]:
    return (row for row in crm.state["transactions"].values() if crm.pays_invoice(row))


def _in_test_mode(crm: Crm) -> Iterator[Json]:
    return (row for row in crm.state["transactions"].values() if not row["liveMode"])


def _unpaid(charge: Json) -> bool:
    return bool(charge["status"] != "succeeded")
