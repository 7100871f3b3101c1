"""The rows about sales receipts (S1-S5): every charge that pays no invoice, and what must stay out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Final

from avantto_qbo.demo.claims import Case, Row, Tally
from avantto_qbo.demo.control import Json
from avantto_qbo.demo.documents import charge_due, figures, receipts
from avantto_qbo.demo.evidence import Crm, cents, discount_of, tax_of

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


def rows(case: Case) -> Iterator[Row]:
    """Yield the rows about sales."""
    wanted = [charge for charge in case.crm.charges if charge_due(case, charge)]
    for what, source in SOURCES:
        yield receipts(case, what, [charge for charge in wanted if source_of(charge) == source])
    yield figures("S4", "sales tax on receipts", _sums(case, wanted, tax_in_crm, tax_of))
    yield figures("S4", "coupons on receipts", _sums(case, wanted, discount_in_crm, discount_of))
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


def _sums(
    case: Case, charges: list[Json], ours: Callable[[Crm, Json], int], theirs: Callable[[Json], int]
) -> Iterator[tuple[str, int, int]]:
    """A part of every charge and the same part of its receipt."""
    for charge in charges:
        receipts = case.books.named.get(charge["_id"], ())
        yield f"payment {charge['_id']}", ours(case.crm, charge), sum(map(theirs, receipts))


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
