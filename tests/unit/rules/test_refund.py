from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avantto_qbo.model.drafts import DraftLine, InvoiceDraft, PaymentDraft, ReceiptDraft, RefundDraft, TaxForm
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.money import Money, total
from avantto_qbo.model.settings import OnOff, Settings
from avantto_qbo.model.steps import CreateRefund, Ignore, PostedPayment, PostedRefund, VoidReceipt
from avantto_qbo.rules.books.refund import check_credit, invoice_refunds, plan_posted, receipt_refunds, void_refunded
from avantto_qbo.rules.reasons import HeldError
from unit.rules.cases import TXN_ID, company, invoice, invoice_case, link, paid_by, receipt_case, transaction

REFUNDED_AT = datetime(2026, 11, 20, 3, tzinfo=UTC)  # the 19th in Chicago


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


AGREED = InvoiceDraft(
    customer=CustomerId("20"),
    number="INV-1042",
    day=date(2026, 11, 18),
    due=None,
    email="jane@example.com",
    lines=(
        DraftLine("7", usd("80"), "Whitening", Decimal(2), Decimal(40), "TAX"),
        DraftLine("8", usd("30"), "Cleaning"),
    ),
    discount=usd("10"),
    discount_account="82",
    tax=usd("8"),
    total=usd("108"),
    memo="",
    note="Avantto invoice",
    department="3",
)
SALE = ReceiptDraft(
    customer=CustomerId("20"),
    number="ABC",
    day=date(2026, 11, 18),
    email="jane@example.com",
    lines=AGREED.lines,
    discount=AGREED.discount,
    discount_account="82",
    tax=AGREED.tax,
    total=AGREED.total,
    reference="ABC",
    note="Avantto payment",
    memo="",
    account="4",
)


def payment(part: str = TXN_ID, amount: str = "108") -> PostedPayment:
    return PostedPayment(part, usd(amount), "900")


def row(refunded: str = "0", amount: str = "108", txn: str = TXN_ID, **changes: Any) -> Any:
    known = {"amount_refunded": Decimal(refunded), "updated_at": REFUNDED_AT}
    return paid_by(amount, txn, **known | changes)


def back(amount: str, txn: str = TXN_ID, object_id: str = "950") -> PostedRefund:
    return PostedRefund(txn, usd(amount), object_id)


def case_of(*rows: Any, posted: Any = None, **changes: Any) -> Any:
    posted = (payment(),) if posted is None else posted
    return invoice_case(invoice(), transactions=rows, posted=posted, link=link(), agreed=AGREED, **changes)


def sale_case(refunded: str = "0", **changes: Any) -> Any:
    about = {"amount_refunded": Decimal(refunded), "updated_at": REFUNDED_AT}
    charge = transaction("108", **about | changes.pop("about", {}))
    return receipt_case(charge, link=link("SalesReceipt"), agreed=SALE, **changes)


def only(steps: Any) -> RefundDraft:
    (step,) = steps
    assert isinstance(step, CreateRefund), step
    return step.draft


def adds_up(draft: RefundDraft) -> bool:
    lines = total((line.amount for line in draft.lines), "USD")
    return lines - draft.discount + draft.tax == draft.total


def test_a_full_refund_is_the_whole_sale_in_reverse() -> None:
    (step,) = receipt_refunds(sale_case("108"), SALE)
    assert isinstance(step, CreateRefund)
    draft = step.draft
    assert (draft.total, draft.refunded, draft.lines, draft.tax) == (usd("108"), usd("108"), SALE.lines, usd("8"))
    assert (draft.customer, draft.account, draft.method) == ("20", "1", "3")
    assert draft.note == f"Avantto refund {TXN_ID} · 108.00 USD"
    assert (draft.number, draft.reference) == ("31s3sjqs502z9uv4hu3-1", "31s3sjqs502z9uv4hu3")
    assert [flag.code for flag in step.flags] == ["refunded"]


def test_a_refund_is_dated_by_the_change_of_its_transaction_in_the_location_s_time_zone() -> None:
    assert only(receipt_refunds(sale_case("108"), SALE)).day == date(2026, 11, 19)


def test_the_status_alone_means_all_of_it() -> None:
    case = sale_case("0", about={"status": "refunded"})
    assert only(receipt_refunds(case, SALE)).total == usd("108")


def test_an_increase_is_refunded_in_the_original_s_proportion_and_keeps_what_was_refunded() -> None:
    draft = only(receipt_refunds(sale_case("54"), SALE))
    assert (draft.total, draft.tax, draft.discount) == (usd("54"), usd("4"), usd("5"))
    assert [line.amount for line in draft.lines] == [usd("40"), usd("15")]
    case = sale_case("81", refunds=(back("54"),))
    again = only(receipt_refunds(case, SALE))
    assert (again.total, again.refunded, again.number[-2:]) == (usd("27"), usd("81"), "-2")
    assert again.note.endswith("81.00 USD")


@pytest.mark.parametrize("refunds", [(), (back("40"), back("108"))])
def test_what_is_in_the_books_is_not_refunded_again(refunds: Any) -> None:
    steps = receipt_refunds(sale_case("108" if refunds else "0", refunds=refunds), SALE)
    assert steps == ()


def test_refunds_off_is_respected() -> None:
    off = Settings(refunds=OnOff.OFF)
    assert receipt_refunds(sale_case("108", settings=off), SALE) == ()
    assert invoice_refunds(case_of(row("108"), settings=off), AGREED) == ()


def test_quickbooks_numbers_refunds_where_it_numbers_receipts() -> None:
    case = sale_case("108", company=company(custom_numbers=False))
    assert only(receipt_refunds(case, SALE)).number == ""


def test_lines_nothing_went_back_of_are_left_out_unless_there_is_no_other() -> None:
    assert [line.item for line in only(receipt_refunds(sale_case("0.01"), SALE)).lines] == ["7"]
    free = msgspec.structs.replace(SALE, lines=(DraftLine("7", usd("0")),), discount=usd("0"), tax=usd("108"))
    assert only(receipt_refunds(sale_case("108"), free)).lines == free.lines


def test_how_a_bookkeeper_split_a_line_is_not_repeated() -> None:
    split = tuple(msgspec.structs.replace(line, parts=(b"{}",)) for line in AGREED.lines)
    draft = only(invoice_refunds(case_of(row("108")), msgspec.structs.replace(AGREED, lines=split)))
    assert [line.parts for line in draft.lines] == [(), ()]


def test_the_form_of_tax_and_the_department_are_the_original_s() -> None:
    agreed = msgspec.structs.replace(AGREED, form=TaxForm.LINE, tax_code="9")
    draft = only(invoice_refunds(case_of(row("8")), agreed))
    assert (draft.form, draft.tax_code, draft.department) == (TaxForm.LINE, "9", "3")


@pytest.mark.parametrize(
    ("refunded", "refunds", "why"),
    [("109", (), "over_refund"), ("40", (back("54"),), "refunded_less"), ("108", (back("20", "t0"),), "over_refund")],
)
def test_refunds_that_contradict_each_other_are_held(refunded: str, refunds: Any, why: str) -> None:
    with pytest.raises(HeldError) as held:
        receipt_refunds(sale_case(refunded, refunds=refunds), SALE)
    assert held.value.reason.code == why
    assert TXN_ID in held.value.reason.text


def test_a_refund_in_a_closed_period_is_held_and_one_after_it_is_not() -> None:
    closed = company(books_closed=date(2026, 11, 18))
    assert only(receipt_refunds(sale_case("108", company=closed), SALE)).day == date(2026, 11, 19)
    with pytest.raises(HeldError) as held:
        receipt_refunds(sale_case("108", company=company(books_closed=date(2026, 11, 19))), SALE)
    assert held.value.reason.code == "books_closed"


def test_without_an_account_to_refund_from_the_location_waits() -> None:
    accounts = tuple(account for account in company().accounts if account.kind != "Bank")
    with pytest.raises(HeldError) as held:
        receipt_refunds(sale_case("108", company=company(accounts=accounts)), SALE)
    assert held.value.reason.code == "refund_account"


def test_only_posted_payments_of_an_invoice_are_refunded() -> None:
    case = case_of(row("108"), row("5", "5", "t2"), row("5", "5", "t3", status="failed"), posted=(payment(),))
    assert [step.transaction for step in invoice_refunds(case, AGREED) if isinstance(step, CreateRefund)] == [TXN_ID]
    assert invoice_refunds(case_of(row("108"), posted=()), AGREED) == ()


def test_refunds_of_several_payments_add_up_to_the_invoice() -> None:
    rows = (row("33.33", "33.33", "t1"), row("74.67", "74.67", "t2"))
    case = case_of(*rows, posted=(payment("t1", "33.33"), payment("t2", "74.67")))
    drafts = [step.draft for step in invoice_refunds(case, AGREED) if isinstance(step, CreateRefund)]
    assert [draft.total for draft in drafts] == [usd("33.33"), usd("74.67")]
    assert all(adds_up(draft) for draft in drafts)
    assert total((draft.tax for draft in drafts), "USD") == AGREED.tax
    for place, line in enumerate(AGREED.lines):
        assert total((draft.lines[place].amount for draft in drafts), "USD") == line.amount


@given(st.lists(st.integers(1, 10_800), min_size=1, max_size=6, unique=True).map(sorted))
def test_any_run_of_refunds_adds_up_to_what_was_refunded(marks: list[int]) -> None:
    posted: tuple[PostedRefund, ...] = ()
    drafts = []
    for mark in marks:
        amount = Money(mark, "USD")
        case = sale_case(str(amount.amount), refunds=posted)
        drafts.append(only(receipt_refunds(case, SALE)))
        posted += (PostedRefund(TXN_ID, amount, "9"),)
    assert all(adds_up(draft) for draft in drafts)
    assert total((draft.total for draft in drafts), "USD") == Money(marks[-1], "USD")
    assert len({draft.number for draft in drafts}) == len(drafts)
    assert len({draft.note for draft in drafts}) == len(drafts)


# -- a receipt that stands ---------------------------------------------------------------------------------------------


def test_a_receipt_whose_charge_the_bank_took_back_is_voided() -> None:
    assert plan_posted(sale_case(about={"status": "failed"})) == (VoidReceipt(),)


def test_a_receipt_that_stands_is_left_alone_but_for_refunds() -> None:
    assert plan_posted(sale_case()) == ()
    assert only(plan_posted(sale_case("10"))).total == usd("10")
    assert plan_posted(msgspec.structs.replace(sale_case("10"), agreed=None)) == ()


@pytest.mark.parametrize(
    ("case", "why"),
    [
        (sale_case(about={"status": "failed"}, refunds=(back("10"),)), "failed_refunded"),
        (sale_case(about={"status": "failed"}, company=company(books_closed=date(2026, 11, 18))), "books_closed"),
        (sale_case(about={"status": "disputed"}), "payment_status"),
    ],
)
def test_a_receipt_only_a_person_can_decide_about_is_held(case: Any, why: str) -> None:
    with pytest.raises(HeldError) as held:
        plan_posted(case)
    assert held.value.reason.code == why


# -- a void after money went back --------------------------------------------------------------------------------------


def test_an_invoice_that_was_never_refunded_is_voided_as_any_other() -> None:
    assert void_refunded(case_of(row("0")), AGREED) is None
    assert void_refunded(case_of(row("108"), settings=Settings(refunds=OnOff.OFF)), AGREED) is None


def test_an_invoice_refunded_in_full_is_taken_back_by_its_refunds() -> None:
    assert only(void_refunded(case_of(row("108")), AGREED)).total == usd("108")
    steps = void_refunded(case_of(row("108"), refunds=(back("108"),)), AGREED)
    assert steps is not None
    assert isinstance(steps[0], Ignore)


def test_a_void_after_a_part_went_back_is_a_question() -> None:
    with pytest.raises(HeldError) as held:
        void_refunded(case_of(row("40"), refunds=(back("40"),)), AGREED)
    assert held.value.reason.code == "void_refunded"
    assert "40.00 USD of 108.00 USD" in held.value.reason.text


def credit(**changes: Any) -> PostedPayment:
    draft = PaymentDraft(CustomerId("20"), "", usd("108"), date(2026, 11, 19), "ref", "note", "4")
    return msgspec.structs.replace(payment(), draft=msgspec.structs.replace(draft, **changes))


def test_a_refund_of_money_that_stayed_a_credit_is_a_question() -> None:
    with pytest.raises(HeldError) as held:
        check_credit(case_of(row("40"), posted=(credit(),)))
    assert held.value.reason.code == "refund_of_credit"


@pytest.mark.parametrize(
    "case",
    [
        case_of(row("0"), posted=(credit(),)),
        case_of(row("40"), posted=(credit(invoice="145"),)),
        case_of(row("40"), posted=(payment(),)),
        case_of(row("40", status="failed"), posted=(credit(),)),
        case_of(row("40"), posted=(credit(),), settings=Settings(refunds=OnOff.OFF)),
    ],
)
def test_any_other_refund_is_no_question_of_a_credit(case: Any) -> None:
    check_credit(case)
