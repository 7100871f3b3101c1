from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avantto_qbo.model.avantto import Person, Transaction
from avantto_qbo.model.drafts import ItemDraft, ReceiptDraft
from avantto_qbo.model.ids import ContactId
from avantto_qbo.model.money import Money, total
from avantto_qbo.model.settings import OnOff, Settings
from avantto_qbo.model.steps import CreateReceipt, CreateRefund, NeedCustomer, NeedItem, ReceiptCase, Wait
from avantto_qbo.rules.books.plan import plan_receipt
from avantto_qbo.rules.books.receipt import buyer
from avantto_qbo.rules.reference import payment_reference
from unit.rules.cases import (
    BOOKS_FROM,
    JANE,
    NOW,
    PLACE,
    SALES_TAX,
    TXN_ID,
    code,
    company,
    held,
    link,
    order,
    order_item,
    receipt_case,
    transaction,
)


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def sale(case: ReceiptCase) -> ReceiptDraft:
    (step,) = plan_receipt(case)
    assert isinstance(step, CreateReceipt), step
    return step.draft


def taxed(amount: str = "100", **more: Any) -> Any:
    return order_item(amount=amount, taxes=(SALES_TAX,), **more)


def sources(**switches: OnOff) -> Settings:
    return Settings(sources={**Settings().sources, **switches})


@pytest.mark.parametrize(
    ("source", "sub_source"),
    [
        ("funnel", "two_step_order_form"),
        ("website", "one_step_order_form"),
        ("website", "store"),
        ("membership", ""),
        ("calendar", "meeting"),
        ("communities", ""),
        ("payment_link", ""),
        ("point_of_sale", "tap_to_pay"),
        ("form", ""),
        ("survey", ""),
        ("mobile_app", ""),
        ("manual", "contact_view"),
    ],
)
def test_every_source_of_sales_becomes_a_receipt(source: str, sub_source: str) -> None:
    draft = sale(receipt_case(transaction(source_type=source, source_sub_type=sub_source)))
    assert (draft.total, draft.customer, draft.account, draft.method) == (usd("100"), "20", "4", "3")
    assert draft.number == draft.reference == payment_reference(TXN_ID)
    assert draft.note == f"Avantto payment {TXN_ID} · Spring offer"
    assert draft.memo == ""


def test_the_day_is_the_one_the_money_moved_on_in_the_location() -> None:
    row = transaction(fulfilled_at=datetime(2026, 11, 20, 3, tzinfo=UTC))
    assert sale(receipt_case(row)).day == date(2026, 11, 19)


@pytest.mark.parametrize(
    ("row", "changes", "why"),
    [
        (transaction(live=False), {}, "test_mode"),
        (transaction(test=True), {}, "test_mode"),
        (transaction("0"), {}, "zero"),
        (transaction(status="failed"), {}, "not_paid"),
        (transaction(source_type="invoice"), {}, "invoice_payment"),
        (transaction(source_type="text2Pay"), {}, "invoice_payment"),
        (transaction(source_type="document_contracts"), {}, "invoice_payment"),
        (transaction(source_type="invoice", status="pending"), {}, "invoice_payment"),
        (transaction(source_type="invoice", subscription_id="sub_1"), {}, "invoice_payment"),
        (transaction(source_type="manual"), {"order": order(source_type="invoice")}, "invoice_payment"),
        (transaction(created_at=BOOKS_FROM - timedelta(seconds=1)), {}, "before_cut_off"),
        (transaction(fulfilled_at=BOOKS_FROM - timedelta(seconds=1), qbo_synced=True), {}, "before_cut_off"),
        (transaction(), {"settings": Settings(receipts=OnOff.OFF)}, "receipts_off"),
        (transaction(source_type="external"), {}, "source_off"),
        (transaction(source_sub_type="imported_csv"), {}, "source_off"),
        (transaction(source_type="website", source_sub_type="woocommerce"), {}, "source_off"),
        (transaction(source_sub_type="store_upsell"), {"settings": sources(store=OnOff.OFF)}, "source_off"),
        (transaction(subscription_id="sub_1"), {"settings": sources(subscription=OnOff.OFF)}, "source_off"),
    ],
)
def test_what_is_not_for_the_books_is_left_out(row: Transaction, changes: dict[str, Any], why: str) -> None:
    assert code(plan_receipt(receipt_case(row, **changes))) == ("Ignore", why)


def test_the_cut_off_goes_by_the_charge_not_by_the_checkout() -> None:
    row = transaction(created_at=BOOKS_FROM - timedelta(days=1), fulfilled_at=BOOKS_FROM)
    assert sale(receipt_case(row)).total == usd("100")


@pytest.mark.parametrize("source", ["", "teleport"])
def test_an_unknown_source_waits_for_a_decision(source: str) -> None:
    reason = held(plan_receipt(receipt_case(transaction(source_type=source, source_sub_type=""))))
    assert reason.code == "unknown_source"
    assert reason.mend.startswith(f"avantto-qbo settings {PLACE} sources.{source or 'none'}=on")


def test_a_decided_source_is_known() -> None:
    row = transaction(source_type="teleport")
    assert sale(receipt_case(row, settings=sources(teleport=OnOff.ON))).total == usd("100")


@pytest.mark.parametrize("changes", [{}, {"link": link("SalesReceipt")}])
def test_a_payment_posted_by_the_built_in_integration_pauses_the_money(changes: dict[str, Any]) -> None:
    case = receipt_case(transaction(qbo_synced=True), **changes)
    assert code(plan_receipt(case)) == ("PauseMoney", "built_in_integration")


@pytest.mark.parametrize(("age", "wait"), [(10, 60), (3600, 360), (864_000, 21_600)])
def test_a_pending_payment_is_followed(age: int, wait: int) -> None:
    row = transaction(status="pending", created_at=NOW - timedelta(seconds=age))
    (step,) = plan_receipt(receipt_case(row))
    assert isinstance(step, Wait)
    assert step.delay == timedelta(seconds=wait)


def test_a_posted_payment_needs_nothing() -> None:
    assert plan_receipt(receipt_case(link=link("SalesReceipt"))) == ()


def test_a_refund_of_a_posted_payment_is_a_refund_receipt_unless_refunds_are_off() -> None:
    posted = sale(receipt_case())
    case = receipt_case(transaction(amount_refunded=Decimal(10)), link=link("SalesReceipt"), agreed=posted)
    (step,) = plan_receipt(case)
    assert isinstance(step, CreateRefund)
    assert step.draft.total == usd("10")
    assert plan_receipt(msgspec.structs.replace(case, settings=Settings(refunds=OnOff.OFF))) == ()


def test_a_payment_refunded_before_it_was_posted_is_still_a_sale() -> None:
    assert sale(receipt_case(transaction(status="refunded", amount_refunded=Decimal(100)))).total == usd("100")


@pytest.mark.parametrize(
    ("row", "changes", "why"),
    [
        (transaction("-5"), {}, "negative"),
        (transaction("10.001"), {}, "amount"),
        (transaction(status="disputed"), {}, "payment_status"),
        (transaction(currency="EUR"), {}, "currency"),
        (transaction(), {"company": company(books_closed=date(2026, 11, 20))}, "books_closed"),
        (transaction(), {"company": company(accounts=())}, "deposit_account"),
        (transaction(), {"order": order(taxed(), tax=Decimal("8.25"))}, "tax_difference"),
        (transaction("50"), {"order": order(taxed())}, "tax_difference"),
        (transaction("108.25"), {"order": order(taxed()), "company": company(country="CA")}, "tax_code"),
        (transaction("751"), {"order": order(*[order_item(amount="1")] * 751)}, "too_many_lines"),
    ],
)
def test_what_would_be_wrong_is_held(row: Transaction, changes: dict[str, Any], why: str) -> None:
    reason = held(plan_receipt(receipt_case(row, **changes)))
    assert reason.code == why
    assert "avantto-qbo" in reason.mend


def test_a_date_out_of_range_is_held() -> None:
    row = transaction(fulfilled_at=datetime.max.replace(tzinfo=UTC))
    case = receipt_case(row, location=msgspec.structs.replace(receipt_case().location, time_zone="Asia/Tokyo"))
    assert held(plan_receipt(case)).code == "charge_date"


def test_a_coupon_is_a_discount_line() -> None:
    draft = sale(receipt_case(transaction("90"), order=order(discount=Decimal(10), coupon="SAVE10")))
    assert (draft.discount, draft.discount_account, draft.total) == (usd("10"), "82", usd("90"))


def test_the_webhooks_tax_and_shipping_explain_the_charge() -> None:
    bare = order(taxed("121"), order_item("Book", "17"))
    evidence = order(*bare.items, tax=Decimal("9.98"), shipping=Decimal(5))
    draft = sale(receipt_case(transaction("152.98"), order=bare, evidence=evidence))
    assert [line.tax_code for line in draft.lines] == ["TAX", "NON", "NON"]
    assert [line.description for line in draft.lines] == ["Course", "Book", "Shipping"]
    assert (draft.tax, draft.memo) == (usd("9.98"), "")


def test_evidence_of_another_order_is_not_believed() -> None:
    evidence = msgspec.structs.replace(order(), id="o2", tax=Decimal(8))
    assert sale(receipt_case(evidence=evidence)).tax == usd("0")


def test_the_webhooks_copy_stands_in_for_an_order_that_cannot_be_read() -> None:
    draft = sale(receipt_case(order=None, evidence=order(order_item("Course"))))
    assert [line.description for line in draft.lines] == ["Course"]


def test_tax_is_computed_from_the_rates_where_no_webhook_told_it() -> None:
    draft = sale(receipt_case(transaction("108.25"), order=order(taxed())))
    assert (draft.tax, draft.lines[0].tax_code) == (usd("8.25"), "TAX")


def test_tax_is_computed_after_the_discount() -> None:
    draft = sale(receipt_case(transaction("97.43"), order=order(taxed(), discount=Decimal(10))))
    assert (draft.discount, draft.tax) == (usd("10"), usd("7.43"))


def test_tax_rounded_per_line_is_understood() -> None:
    items = [taxed("0.10"), taxed("0.10"), taxed("0.10"), taxed("0.10")]
    draft = sale(receipt_case(transaction("0.44"), order=order(*items)))
    assert draft.tax == usd("0.04")  # rounded once it would be three cents
    assert sale(receipt_case(transaction("0.43"), order=order(*items))).tax == usd("0.03")


def test_an_exempt_buyer_pays_no_tax() -> None:
    assert sale(receipt_case(transaction("100"), order=order(taxed()))).tax == usd("0")


@pytest.mark.parametrize(("charge", "rounding"), [("100.02", "0.02"), ("99.98", "-0.02")])
def test_a_cent_per_line_becomes_a_flagged_rounding_line(charge: str, rounding: str) -> None:
    draft = sale(receipt_case(transaction(charge), order=order(order_item(amount="60"), order_item("B", "40"))))
    assert draft.lines[-1].amount == usd(rounding)
    assert draft.lines[-1].description == "Rounding"
    assert "rounding" in draft.memo


def test_more_than_a_cent_per_line_is_one_line_as_charged_and_flagged() -> None:
    draft = sale(receipt_case(transaction("99.98")))
    assert [line.amount for line in draft.lines] == [usd("99.98")]
    assert draft.lines[0].description == "Spring offer"
    assert draft.memo.startswith("Booked as charged: 99.98 USD;")


@pytest.mark.parametrize("known", [None, order(currency="EUR"), order(items=())])
def test_without_a_usable_order_the_charge_is_one_flagged_line(known: Any) -> None:
    draft = sale(receipt_case(order=known))
    assert [line.amount for line in draft.lines] == [usd("100")]
    assert draft.memo.startswith("Booked as charged")


def test_a_sale_without_a_named_source_is_a_payment() -> None:
    draft = sale(receipt_case(transaction(source_name=""), order=None))
    assert draft.lines[0].description == "Payment"
    assert draft.note == f"Avantto payment {TXN_ID} · funnel"


def test_a_young_charge_waits_for_the_order_webhook() -> None:
    row = transaction("108.25", created_at=NOW - timedelta(seconds=10))
    unexplained = order(order_item(), created_at=NOW - timedelta(seconds=12))
    assert code(plan_receipt(receipt_case(row, order=unexplained))) == ("Wait", "order_evidence")
    explained = msgspec.structs.replace(unexplained, tax=Decimal("8.25"))
    assert sale(receipt_case(row, order=unexplained, evidence=explained)).tax == usd("8.25")


def test_what_is_missing_is_named_first() -> None:
    steps = plan_receipt(receipt_case(company=company(items=()), customer=None))
    assert steps == (NeedItem(ItemDraft("Avantto sales", "79")), NeedCustomer(JANE))


def test_the_buyer_is_the_orders_with_blanks_filled_from_the_payment() -> None:
    row = transaction()
    assert buyer(row, None) == Person(ContactId("c1"), name="Jane Doe", email="jane@example.com")
    blank = order(person=Person(ContactId("")))
    assert buyer(row, blank) == buyer(row, None)
    assert buyer(row, order()) == JANE


class TestSubscriptions:
    """First and later charges: the same order, told apart by time."""

    def charge(self, amount: str, days: int = 30, **changes: Any) -> ReceiptCase:
        row = transaction(amount, subscription_id="sub_1")
        plan = changes.pop("items", (order_item("Setup", "50"), order_item("Plan", "100", recurring=True)))
        sold = order(*plan, created_at=row.created_at - timedelta(days=days), **changes)
        return receipt_case(row, order=sold)

    def test_the_first_charge_is_the_whole_order(self) -> None:
        draft = sale(self.charge("150", days=0))
        assert [line.description for line in draft.lines] == ["Setup", "Plan"]

    def test_a_first_charge_may_leave_out_what_comes_later(self) -> None:
        draft = sale(self.charge("100", days=0))
        assert [line.description for line in draft.lines] == ["Plan"]

    def test_a_renewal_is_its_recurring_items(self) -> None:
        draft = sale(self.charge("100"))
        assert [line.description for line in draft.lines] == ["Plan"]
        assert draft.memo == ""

    def test_a_renewal_is_not_mistaken_for_an_order_of_the_same_sum(self) -> None:
        items = (order_item("Setup", "50"), order_item("Plan", "50", recurring=True))
        case = self.charge("50", items=items, discount=Decimal(50))
        assert [line.description for line in sale(case).lines] == ["Plan"]

    def test_a_renewal_with_tax_is_explained_by_its_rates(self) -> None:
        items = (order_item("Setup", "50"), taxed(name="Plan", recurring=True))
        draft = sale(self.charge("108.25", items=items))
        assert (draft.tax, len(draft.lines)) == (usd("8.25"), 1)

    def test_a_renewal_that_does_not_add_up_is_one_line_with_its_period(self) -> None:
        draft = sale(self.charge("80"))
        assert [line.description for line in draft.lines] == ["Plan\nperiod from 2026-11-20"]
        assert draft.memo.startswith("Booked as charged: 80.00 USD;")

    def test_a_renewal_of_several_items_is_named_by_its_source(self) -> None:
        items = (order_item("A", recurring=True), order_item("B", recurring=True))
        assert sale(self.charge("80", items=items)).lines[0].description == "Spring offer\nperiod from 2026-11-20"

    def test_a_renewal_never_becomes_a_rounding_line(self) -> None:
        assert len(sale(self.charge("100.01")).lines) == 1

    def test_a_taxed_renewal_at_a_new_price_holds_its_tax(self) -> None:
        draft = sale(self.charge("80", items=(taxed(recurring=True),)))
        assert (draft.lines[0].amount, draft.tax, draft.lines[0].tax_code) == (usd("73.90"), usd("6.10"), "TAX")
        assert draft.memo.startswith("Booked as charged")

    def test_a_renewal_of_items_taxed_differently_at_a_new_price_is_held(self) -> None:
        items = (taxed(recurring=True), order_item("Plan", "100", recurring=True))
        assert held(plan_receipt(self.charge("80", items=items))).code == "tax_difference"

    def test_tax_on_the_setup_fee_does_not_hold_up_a_renewal(self) -> None:
        items = (taxed("50", name="Setup"), order_item("Plan", "100", recurring=True))
        assert sale(self.charge("80", items=items, tax=Decimal("4.13"))).tax == usd("0")

    def test_tax_that_no_item_names_may_be_in_a_renewal(self) -> None:
        items = (order_item("Plan", "100", recurring=True),)
        assert held(plan_receipt(self.charge("80", items=items, tax=Decimal(8)))).code == "tax_difference"

    def test_a_renewal_without_its_order_is_still_booked(self) -> None:
        case = msgspec.structs.replace(self.charge("80"), order=None)
        nameless = msgspec.structs.replace(case, transaction=transaction("80", subscription_id="s", source_name=""))
        assert sale(nameless).lines[0].description == "Subscription\nperiod from 2026-11-20"

    def test_two_charges_of_one_order_are_two_receipts(self) -> None:
        first, second = self.charge("100"), self.charge("100")
        later = msgspec.structs.replace(second, transaction=transaction("100", id="66" * 12, subscription_id="sub_1"))
        assert sale(first).reference != sale(later).reference


@st.composite
def sales(draw: st.DrawFn) -> ReceiptCase:
    lines = draw(st.lists(st.tuples(st.integers(0, 9_999), st.integers(1, 30), st.booleans()), max_size=5))
    items = [
        order_item(f"I{at}", f"{price}e-2", f"{count}e-1", recurring=again)
        for at, (price, count, again) in enumerate(lines)
    ]
    whole = sum((one.amount * one.quantity for one in items), Decimal(0))
    tax = draw(st.none() | st.integers(0, 500).map(lambda cents: Decimal(cents).scaleb(-2)))
    near = (whole + (tax or 0)).quantize(Decimal("0.01")) + Decimal(draw(st.integers(-8, 8))).scaleb(-2)
    charge = draw(st.sampled_from([near, Decimal(draw(st.integers(1, 9_999))).scaleb(-2)]))
    row = transaction(str(max(charge, Decimal("0.01"))), subscription_id=draw(st.sampled_from(["", "sub_1"])))
    return receipt_case(row, order=msgspec.structs.replace(order(), items=tuple(items), tax=tax))


@given(sales())
def test_whatever_is_posted_adds_up_to_the_charge(case: ReceiptCase) -> None:
    (step,) = plan_receipt(case)
    if not isinstance(step, CreateReceipt):
        assert code((step,)) == ("Hold", "tax_difference")
        return
    draft = step.draft
    lines = total((line.amount for line in draft.lines), "USD")
    assert lines - draft.discount + draft.tax == draft.total == Money.of(case.transaction.amount, "USD")


class TestParts:
    """Several charges of one order: deposits, instalments, an upsell charged by itself."""

    def order(self, **changes: Any) -> Any:
        return order(taxed("100"), order_item("Book", "50"), amount=Decimal("158.25"), **changes)

    def instalment(self, amount: str, hours: int = 0, **changes: Any) -> ReceiptCase:
        at = NOW - timedelta(hours=6 - hours)
        row = transaction(amount, id=f"{hours:024x}", created_at=at, updated_at=at)
        return receipt_case(row, order=self.order(), **changes)

    def test_a_part_of_a_taxed_order_holds_its_part_of_the_tax(self) -> None:
        draft = sale(self.instalment("79.12"))
        assert (draft.tax, draft.total) == (usd("4.12"), usd("79.12"))
        assert draft.memo == "79.12 USD of an order of 158.25 USD: every item in proportion."

    def test_instalments_that_follow_one_another_make_up_the_order(self) -> None:
        amounts = ["40", "60", "58.25"]
        rows = [self.instalment(amount, hours).transaction for hours, amount in enumerate(amounts)]
        drafts = [
            sale(self.instalment(amount, hours, siblings=tuple(row for row in rows if row is not rows[hours])))
            for hours, amount in enumerate(amounts)
        ]
        assert total((draft.tax for draft in drafts), "USD") == usd("8.25")
        assert total((draft.lines[1].amount for draft in drafts), "USD") == usd("50")

    def test_charges_beyond_the_order_begin_anew(self) -> None:
        before = self.instalment("150").transaction
        assert sale(self.instalment("79.12", 1, siblings=(before,))).tax == usd("4.12")

    def test_a_booking_may_be_paid_for_in_part(self) -> None:
        case = receipt_case(transaction("30", source_type="calendar"))
        assert [line.description for line in sale(case).lines] == ["Course"]
        assert sale(receipt_case(transaction("30"))).lines[0].description == "Spring offer"

    def test_one_item_charged_by_itself_is_that_item(self) -> None:
        draft = sale(receipt_case(transaction("50"), order=self.order()))
        assert [line.description for line in draft.lines] == ["Book"]

    def test_of_two_items_at_the_same_price_neither_is_guessed(self) -> None:
        twice = order(order_item("A", "50"), order_item("B", "50"))
        assert sale(receipt_case(transaction("50"), order=twice)).lines[0].description == "Spring offer"


def test_a_receipt_a_person_deleted_or_voided_stays_so() -> None:
    case = receipt_case(link=link("SalesReceipt", status="deleted"))
    assert code(plan_receipt(case)) == ("Ignore", "gone_in_books")


def test_a_receipt_we_took_back_is_posted_again_when_the_charge_stands() -> None:
    assert sale(receipt_case(link=link("SalesReceipt", status="withdrawn"))).total == usd("100")


def test_a_cent_beside_a_tax_the_webhook_states_otherwise_is_no_rounding() -> None:
    stated = order(taxed(), amount=Decimal("108.26"), tax=Decimal(8))
    assert (
        held(plan_receipt(receipt_case(transaction("108.26"), order=stated, evidence=stated))).code == "tax_difference"
    )
