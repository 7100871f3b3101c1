from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avantto_qbo.model.avantto import Discount
from avantto_qbo.model.drafts import ItemDraft
from avantto_qbo.model.money import Money, rounded, total
from avantto_qbo.model.settings import Numbers, OnOff, Settings, TaxMode
from avantto_qbo.model.steps import CreateInvoice, Hold, NeedCustomer, NeedItem
from avantto_qbo.rules.books.plan import plan_invoice
from unit.rules.cases import (
    BOOKS_FROM,
    CITY_TAX,
    INVOICE_ID,
    JANE,
    PLACE,
    SALES_TAX,
    code,
    company,
    drafted,
    held,
    invoice,
    invoice_case,
    item,
    link,
    location,
    paid_by,
)


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


@pytest.mark.parametrize("status", ["sent", "payment_processing", "partially_paid", "paid", "overdue", "viewed"])
def test_a_sent_invoice_is_posted_with_the_same_numbers(status: str) -> None:
    draft = drafted(invoice_case(invoice(status=status)))
    assert (draft.customer, draft.number, draft.email) == ("20", "INV-1042", "jane@example.com")
    assert (draft.day, draft.due) == (date(2026, 11, 18), date(2026, 12, 2))
    assert draft.total == usd("100")
    assert draft.memo == ""
    assert draft.note == f"Avantto invoice INV-1042 · {INVOICE_ID}"


@pytest.mark.parametrize(
    ("document", "changes", "why"),
    [
        (invoice(), {"settings": Settings(invoices=OnOff.OFF)}, "invoices_off"),
        (invoice(live=False), {}, "test_mode"),
        (invoice(status="draft"), {}, "draft"),
        (invoice(status="void"), {}, "never_posted"),
        (invoice(status="delete"), {}, "never_posted"),
        (invoice(created_at=BOOKS_FROM - timedelta(seconds=1)), {}, "before_cut_off"),
        (invoice(), {"link": link(status="voided")}, "gone_in_books"),
    ],
)
def test_what_is_not_for_the_books_is_left_out(document: Any, changes: dict[str, Any], why: str) -> None:
    assert code(plan_invoice(invoice_case(document, **changes))) == ("Ignore", why)


def test_the_cut_off_goes_by_creation_not_by_the_issue_date() -> None:
    document = invoice(created_at=BOOKS_FROM, issue_date="2026-09-01")
    assert drafted(invoice_case(document)).day == date(2026, 9, 1)


def test_instants_become_days_of_the_location() -> None:
    document = invoice(issue_date="2026-11-18T05:59:59.999Z", due_date="2026-12-02T06:00:00.000Z")
    draft = drafted(invoice_case(document))
    assert (draft.day, draft.due) == (date(2026, 11, 17), date(2026, 12, 2))


def test_missing_dates_fall_back_to_creation_and_to_none() -> None:
    draft = drafted(invoice_case(invoice(issue_date="", due_date="")))
    assert (draft.day, draft.due) == (date(2026, 11, 18), None)


def test_a_broken_email_is_left_out() -> None:
    person = msgspec.structs.replace(JANE, email="jane at example")
    assert drafted(invoice_case(invoice(person=person))).email == ""


def test_a_percentage_discount_is_one_positive_amount_on_its_account() -> None:
    document = invoice(item(amount="80"), discount=Discount("percentage", Decimal(10)), discount_total=Decimal(8))
    draft = drafted(invoice_case(document))
    assert (draft.discount, draft.discount_account, draft.total) == (usd("8"), "82", usd("72"))


def test_a_fixed_discount_needs_no_percentage() -> None:
    document = invoice(discount=Discount("fixed", Decimal(5)), discount_total=Decimal(5))
    assert drafted(invoice_case(document)).discount == usd("5")


def test_a_discount_account_is_found_where_the_company_names_none() -> None:
    document = invoice(discount_total=Decimal(5))
    assert drafted(invoice_case(document, company=company(discount_account=""))).discount_account == "82"


def test_several_taxes_are_one_total_on_the_taxed_lines() -> None:
    document = invoice(item("Taxed", "100", taxes=(SALES_TAX, CITY_TAX)), item("Free", "50"), tax_total=Decimal("9.75"))
    draft = drafted(invoice_case(document))
    assert [line.tax_code for line in draft.lines] == ["TAX", "NON"]
    assert (draft.tax, draft.total) == (usd("9.75"), usd("159.75"))


def test_tax_that_no_line_names_is_on_all_of_them() -> None:
    draft = drafted(invoice_case(invoice(item(), item("B"), tax_total=Decimal(3))))
    assert [line.tax_code for line in draft.lines] == ["TAX", "TAX"]


def test_a_tax_of_zero_taxes_no_line() -> None:
    draft = drafted(invoice_case(invoice(item(taxes=(SALES_TAX,)))))
    assert [line.tax_code for line in draft.lines] == ["NON"]


def test_lines_find_their_item_by_exact_name_else_the_default() -> None:
    draft = drafted(invoice_case(invoice(item("Cleaning"), item("cleaning"), item("Whitening"))))
    assert [line.item for line in draft.lines] == ["8", "7", "7"]


def test_a_line_tells_name_description_quantity_and_price() -> None:
    draft = drafted(invoice_case(invoice(item("Cleaning", "33.5", "2.5", description="<p>Upper jaw</p>"))))
    line = draft.lines[0]
    assert line.description == "Cleaning\nUpper jaw"
    assert (line.quantity, line.unit_price, line.amount) == (Decimal("2.5"), Decimal("33.5"), usd("83.75"))


def test_a_remainder_of_fractions_goes_to_the_largest_line_without_a_quantity() -> None:
    document = invoice(item("A", "0.333", "5"), item("B", "0.111", "5"), total=Decimal("2.22"))
    draft = drafted(invoice_case(document))
    assert [line.amount for line in draft.lines] == [usd("1.66"), usd("0.56")]
    assert [line.quantity for line in draft.lines] == [None, Decimal(5)]


def test_lines_rounded_one_by_one_are_taken_where_they_give_the_total() -> None:
    document = invoice(item("A", "0.333", "5"), item("B", "0.111", "5"), total=Decimal("2.23"))
    assert [line.amount for line in drafted(invoice_case(document)).lines] == [usd("1.67"), usd("0.56")]


@pytest.mark.parametrize(
    ("document", "changes", "why", "words"),
    [
        (invoice(total=Decimal("100.02")), {}, "invoice_total", "total says 100.02 USD"),
        (
            invoice(item(taxes=(SALES_TAX,)), tax_total=Decimal(8), total=Decimal("108.01")),
            {},
            "invoice_total",
            "come to 108.00 USD",
        ),
        (invoice(total=Decimal("100.005")), {}, "amount", "total is 100.005"),
        (invoice(total=Decimal(-1)), {}, "negative", "total is negative"),
        (invoice(discount_total=Decimal(-1)), {}, "negative", "discount_total"),
        (invoice(tax_total=Decimal(-1)), {}, "tax_negative", "tax is negative"),
        (invoice(*[item(amount="1")] * 751), {}, "too_many_lines", "751"),
        (invoice(items=(), total=Decimal(0)), {}, "no_lines", "no items"),
        (invoice(issue_date="soon"), {}, "issue_date", "issueDate 'soon'"),
        (invoice(due_date="later"), {}, "due_date", "dueDate 'later'"),
        (invoice(status="scheduled"), {}, "invoice_status", "'scheduled'"),
        (invoice(currency="EUR"), {}, "currency", "EUR"),
        (
            invoice(item(taxes=(SALES_TAX,)), tax_total=Decimal("8.25")),
            {"company": company(country="CA")},
            "tax_code",
            "no tax code of the company could stand for State (8.25 %)",
        ),
        (
            invoice(tax_total=Decimal(5)),
            {"company": company(sales_tax=False)},
            "tax_account",
            "no account to owe it on",
        ),
        (invoice(tax_total=Decimal(5)), {"settings": Settings(tax=TaxMode.HOLD)}, "tax_setting", "tax is hold"),
        (invoice(), {"company": company(books_closed=date(2026, 11, 18))}, "books_closed", "2026-11-18"),
        (invoice(), {"location": location(time_zone="")}, "time_zone", "time zone"),
    ],
)
def test_what_would_be_wrong_is_held_with_the_field_and_the_mend(
    document: Any, changes: dict[str, Any], why: str, words: str
) -> None:
    reason = held(plan_invoice(invoice_case(document, **changes)))
    assert reason.code == why
    assert words in reason.text
    assert "avantto-qbo" in reason.mend


def test_a_hold_names_the_document_but_never_the_person() -> None:
    reason = held(plan_invoice(invoice_case(invoice(total=Decimal(1)))))
    assert "INV-1042" in reason.text
    assert "Jane" not in reason.text


def test_a_setting_is_mended_by_the_command_for_this_location() -> None:
    case = invoice_case(invoice(tax_total=Decimal(5)), settings=Settings(tax=TaxMode.HOLD))
    assert held(plan_invoice(case)).mend == f"avantto-qbo settings {PLACE} tax=auto"


def test_inclusive_prices_without_a_tax_are_plain_prices() -> None:
    assert drafted(invoice_case(invoice(item(tax_inclusive=True)))).tax == usd("0")


def test_another_currency_is_posted_where_the_company_has_several() -> None:
    case = invoice_case(invoice(item(amount="1200"), currency="JPY"), company=company(multi_currency=True))
    assert drafted(case).total == Money(1200, "JPY")


def test_a_number_longer_than_the_field_keeps_its_end_visibly() -> None:
    draft = drafted(invoice_case(invoice(number="BRIGHT-DENTAL-AUSTIN-2026-001042")))
    assert draft.number == "~L-AUSTIN-2026-001042"
    assert draft.memo == "Invoice BRIGHT-DENTAL-AUSTIN-2026-001042"


@pytest.mark.parametrize(("variant", "number"), [(0, "INV-1042"), (1, "INV-1042-2"), (2, "INV-1042-3")])
def test_a_taken_number_gets_a_visible_variant(variant: int, number: str) -> None:
    assert drafted(invoice_case(number_variant=variant)).number == number


def test_the_prefix_of_a_shared_company_stands_before_the_number() -> None:
    draft = drafted(invoice_case(settings=Settings(number_prefix="A-")))
    assert (draft.number, draft.memo) == ("A-INV-1042", "")


@pytest.mark.parametrize(
    "changes",
    [{"company": company(custom_numbers=False)}, {"settings": Settings(numbers=Numbers.QUICKBOOKS)}],
)
def test_where_quickbooks_numbers_ours_stands_in_the_memo(changes: dict[str, Any]) -> None:
    draft = drafted(invoice_case(**changes))
    assert (draft.number, draft.memo) == ("", "Invoice INV-1042")


def test_an_invoice_without_a_number_is_posted_without_one() -> None:
    draft = drafted(invoice_case(invoice(number=" ")))
    assert (draft.number, draft.memo) == ("", "")


def test_what_is_missing_is_named_first() -> None:
    bare = company(items=())
    steps = plan_invoice(invoice_case(company=bare, customer=None))
    assert steps == (NeedItem(ItemDraft("Avantto sales", "79")), NeedCustomer(JANE))


def test_what_is_held_needs_no_customer() -> None:
    assert held(plan_invoice(invoice_case(invoice(total=Decimal(1)), customer=None))).code == "invoice_total"


def test_a_payment_posted_by_the_built_in_integration_pauses_the_money() -> None:
    case = invoice_case(transactions=(paid_by(qbo_synced=True),))
    assert code(plan_invoice(case)) == ("PauseMoney", "built_in_integration")


@st.composite
def documents(draw: st.DrawFn) -> Any:
    """Invoices as the vendor may add them up: line amounts rounded, discount and tax whole cents."""
    lines = draw(st.lists(st.tuples(st.integers(0, 99_999), st.integers(1, 400)), min_size=1, max_size=8))
    items = [item(f"I{number}", f"{price}e-2", f"{count}e-1") for number, (price, count) in enumerate(lines)]
    whole = sum((rounded(one.amount * one.quantity, "USD") for one in items), Decimal(0))
    discount = Decimal(draw(st.integers(0, int(whole * 100)))).scaleb(-2)
    tax = Decimal(draw(st.integers(0, 10_000))).scaleb(-2)
    error = Decimal(draw(st.sampled_from([0, 0, 0, 1, -1, 50]))).scaleb(-2)
    return invoice(*items, discount_total=discount, tax_total=tax, total=whole - discount + tax + error)


@given(documents())
def test_whatever_is_posted_adds_up_to_avanttos_total(document: Any) -> None:
    (step,) = plan_invoice(invoice_case(document))
    if isinstance(step, Hold):
        assert step.reason.code in {"invoice_total", "negative"}
        return
    assert isinstance(step, CreateInvoice)
    draft = step.draft
    lines = total((line.amount for line in draft.lines), "USD")
    assert lines - draft.discount + draft.tax == draft.total == Money.of(document.total, "USD")
    for line in draft.lines:
        if line.quantity is not None and line.unit_price is not None:
            assert Money.rounded(line.quantity * line.unit_price, "USD") == line.amount
