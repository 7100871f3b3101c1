"""A sale taken back long after it was made: in what the company's lists hold today, to the same cent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from avantto_qbo.model.drafts import DraftLine, InvoiceDraft, Role, TaxForm, TaxPart
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.money import Money, total
from avantto_qbo.model.quickbooks import Account, Division, Item, TaxCode, TaxRate
from avantto_qbo.model.steps import CreateRefund, NeedItem, PostedPayment
from avantto_qbo.rules.books.refund import invoice_refunds
from avantto_qbo.rules.books.sale.restated import restated
from avantto_qbo.rules.reasons import HeldError
from unit.rules.cases import ACCOUNTS, TXN_ID, company, invoice, invoice_case, link, paid_by

HELD_CODE = "tax_code"


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


SALE = InvoiceDraft(
    customer=CustomerId("20"),
    number="INV-1042",
    day=date(2026, 11, 18),
    due=None,
    email="",
    lines=(
        DraftLine("7", usd("80"), "Whitening", tax_code="TAX", class_="1"),
        DraftLine("8", usd("30"), "Cleaning", class_="1"),
    ),
    discount=usd("10"),
    discount_account="82",
    tax=usd("8"),
    total=usd("108"),
    memo="",
    note="Avantto invoice",
)


def now(draft: InvoiceDraft = SALE, **facts: Any) -> InvoiceDraft:
    case = invoice_case(company=company(**facts))
    return restated(draft, case, "Invoice INV-1042")[0]


def without(*items: str) -> tuple[Item, ...]:
    names = {"7": "Avantto sales", "8": "Cleaning"}
    return tuple(Item(one, name, "Service", active=one not in items) for one, name in names.items())


def adds_up(draft: InvoiceDraft) -> bool:
    return total((line.amount for line in draft.lines), "USD") - draft.discount + draft.tax == draft.total


def test_what_is_still_there_stays() -> None:
    assert now(classes=(Division("1", "North"),)) == SALE


def test_an_item_sold_no_more_gives_way_to_the_default() -> None:
    assert [line.item for line in now(items=without("8")).lines] == ["7", "7"]


def test_a_default_item_that_is_gone_too_is_made_first() -> None:
    case = invoice_case(
        invoice(),
        company=company(items=without("7", "8")),
        transactions=(paid_by("108", amount_refunded=Decimal(108)),),
        posted=(PostedPayment(TXN_ID, usd("108"), "900"),),
        link=link(),
        agreed=SALE,
    )
    (need,) = invoice_refunds(case, SALE)
    assert isinstance(need, NeedItem)
    made = msgspec.structs.replace(case, made_items={need.draft.name: "50"})
    (step,) = invoice_refunds(made, SALE)
    assert isinstance(step, CreateRefund)
    assert {line.item for line in step.draft.lines} == {"50"}


def test_tax_and_discount_lines_get_an_item_of_their_kind() -> None:
    liability = Account("90", "Sales Tax Payable", "Other Current Liability", "SalesTaxPayable")
    lines = (
        *SALE.lines,
        DraftLine("9", usd("-10"), "Discount", role=Role.DISCOUNT),
        DraftLine("10", usd("8"), "Sales tax", role=Role.TAX),
    )
    none = usd("0")
    draft = msgspec.structs.replace(SALE, lines=lines, discount=none, tax=none, form=TaxForm.LINE)
    gone = (Item("9", "Discount", "Service", active=False), Item("10", "Tax", "Service", active=False))
    case = invoice_case(company=company(items=(*without(), *gone), accounts=(*ACCOUNTS, liability)))
    _, needs = restated(draft, case, "Invoice INV-1042")
    assert [(need.name, need.income_account) for need in needs] == [
        ("Avantto discount", "82"),
        ("Avantto sales tax", "90"),
    ]


def test_where_no_discount_is_allowed_any_more_it_is_lines_by_tax_code() -> None:
    draft = now(allow_discount=False)
    off = [(line.tax_code, line.amount) for line in draft.lines if line.role is Role.DISCOUNT]
    assert off == [("TAX", usd("-7.27")), ("NON", usd("-2.73"))]
    assert adds_up(draft)
    assert (draft.discount, draft.discount_account) == (usd("0"), "")


def test_a_line_that_bears_nothing_of_the_discount_has_none_of_it() -> None:
    lines = (DraftLine("7", usd("130"), tax_code="TAX"), DraftLine("8", usd("-20")))
    draft = now(msgspec.structs.replace(SALE, lines=lines), allow_discount=False)
    assert [line.amount for line in draft.lines if line.role is Role.DISCOUNT] == [usd("-10")]


def test_a_discount_leaves_an_account_that_is_closed() -> None:
    closed = Account("82", "Old discounts", "Income", "DiscountsRefundsGiven", active=False)
    open_one = Account("83", "Discounts given", "Income", "DiscountsRefundsGiven")
    accounts = (*(one for one in ACCOUNTS if one.id != "82"), closed, open_one)
    assert now(accounts=accounts, discount_account="82").discount_account == "83"


def test_a_class_that_is_gone_is_left_out() -> None:
    assert {line.class_ for line in now(classes=(Division("1", "North", active=False),)).lines} == {""}


@pytest.mark.parametrize(("country", "code"), [("US", "4"), ("GB", "")])
def test_a_tax_code_that_is_not_active_is_a_persons_to_mend(country: str, code: str) -> None:
    lines = tuple(msgspec.structs.replace(line, tax_code="TAX" if country == "US" else "4") for line in SALE.lines)
    draft = msgspec.structs.replace(SALE, lines=lines, tax_code=code)
    rates = (TaxRate("1", "VAT", Decimal(20)),)
    with pytest.raises(HeldError) as held:
        now(draft, country=country, tax_rates=rates, tax_codes=(TaxCode("4", "20.0% S", ("1",), active=False),))
    assert held.value.reason.code == HELD_CODE
    assert "20.0% S" in held.value.reason.text
    active = (TaxCode("4", "20.0% S", ("1",)),)
    assert now(draft, country=country, tax_rates=rates, tax_codes=active).total == SALE.total


def test_the_sums_of_the_rates_stay() -> None:
    parts = (TaxPart("1", Decimal("8.25"), usd("97"), usd("8")),)
    assert now(msgspec.structs.replace(SALE, tax_parts=parts), allow_discount=False).tax_parts == parts
