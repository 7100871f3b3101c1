"""What should stand in the books, told from Avantto's lists alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from avantto_qbo.model.drafts import PaymentDraft
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.money import Money
from avantto_qbo.model.operation import Source
from avantto_qbo.model.reconciliation import Expected, Group, LeftOut
from avantto_qbo.model.settings import OnOff, Settings
from avantto_qbo.rules.books.comparing.linked import about_of, as_agreed, fact_of, not_listed
from unit.rules.cases import BOOKS_FROM, INVOICE_ID, TXN_ID, link, paid_by, transaction
from unit.rules.ledgers import DAY, INVOICE, PAYMENT, SALE, fact, listed, told, usd

BEFORE = BOOKS_FROM - timedelta(days=1)
OTHER = "65a1b2c3d4e5f60718293a4c"
TODAY = date(2026, 11, 20)


def sums(found: list[Expected | LeftOut]) -> list[tuple[Group, str]]:
    return [(one.group, str(one.amount)) for one in found if isinstance(one, Expected)]


def reasons(found: list[Expected | LeftOut]) -> list[str]:
    return [one.code for one in found if isinstance(one, LeftOut)]


def test_an_invoice_stands_on_its_issue_date_with_its_total() -> None:
    [found] = told(invoices=[listed()])
    assert found == Expected(Group.INVOICES, INVOICE, INVOICE, DAY, usd(100), "Invoice INV-1042")


def test_an_unreadable_issue_date_falls_back_to_the_day_it_was_made_there() -> None:
    made = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)  # the evening before in Chicago
    [found] = told(invoices=[listed(issue_date="soon", created_at=made)])
    assert isinstance(found, Expected)
    assert found.day == date(2026, 11, 17)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"live": False}, "test_mode"),
        ({"status": "draft"}, "draft"),
        ({"created_at": BEFORE}, "before_cut_off"),
    ],
)
def test_an_invoice_that_is_not_for_the_books_takes_its_payments_along(changes: dict[str, Any], code: str) -> None:
    assert told(paid_by(), invoices=[listed(**changes)]) == [
        LeftOut(INVOICE, code, DAY),
        LeftOut(Source("payment", TXN_ID), code, TODAY),
    ]


def test_invoices_that_are_switched_off_are_left_out_unless_they_are_there() -> None:
    off = Settings(invoices=OnOff.OFF)
    assert reasons(told(invoices=[listed()], settings=off)) == ["invoices_off"]
    assert sums(told(invoices=[listed()], settings=off, facts=[fact()])) == [(Group.INVOICES, "100.00 USD")]


def test_a_void_invoice_counts_only_where_it_was_posted() -> None:
    assert told(invoices=[listed(status="void")]) == []
    assert sums(told(invoices=[listed(status="void")], facts=[fact()])) == [(Group.VOIDS, "100.00 USD")]


def test_payments_are_attributed_by_whatever_names_their_invoice() -> None:
    order = transaction("30", id=OTHER, source_type="invoice", source_id=INVOICE_ID)
    known = transaction("20", id="65a1b2c3d4e5f60718293a4d", entity_id="o2")
    found = told(
        paid_by("50"), order, known, invoices=[listed(amount_paid=Decimal(100))], attributed={known.id: INVOICE_ID}
    )
    assert sums(found) == [
        (Group.INVOICES, "100.00 USD"),
        (Group.PAYMENTS, "50.00 USD"),
        (Group.PAYMENTS, "30.00 USD"),
        (Group.PAYMENTS, "20.00 USD"),
    ]
    assert isinstance(found[1], Expected)
    assert (found[1].source, found[1].about) == (PAYMENT, INVOICE)


def test_a_payment_of_no_listed_invoice_is_left_out_unless_it_is_there() -> None:
    row = transaction(source_type="invoice", source_id="elsewhere")
    assert told(row) == [LeftOut(Source("payment", TXN_ID), "invoice_gone", TODAY)]
    there = fact(Source("payment", "elsewhere", TXN_ID))
    assert sums(told(row, facts=[there])) == [(Group.PAYMENTS, "100.00 USD")]
    assert sums(told(row, facts=[fact(Source("invoice", "elsewhere"))])) == [(Group.PAYMENTS, "100.00 USD")]


def test_pending_and_failed_payments_are_not_expected() -> None:
    rows = (paid_by(status="pending"), paid_by("40", OTHER, status="failed"))
    assert sums(told(*rows, invoices=[listed()])) == [(Group.INVOICES, "100.00 USD")]


def test_a_payment_that_failed_after_it_was_posted_is_a_void() -> None:
    posted = fact(PAYMENT, "900")
    found = told(paid_by(status="failed"), invoices=[listed()], facts=[fact(), posted])
    assert sums(found) == [(Group.INVOICES, "100.00 USD"), (Group.VOIDS, "100.00 USD")]


def test_money_without_a_transaction_is_what_was_paid_beyond_those_there_are() -> None:
    found = told(paid_by("60"), invoices=[listed(amount_paid=Decimal(100))])
    assert sums(found)[1:] == [(Group.PAYMENTS, "60.00 USD"), (Group.PAYMENTS, "40.00 USD")]
    recorded = fact(Source("payment", INVOICE_ID, "recorded:1"), "901", "40")
    again = told(paid_by("60"), invoices=[listed(amount_paid=Decimal(100))], facts=[fact(), recorded])
    assert sums(again) == sums(found)
    assert again[2] == Expected(
        Group.PAYMENTS, recorded.source, INVOICE, DAY, usd(40), "Money recorded for invoice INV-1042", recorded
    )


def test_recorded_money_that_avantto_has_no_more_is_not_expected() -> None:
    recorded = [fact(Source("payment", INVOICE_ID, f"recorded:{n}"), f"90{n}", "40") for n in (1, 2)]
    found = told(paid_by("20"), invoices=[listed(amount_paid=Decimal(50))], facts=[fact(), *recorded])
    assert sums(found)[1:] == [(Group.PAYMENTS, f"{amount}.00 USD") for amount in (20, 0, 30)]


def test_money_given_back_does_not_lower_what_was_recorded() -> None:
    back = paid_by("60", amount_refunded=Decimal(60))
    recorded = fact(Source("payment", INVOICE_ID, "recorded:1"), "901", "40")
    for left in (100, 40):  # whether `amountPaid` falls by a refund
        found = told(back, invoices=[listed(amount_paid=Decimal(left))], facts=[fact(), recorded])
        assert (Group.PAYMENTS, "40.00 USD") in sums(found)


def test_other_money_than_the_invoices_own_breaks_no_comparison() -> None:
    euros = paid_by("60", currency="EUR", amount_refunded=Decimal(5))
    recorded = fact(Source("payment", INVOICE_ID, "recorded:1"), "901", "40")
    recorded = msgspec.structs.replace(recorded, total=Money.of("40", "CAD"))
    found = told(euros, invoices=[listed(amount_paid=Decimal(100))], facts=[recorded])
    amounts = {one.source: one.amount for one in found if isinstance(one, Expected)}
    assert amounts[PAYMENT] == Money.of("60", "EUR")
    assert amounts[recorded.source] == usd(40)


def test_a_payment_whose_transaction_is_listed_no_more_should_not_stand() -> None:
    linked = fact(PAYMENT, "900")
    found = told(invoices=[listed()], facts=[fact(), linked])
    assert sums(found)[1:] == [(Group.VOIDS, "100.00 USD")]
    for other in ({"status": "withdrawn"}, {"total": None}, {"source": Source("payment", INVOICE_ID, "recorded:1")}):
        told_of = told(invoices=[listed()], facts=[fact(), msgspec.structs.replace(linked, **other)])
        assert Group.VOIDS not in [group for group, _ in sums(told_of)]
    later = datetime(2026, 11, 19, tzinfo=UTC)
    assert len(told(invoices=[listed()], facts=[fact(), linked], payments_from=later)) == 1


def test_a_remainder_is_not_reckoned_where_older_payments_were_not_read() -> None:
    late = datetime(2026, 11, 19, tzinfo=UTC)
    assert sums(told(invoices=[listed(amount_paid=Decimal(100))], payments_from=late)) == [
        (Group.INVOICES, "100.00 USD")
    ]
    void = listed(status="void", amount_paid=Decimal(100))
    assert sums(told(invoices=[void], facts=[fact()])) == [(Group.VOIDS, "100.00 USD")]


def test_recorded_money_that_was_linked_without_a_draft_counts_as_nothing() -> None:
    bare = fact(Source("payment", INVOICE_ID, "recorded:1"), "901", None, day=None)
    found = told(invoices=[listed(amount_paid=Decimal(40))], facts=[fact(), bare])
    assert sums(found)[1:] == [(Group.PAYMENTS, "0.00 USD"), (Group.PAYMENTS, "40.00 USD")]


def test_a_sale_stands_on_the_day_its_money_came_there() -> None:
    late = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)  # the 19th in Chicago
    [found] = told(transaction("99", created_at=late))
    assert found == Expected(Group.RECEIPTS, SALE, SALE, date(2026, 11, 19), usd(99), f"Payment {TXN_ID}")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"live": False}, "test_mode"),
        ({"test": True}, "test_mode"),
        ({"created_at": BEFORE}, "before_cut_off"),
        ({"status": "pending"}, "pending_payment"),
        ({"status": "failed"}, "not_paid"),
        ({"amount": Decimal(0)}, "zero"),
        ({"source_type": "external"}, "source_off"),
    ],
)
def test_a_sale_that_is_not_for_the_books_says_why(changes: dict[str, Any], code: str) -> None:
    [found] = told(transaction(**changes))
    assert isinstance(found, LeftOut)
    assert (found.about, found.code) == (SALE, code)


def test_an_unknown_source_is_expected_because_it_waits_for_a_decision() -> None:
    assert sums(told(transaction(source_type="lemonade"))) == [(Group.RECEIPTS, "100.00 USD")]


def test_receipts_that_are_switched_off_are_left_out() -> None:
    assert reasons(told(transaction(), settings=Settings(receipts=OnOff.OFF))) == ["receipts_off"]


def test_a_sale_that_the_bank_took_back_after_it_was_posted_is_a_void() -> None:
    back = transaction(status="failed", amount_refunded=Decimal(40))
    assert sums(told(back, facts=[fact(SALE)])) == [(Group.VOIDS, "100.00 USD")]


def test_every_increase_of_a_refund_is_one_refund() -> None:
    first = fact(Source("refund", TXN_ID, "4000"), "300", "40")
    found = told(transaction(amount_refunded=Decimal(70)), facts=[fact(SALE), first])
    assert sums(found)[1:] == [(Group.REFUNDS, "40.00 USD"), (Group.REFUNDS, "30.00 USD")]
    assert isinstance(found[2], Expected)
    assert found[2].source == Source("refund", TXN_ID, "7000")
    assert (found[1].day if isinstance(found[1], Expected) else None) == DAY


def test_less_refunded_than_the_books_hold_shows_on_the_last_refund() -> None:
    facts = [fact(Source("refund", TXN_ID, part), part, "40") for part in ("8000", "4000")]
    found = told(transaction(amount_refunded=Decimal(50)), facts=[fact(SALE), *facts])
    assert sums(found)[1:] == [(Group.REFUNDS, "40.00 USD"), (Group.REFUNDS, "10.00 USD")]


def test_the_status_refunded_without_a_sum_means_all_of_it() -> None:
    assert sums(told(transaction(status="refunded")))[1:] == [(Group.REFUNDS, "100.00 USD")]


def test_refunds_that_are_switched_off_are_left_out_unless_they_are_there() -> None:
    off, row = Settings(refunds=OnOff.OFF), transaction(amount_refunded=Decimal(40))
    assert reasons(told(row, settings=off)) == ["refunds_off"]
    there = fact(Source("refund", TXN_ID, "4000"), "300", "40")
    assert sums(told(row, settings=off, facts=[there]))[1:] == [(Group.REFUNDS, "40.00 USD")]


def test_a_fact_keeps_what_was_agreed_and_follows_a_merged_customer() -> None:
    draft = PaymentDraft(CustomerId("7"), "145", usd(50), DAY, "ref", "note", "4")
    made = fact_of(link(agreed=msgspec.json.encode(draft)), lambda name: CustomerId(f"{name}1"))
    assert (made.total, made.day, made.customer, made.invoice) == (usd(50), DAY, "71", "145")
    assert made.key == ("Invoice", "145")


def test_a_link_without_a_draft_agrees_on_nothing() -> None:
    for agreed in (b"", b"null"):
        bare = fact_of(link(agreed=agreed), lambda name: name)
        assert (bare.total, bare.day, bare.number) == (None, None, "")
        assert as_agreed(bare, INVOICE) is None


def test_what_no_list_reaches_is_expected_as_it_was_agreed() -> None:
    made = as_agreed(fact(PAYMENT, "900", "50"), INVOICE)
    assert made is not None
    assert (made.group, made.amount, made.shown) == (Group.PAYMENTS, usd(50), f"Payment {TXN_ID}")


def test_a_refund_belongs_to_the_invoice_its_payment_was_for() -> None:
    refund = Source("refund", TXN_ID, "4000")
    assert about_of(refund) == SALE
    assert about_of(refund, {TXN_ID: INVOICE_ID}) == INVOICE
    assert about_of(PAYMENT) == INVOICE


def test_live_documents_of_these_days_that_no_list_shows_are_named() -> None:
    facts = [
        fact(),
        fact(SALE, "146"),
        fact(Source("invoice", "listed"), "147"),
        fact(Source("invoice", "old"), "148", day=date(2026, 1, 1)),
        fact(Source("invoice", "undated"), "149", day=None),
        fact(Source("invoice", "voided"), "150", status="voided"),
        fact(PAYMENT, "151"),
    ]
    found = not_listed(facts, {Source("invoice", "listed")}, DAY, DAY)
    assert [one.object_id for one in found] == ["145", "146"]
