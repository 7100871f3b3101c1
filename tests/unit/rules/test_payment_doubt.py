from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from avantto_qbo.model.drafts import PaymentDraft
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.money import Money
from avantto_qbo.model.operation import Kind, Source
from avantto_qbo.model.quickbooks import Found
from avantto_qbo.quickbooks.encode_payments import payment_create
from avantto_qbo.rules.books.doubts.doubt import Adopt, HoldIt, LookAgain, Resend, Weigh, decide
from avantto_qbo.rules.books.doubts.payment_doubt import Balance, Fences, weigh
from avantto_qbo.rules.reference import payment_note
from unit.rules.cases import NOW, operation

SETTLE = timedelta(minutes=3)
NOTE = payment_note("t1", "INV-1042", "inv1")
DRAFT = PaymentDraft(CustomerId("20"), "145", Money.of("60", "USD"), date(2026, 11, 20), "t1", NOTE, "4")
SENT = NOW - 5 * SETTLE
PAY = operation(
    Kind.PAYMENT_CREATE,
    call=payment_create(DRAFT),
    intent=msgspec.json.encode(DRAFT),
    source=Source("payment", "inv1", "t1"),
    sent_at=SENT,
    lookups=2,
)


def told(invoice: Balance | None, *, now: Any = NOW, **fences: bool) -> Any:
    return weigh(PAY, invoice, now=now, settle=SETTLE, fences=Fences(**fences))


def invoice(balance: str, *others: Found, known: str = "0", total: str = "100") -> Balance:
    return Balance(Decimal(total), Decimal(balance), Decimal(known), others)


def paid_by(number: str, note: str = "") -> Found:
    return Found("Payment", number, "0", note, Decimal(60))


@pytest.mark.parametrize("fence", [True, False])
def test_the_invoice_is_asked_after_the_last_empty_look_fence_or_not(fence: bool) -> None:
    assert decide(PAY, (), now=NOW, settle=SETTLE, fence=fence) == Weigh()


def test_money_that_is_on_no_invoice_is_not_weighed() -> None:
    loose = msgspec.structs.replace(DRAFT, invoice="")
    op = msgspec.structs.replace(PAY, call=payment_create(loose), intent=msgspec.json.encode(loose))
    assert isinstance(decide(op, (), now=NOW, settle=SETTLE, fence=False), HoldIt)


def test_an_unchanged_balance_says_it_was_not_applied() -> None:
    held = told(invoice("100"))
    assert isinstance(held, HoldIt)
    assert held.reason.code == "doubt_unresolved"
    assert "100 of its invoice is open: it was not applied" in held.reason.text


def test_what_our_other_payments_take_is_no_news() -> None:
    assert isinstance(told(invoice("40", known="60")), HoldIt)
    assert told(invoice("40", known="60"), repeat=True) == Resend(3)


def test_less_than_the_payment_is_somebody_else_s_and_no_reason_to_wait() -> None:
    assert told(invoice("70", paid_by("77")), repeat=True) == Resend(3)


@pytest.mark.parametrize(
    ("balance", "total", "outcome"), [("100", "100", Resend), ("119.99", "119.99", Resend), ("120", "120", HoldIt)]
)
def test_where_more_than_is_open_is_refused_two_of_it_must_not_fit(balance: str, total: str, outcome: type) -> None:
    assert isinstance(told(invoice(balance, total=total), beyond=True), outcome)


@pytest.mark.parametrize("fences", [{}, {"repeat": True}, {"beyond": True}])
@pytest.mark.parametrize("balance", ["40", "0"])
def test_a_balance_that_fell_by_as_much_is_never_paid_again(balance: str, fences: dict[str, bool]) -> None:
    assert told(invoice(balance), **fences) == LookAgain(SENT + 10 * SETTLE, 2)
    held = told(invoice(balance), now=SENT + 10 * SETTLE, **fences)
    assert isinstance(held, HoldIt)
    assert held.reason.code == "doubt_balance"
    assert f"({balance} of 100 is open)" in held.reason.text
    assert "no payment with our marker is there" in held.reason.text


def test_a_stranger_s_payment_is_named() -> None:
    held = told(invoice("40", paid_by("77", "cash")), now=SENT + 10 * SETTLE)
    assert isinstance(held, HoldIt)
    assert "payment 77 does not carry our marker" in held.reason.text


def test_ours_among_the_payments_of_the_invoice_is_adopted() -> None:
    ours = paid_by("78", NOTE)
    assert told(invoice("0", paid_by("77"), ours)) == Adopt(ours)


def test_two_of_ours_on_the_invoice_are_held() -> None:
    held = told(invoice("0", paid_by("77", NOTE), paid_by("78", NOTE)))
    assert isinstance(held, HoldIt)
    assert held.reason.code == "doubt_twice"


@pytest.mark.parametrize(("repeat", "outcome"), [(True, Resend), (False, HoldIt)])
def test_without_its_invoice_only_a_fence_decides(repeat: bool, outcome: type) -> None:
    assert isinstance(told(None, repeat=repeat), outcome)
