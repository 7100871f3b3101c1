from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avantto_qbo.model.drafts import PaymentDraft
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.money import Money
from avantto_qbo.model.settings import OnOff, Settings
from avantto_qbo.model.steps import AdoptPayment, PostedPayment, RecordPayment, UpdateInvoice, Wait
from avantto_qbo.rules.books.money.payment import UNMATCHED
from avantto_qbo.rules.books.money.received import belongs
from avantto_qbo.rules.books.plan import plan_invoice
from unit.rules.cases import (
    INVOICE_ID,
    NOW,
    TXN_ID,
    code,
    company,
    held,
    invoice,
    item,
    paid_by,
    posted_case,
)

LONG_AGO = NOW - timedelta(hours=1)


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def paid(amount: str, status: str = "partially_paid", **changes: Any) -> Any:
    return invoice(status=status, amount_paid=Decimal(amount), **changes)


def posted(part: str, amount: str) -> PostedPayment:
    draft = PaymentDraft(CustomerId("20"), "145", usd(amount), date(2026, 11, 19), "ref", "note", "4")
    return PostedPayment(part, usd(amount), "900", draft)


def recorded(step: Any) -> RecordPayment:
    assert isinstance(step, RecordPayment), step
    return step


def test_a_transaction_becomes_a_payment_on_the_invoice() -> None:
    row = paid_by("100", fulfilled_at=datetime(2026, 11, 20, 3, tzinfo=UTC))
    step = recorded(*plan_invoice(posted_case(paid("100", "paid"), transactions=(row,))))
    draft = step.draft
    assert (step.part, draft.invoice, draft.customer, draft.total) == (TXN_ID, "145", "20", usd("100"))
    assert draft.day == date(2026, 11, 19)  # in Chicago
    assert (draft.account, draft.method) == ("4", "3")
    assert draft.note == f"Avantto payment {TXN_ID} · invoice INV-1042 · {INVOICE_ID}"
    assert len(draft.reference) <= 19


@pytest.mark.parametrize("about", [{"entity_id": "o1", "source_id": INVOICE_ID}, {"entity_id": INVOICE_ID}])
def test_a_transaction_belongs_by_what_it_pays_or_where_it_was_sold(about: dict[str, Any]) -> None:
    assert belongs(paid_by(**about), INVOICE_ID)
    assert not belongs(paid_by(**about), "other")


def test_another_invoices_payment_and_a_test_payment_are_not_taken() -> None:
    rows = (paid_by(entity_id="other"), paid_by(txn="t2", live=False), paid_by(txn="t3", status="failed"))
    case = posted_case(paid("100", "paid"), transactions=rows)
    assert code(plan_invoice(case)) == ("Wait", UNMATCHED)


def test_what_is_posted_already_is_not_posted_again() -> None:
    case = posted_case(paid("100", "paid"), transactions=(paid_by(),), posted=(posted(TXN_ID, "100"),))
    assert plan_invoice(case) == ()


def test_partial_payments_come_in_the_order_of_the_money() -> None:
    rows = (paid_by("30", "t2", created_at=NOW), paid_by("40", "t1", created_at=LONG_AGO))
    steps = plan_invoice(posted_case(paid("70"), transactions=rows))
    assert [recorded(step).part for step in steps] == ["t1", "t2"]


def test_payment_processing_posts_nothing() -> None:
    case = posted_case(paid("40", "payment_processing"), transactions=(paid_by("40"),))
    assert plan_invoice(case) == ()


def test_a_pending_payment_is_waited_for_a_tenth_of_its_age() -> None:
    rows = (paid_by("40", "t1"), paid_by("60", "t2", status="pending", created_at=NOW - timedelta(hours=2)))
    first, wait = plan_invoice(posted_case(paid("40"), transactions=rows))
    assert recorded(first).part == "t1"
    assert isinstance(wait, Wait)
    assert (wait.delay, wait.reason.code) == (timedelta(minutes=12), "pending_payment")


@pytest.mark.parametrize("seen", [None, NOW - timedelta(seconds=5)])
def test_money_without_a_transaction_waits_for_a_late_one(seen: datetime | None) -> None:
    (wait,) = plan_invoice(posted_case(paid("40", updated_at=LONG_AGO), first_seen_unmatched=seen))
    assert isinstance(wait, Wait)
    assert wait.delay == timedelta(seconds=20 if seen is None else 15)


def test_a_mark_left_from_an_earlier_remainder_does_not_shorten_the_wait() -> None:
    document = paid("40", updated_at=NOW - timedelta(seconds=2))
    (wait,) = plan_invoice(posted_case(document, first_seen_unmatched=LONG_AGO))
    assert isinstance(wait, Wait)
    assert wait.delay == timedelta(seconds=18)


def test_a_clock_ahead_of_ours_does_not_hold_up_the_remainder() -> None:
    document = paid("40", updated_at=NOW + timedelta(hours=1))
    step = recorded(*plan_invoice(posted_case(document, first_seen_unmatched=LONG_AGO)))
    assert step.part == "recorded:1"


def test_cash_is_recorded_after_the_wait() -> None:
    case = posted_case(paid("100", "paid"), transactions=(paid_by("60"),), first_seen_unmatched=LONG_AGO)
    card, cash = map(recorded, plan_invoice(case))
    assert (card.draft.total, cash.draft.total) == (usd("60"), usd("40"))
    assert cash.part == "recorded:1"
    assert cash.draft.note == f"recorded in Avantto · invoice INV-1042 · {INVOICE_ID} · recorded:1"
    assert (cash.draft.method, cash.draft.day) == ("", date(2026, 11, 20))
    assert cash.draft.reference != card.draft.reference


def test_recorded_numbers_are_never_used_twice() -> None:
    adopted_since = (posted("t1", "40"),)
    case = posted_case(paid("70"), posted=adopted_since, first_seen_unmatched=LONG_AGO, transactions=())
    assert recorded(*plan_invoice(case)).part == "recorded:2"
    case = posted_case(paid("70"), posted=(posted("recorded:5", "40"),), first_seen_unmatched=LONG_AGO)
    assert recorded(*plan_invoice(case)).part == "recorded:6"


def test_a_late_transaction_adopts_the_recorded_payment_of_its_amount() -> None:
    rows, ours = (paid_by("40", "t9"),), (posted("recorded:1", "60"), posted("recorded:2", "40"))
    case = posted_case(paid("100", "paid"), transactions=rows, posted=ours)
    assert plan_invoice(case) == (AdoptPayment("recorded:2", "t9"),)


def test_two_late_transactions_adopt_two_payments_not_one_twice() -> None:
    rows = (paid_by("40", "t8"), paid_by("40", "t9"))
    ours = (posted("recorded:1", "40"), posted("recorded:2", "40"))
    case = posted_case(paid("80"), transactions=rows, posted=ours)
    assert plan_invoice(case) == (AdoptPayment("recorded:1", "t8"), AdoptPayment("recorded:2", "t9"))


def test_a_transaction_that_amount_paid_does_not_know_yet_waits() -> None:
    rows = (paid_by("40", "t1"), paid_by("60", "t2", created_at=NOW, updated_at=NOW))
    first, wait = plan_invoice(posted_case(paid("40"), transactions=rows))
    assert recorded(first).part == "t1"
    assert isinstance(wait, Wait)
    assert wait.reason.code == "amount_paid"


def test_a_transaction_that_never_fits_is_held() -> None:
    rows, ours = (paid_by("70", "t9"),), (posted("recorded:1", "100"),)
    case = posted_case(paid("100", "paid"), transactions=rows, posted=ours)
    assert held(plan_invoice(case)).code == "paid_differs"


@pytest.mark.parametrize(
    ("amount", "rows", "ours", "why"),
    [
        ("120", (), (), "overpaid"),
        ("30", (), (posted("t1", "40"),), "paid_less"),
        ("100", (paid_by(amount_refunded=Decimal(101)),), (posted(TXN_ID, "100"),), "over_refund"),
        ("100", (paid_by(amount_refunded=Decimal(-1)),), (posted(TXN_ID, "100"),), "over_refund"),
        ("200", (paid_by("100", "t1"), paid_by("100", "t2")), (), "paid_twice"),
        ("100", (paid_by("100", "t1"), paid_by("100", "t2")), (posted("t1", "100"),), "paid_twice"),
        ("110", (paid_by("110"),), (), "overpaid"),
        ("100", (paid_by(status="disputed"),), (), "payment_status"),
        ("100", (paid_by(currency="EUR"),), (), "payment_currency"),
        ("100.001", (), (), "amount"),
    ],
)
def test_sums_that_contradict_each_other_are_held(amount: str, rows: Any, ours: Any, why: str) -> None:
    reason = held(plan_invoice(posted_case(paid(amount, "paid"), transactions=rows, posted=ours)))
    assert reason.code == why
    assert "INV-1042" in reason.text or TXN_ID in reason.text
    assert "avantto-qbo" in reason.mend


def test_a_payment_into_a_closed_period_is_held() -> None:
    row = paid_by(fulfilled_at=datetime(2026, 11, 19, tzinfo=UTC))
    case = posted_case(paid("100", "paid"), transactions=(row,))
    closed = msgspec.structs.replace(case, company=company(books_closed=date(2026, 11, 18)))
    assert held(plan_invoice(closed)).code == "books_closed"


def test_money_goes_to_the_account_of_the_setting() -> None:
    case = posted_case(paid("100"), transactions=(paid_by(),), settings=Settings(deposit_account="checking"))
    assert recorded(*plan_invoice(case)).draft.account == "1"


def test_a_change_goes_before_the_payment_that_needs_it() -> None:
    raised = invoice(item(amount="150"), status="paid", amount_paid=Decimal(150))
    case = posted_case(raised, before=invoice(), transactions=(paid_by("150"),))
    (change,) = plan_invoice(case)
    assert isinstance(change, UpdateInvoice)
    payment = recorded(*plan_invoice(msgspec.structs.replace(case, agreed=change.draft)))
    assert payment.draft.total == usd("150")


def test_both_sums_of_an_excess_are_named() -> None:
    reason = held(plan_invoice(posted_case(paid("120.50", "paid"))))
    assert all(amount in reason.text for amount in ("120.50 USD", "100.00 USD", "20.50 USD"))


def test_both_payments_of_an_invoice_paid_twice_are_named() -> None:
    rows = (paid_by("100", "t1"), paid_by("100", "t2"))
    reason = held(plan_invoice(posted_case(paid("200", "paid"), transactions=rows, posted=(posted("t1", "100"),))))
    assert "t1" in reason.text
    assert "t2" in reason.text


@pytest.mark.parametrize(
    ("settings", "row", "account"),
    [
        ({"stripe": "Checking"}, paid_by(), "1"),
        ({"card": "Checking"}, paid_by(provider="square"), "1"),
        ({"paypal": "Checking"}, paid_by(), "4"),
    ],
)
def test_money_goes_to_the_account_of_its_processor_or_method(settings: Any, row: Any, account: str) -> None:
    case = posted_case(paid("100"), transactions=(row,), settings=Settings(deposit_accounts=settings))
    assert recorded(*plan_invoice(case)).draft.account == account


def test_recorded_money_has_an_account_of_its_own() -> None:
    settings = Settings(deposit_accounts={"recorded": "Checking", "stripe": "Undeposited Funds"})
    case = posted_case(paid("100", "paid"), first_seen_unmatched=LONG_AGO, settings=settings)
    assert recorded(*plan_invoice(case)).draft.account == "1"


def test_a_late_transaction_of_another_amount_than_the_recorded_one_is_a_question() -> None:
    rows, ours = (paid_by("90", "t9"),), (posted("recorded:1", "100"),)
    reason = held(plan_invoice(posted_case(paid("100", "paid"), transactions=rows, posted=ours)))
    assert reason.code == "paid_differs"
    assert "t9" in reason.text


def test_money_the_bank_took_back_is_not_recorded_a_second_time() -> None:
    """Whether a reversal lowers `amountPaid` is not documented."""
    gone = (posted(TXN_ID, "100"),)
    case = posted_case(
        paid("100", "paid"),
        transactions=(paid_by(status="failed"),),
        withdrawn=gone,
        first_seen_unmatched=LONG_AGO,
    )
    assert held(plan_invoice(case)).code == "reversed_paid"
    several = msgspec.structs.replace(case, withdrawn=(posted("t0", "7"), posted(TXN_ID, "60"), posted("t9", "40")))
    assert held(plan_invoice(several)).code == "reversed_paid"
    other = msgspec.structs.replace(case, withdrawn=(posted(TXN_ID, "60"),))
    assert recorded(*plan_invoice(other)).draft.total == usd("100")


@st.composite
def ledgers(draw: st.DrawFn) -> Any:
    """Any mix of transactions, posted payments and an amount paid; most of them contradict each other."""
    cents = st.integers(1, 6).map(lambda tens: Decimal(tens * 10))
    rows = draw(
        st.lists(st.tuples(cents, st.sampled_from(["succeeded", "succeeded", "pending", "failed"])), max_size=4)
    )
    transactions = tuple(
        paid_by(str(amount), f"t{number}", status=status) for number, (amount, status) in enumerate(rows)
    )
    known = draw(st.lists(st.sampled_from([row.id for row in transactions] or ["t0"]), unique=True))
    ours = [posted(row.id, str(row.amount)) for row in transactions if row.id in known]
    extra = draw(st.lists(cents, max_size=2))
    ours += [posted(f"recorded:{number + 1}", str(amount)) for number, amount in enumerate(extra)]
    whole = draw(st.integers(0, 20).map(lambda tens: str(tens * 10)))
    return posted_case(
        invoice(item(amount="200"), status="partially_paid", amount_paid=Decimal(whole)),
        transactions=transactions,
        posted=tuple(ours),
        first_seen_unmatched=draw(st.sampled_from([None, LONG_AGO])),
    )


@given(ledgers())
def test_our_payments_never_exceed_what_avantto_says_was_paid(case: Any) -> None:
    steps = plan_invoice(case)
    fresh = sum((step.draft.total.minor for step in steps if isinstance(step, RecordPayment)), 0)
    ours = sum(payment.amount.minor for payment in case.posted)
    if fresh:
        assert ours + fresh <= case.invoice.amount_paid * 100
    parts = [step.part for step in steps if isinstance(step, RecordPayment)]
    parts += [step.new_part for step in steps if isinstance(step, AdoptPayment)]
    assert len(parts) == len(set(parts))
    assert not set(parts) & {payment.part for payment in case.posted}


def test_a_late_transaction_has_its_chance_before_a_person_is_asked() -> None:
    row = paid_by("50", amount_refunded=Decimal(10))
    document = paid("80", updated_at=LONG_AGO)
    off = Settings(refunds=OnOff.OFF)
    case = posted_case(document, transactions=(row,), posted=(posted(TXN_ID, "50"),), settings=off)
    (wait,) = plan_invoice(case)
    assert isinstance(wait, Wait)
    later = msgspec.structs.replace(case, first_seen_unmatched=LONG_AGO)
    assert held(plan_invoice(later)).code == "refund_remainder"


def test_what_is_known_is_posted_before_a_person_is_asked_about_the_rest() -> None:
    row = paid_by("50", amount_refunded=Decimal(10))
    case = posted_case(paid("80"), transactions=(row,), first_seen_unmatched=LONG_AGO)
    assert recorded(*plan_invoice(case)).part == TXN_ID


def test_a_payment_quickbooks_would_round_is_a_question() -> None:
    document = msgspec.structs.replace(paid("50.005"), currency="KWD")
    books = company(currency="KWD")
    rows = (paid_by("50.005", currency="KWD"),)
    reason = held(plan_invoice(posted_case(document, transactions=rows, company=books)))
    assert reason.code == "precision"
