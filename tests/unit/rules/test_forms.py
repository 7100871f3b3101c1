"""A reckoned sale in the form its company takes: always the same sum."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avantto_qbo.model.avantto import Tax
from avantto_qbo.model.drafts import DraftLine, InvoiceDraft, Role, TaxForm, TaxPart
from avantto_qbo.model.money import Money, total
from avantto_qbo.model.quickbooks import Account, Division, Item
from avantto_qbo.model.settings import Settings, TaxMode
from avantto_qbo.rules.books.explain import explain
from avantto_qbo.rules.books.invoice import draft_invoice
from avantto_qbo.rules.books.sale.correction import as_line, corrected
from avantto_qbo.rules.books.sale.forms import Formed, formed
from avantto_qbo.rules.books.sale.lines import SoldLine
from avantto_qbo.rules.books.sale.portion import portion
from avantto_qbo.rules.books.sale.reckon import Extra, Reckoning, Sale, reckon
from avantto_qbo.rules.reasons import HeldError
from unit.rules.cases import ACCOUNTS, company, drafted, invoice, invoice_case, item
from unit.rules.test_taxes import CANADA, UK, VAT, inside

OWED = Account("90", "Sales Tax", "Other Current Liability")
STATE = Tax("State", Decimal("8.25"))


def reckoned(*lines: SoldLine, total: str, discount: str = "0", currency: str = "USD", **more: Any) -> Reckoning:
    found = reckon(Sale(lines, Money.of(total, currency), Money.of(discount, currency), **more))
    assert found is not None
    return found


def sold(price: str, *taxes: Tax, **more: Any) -> SoldLine:
    return SoldLine(more.pop("name", "Thing"), Decimal(more.pop("quantity", 1)), Decimal(price), taxes=taxes, **more)


def sums(whole: Formed) -> Money:
    return total((line.amount for line in whole.lines), whole.tax.currency) - whole.discount + whole.tax


def test_a_discount_is_a_real_discount_line_where_it_can_be() -> None:
    whole = formed(reckoned(sold("100", STATE), total="97.41", discount="10.01"), invoice_case(), "")
    assert (whole.discount.amount, whole.discount_account, len(whole.lines)) == (Decimal("10.01"), "82", 1)


@pytest.mark.parametrize(
    "facts",
    [company(allow_discount=False), company(discount_account="", accounts=ACCOUNTS[:3])],
    ids=["not allowed", "no account"],
)
def test_where_a_discount_line_cannot_be_it_is_negative_lines_with_the_same_code(facts: Any) -> None:
    found = reckoned(sold("60", STATE), sold("40"), total="94.46", discount="10")
    whole = formed(found, invoice_case(company=facts), "")
    assert [(line.amount.amount, line.tax_code, line.role) for line in whole.lines[2:]] == [
        (Decimal("-6.00"), "TAX", Role.DISCOUNT),
        (Decimal("-4.00"), "NON", Role.DISCOUNT),
    ]
    assert (whole.discount.minor, sums(whole)) == (0, found.sale.total)
    assert [draft.name for draft in whole.needs] == ["Avantto discount"]


def test_a_discount_on_some_products_is_negative_lines_too() -> None:
    lines = sold("60", STATE, product_id="p1"), sold("40", product_id="p2")
    found = reckoned(*lines, total="94.13", discount="10", valid_on=frozenset({"p1"}))
    whole = formed(found, invoice_case(), "")
    assert [line.amount.amount for line in whole.lines] == [Decimal(60), Decimal(40), Decimal(-10)]
    assert sums(whole) == found.sale.total


def test_a_discount_never_reaches_untaxed_extras_outside_the_us() -> None:
    shipping = (Extra("Shipping", Money.of(5, "CAD")),)
    found = reckoned(sold("100", Tax("GST", Decimal(5))), total="99.50", discount="10", currency="CAD", extras=shipping)
    whole = formed(found, invoice_case(company=CANADA), "")
    assert [(line.amount.amount, line.tax_code) for line in whole.lines] == [
        (Decimal(100), "2"),
        (Decimal(5), "6"),
        (Decimal(-10), "2"),
    ]


def test_tax_as_a_line_is_owed_on_a_liability() -> None:
    facts = company(sales_tax=False, accounts=(*ACCOUNTS, OWED))
    found = reckoned(sold("100", STATE), total="108.25")
    whole = formed(found, invoice_case(company=facts), "")
    assert (whole.form, whole.tax.minor, sums(whole)) == (TaxForm.LINE, 0, found.sale.total)
    assert [(draft.name, draft.income_account) for draft in whole.needs] == [("Avantto sales tax", "90")]
    ready = invoice_case(
        company=company(
            sales_tax=False,
            accounts=facts.accounts,
            items=(*company().items, Item("77", "Avantto sales tax", "Service", income_account="90")),
        )
    )
    assert formed(found, ready, "").lines[-1].item == "77"


def test_without_a_liability_account_tax_as_a_line_waits() -> None:
    with pytest.raises(HeldError, match="no account to owe it on"):
        formed(reckoned(sold("100", STATE), total="108.25"), invoice_case(settings=Settings(tax=TaxMode.LINE)), "")


def test_a_line_tells_what_was_charged_when_it_shows_its_amount_before_tax() -> None:
    found = reckoned(sold("60", inside(VAT), quantity=2), total="120", currency="GBP")
    (line,) = formed(found, invoice_case(company=UK), "").lines
    assert line.description == "Thing\n2 × 60 with tax"
    assert (line.amount.amount, line.quantity, line.taxes) == (Decimal(100), None, "VAT 20 % in it")
    assert line.gross == Money.of(120, "GBP")


def test_every_line_has_the_class_of_the_location() -> None:
    facts = company(class_per_line=True, classes=(Division("3", "Austin"),))
    found = reckoned(sold("100", STATE), total="97.41", discount="10.01")
    whole = formed(found, invoice_case(company=facts, settings=Settings(class_="Austin")), "")
    assert {line.class_ for line in whole.lines} == {"3"}


def test_whole_currencies_have_no_quantity_that_would_make_fractions() -> None:
    found = reckoned(sold("33.3", quantity=10), sold("33.3"), total="366", currency="JPY")
    yen = invoice_case(company=company(currency="JPY"))
    assert [line.quantity for line in formed(found, yen, "").lines] == [Decimal(10), None]


class TestThreeDecimals:
    """QuickBooks keeps two of any currency."""

    def test_lines_are_rounded_and_the_largest_takes_the_rest(self) -> None:
        found = reckoned(sold("1.234", STATE), sold("2.345"), total="3.680", currency="KWD", tax=Money(101, "KWD"))
        whole = formed(found, invoice_case(company=company(currency="KWD")), "")
        assert [line.amount.minor for line in whole.lines] == [1230, 2350]
        assert (whole.tax.minor, sums(whole)) == (100, found.sale.total)

    def test_a_total_with_a_third_decimal_waits(self) -> None:
        with pytest.raises(HeldError, match="QuickBooks keeps two"):
            formed(
                reckoned(sold("1.234"), total="1.234", currency="KWD"),
                invoice_case(company=company(currency="KWD")),
                "",
            )


def test_more_lines_than_quickbooks_takes_wait() -> None:
    found = reckoned(*[sold("1")] * 750, total="750", extras=(Extra("Shipping", Money.zero("USD")),))
    with pytest.raises(HeldError, match="751 lines"):
        formed(found, invoice_case(), "Invoice 1")


class TestCorrection:
    """What is sent once more when a company answered another total."""

    def test_prices_with_tax_become_prices_without(self) -> None:
        draft = drafted(uk_case(item("A", "120", taxes=(VAT,), tax_inclusive=True), total=120, tax=20))
        assert draft.form is TaxForm.INCLUSIVE
        net = corrected(draft, "")
        assert net is not None
        assert (net.form, net.lines[0].gross, net.tax_parts) == (TaxForm.CODES, None, draft.tax_parts)

    def test_codes_become_a_line(self) -> None:
        draft = drafted(uk_case(item("A", "100", taxes=(VAT,)), total=120, tax=20))
        line = corrected(draft, "77")
        assert line is not None
        assert (line.form, line.tax.minor, line.tax_parts) == (TaxForm.LINE, 0, ())
        assert [(one.item, one.amount.minor, one.tax_code) for one in line.lines] == [
            ("7", 10000, "NON"),
            ("77", 2000, "NON"),
        ]
        assert corrected(line, "77") is None

    def test_a_document_without_tax_cannot_be_corrected(self) -> None:
        assert corrected(drafted(invoice_case()), "77") is None

    def test_a_tax_of_nought_leaves_its_codes_only(self) -> None:
        draft = drafted(uk_case(item("A", "100", taxes=(Tax("Exempt", Decimal(0)),)), total=100, tax=0))
        line = corrected(draft, "")
        assert line is not None
        assert [one.tax_code for one in line.lines] == ["NON"]
        assert line.total == draft.total


def uk_case(*items: Any, total: int, tax: int) -> Any:
    document = invoice(*items, currency="GBP", total=Decimal(total), tax_total=Decimal(tax))
    return invoice_case(document, company=UK)


class TestPortion:
    """Parts of a sale that add up to it."""

    def whole(self) -> InvoiceDraft:
        lines = (
            DraftLine("7", Money(3333, "CAD"), "A", Decimal(1), Decimal("33.33"), "2", gross=Money(3500, "CAD")),
            DraftLine("7", Money(-100, "CAD"), "B"),
        )
        parts = (TaxPart("1", Decimal(5), Money(3233, "CAD"), Money(162, "CAD")),)
        return msgspec.structs.replace(
            drafted(invoice_case()),
            lines=lines,
            discount=Money(33, "CAD"),
            tax=Money(162, "CAD"),
            tax_parts=parts,
            total=Money(3362, "CAD"),
        )

    def test_the_whole_is_itself(self) -> None:
        draft = self.whole()
        assert portion(draft, draft.total, Money(0, "CAD")) is draft

    @given(st.lists(st.integers(1, 3361), min_size=1, max_size=6, unique=True))
    def test_parts_that_follow_one_another_make_up_the_whole(self, marks: list[int]) -> None:
        draft = self.whole()
        edges = [0, *sorted(marks), draft.total.minor]
        parts = [portion(draft, Money(upto, "CAD"), Money(after, "CAD")) for after, upto in pairwise(edges)]
        for part in parts:
            assert total((line.amount for line in part.lines), "CAD") - part.discount + part.tax == part.total
            assert total((one.amount for one in part.tax_parts), "CAD") == part.tax
        for index, line in enumerate(draft.lines):
            assert total((part.lines[index].amount for part in parts), "CAD") == line.amount
        assert total((part.tax for part in parts), "CAD") == draft.tax
        assert {(part.form, part.lines[0].gross) for part in parts} == {(TaxForm.CODES, None)}

    def test_a_sale_of_nothing_taxed_has_no_tax_parts(self) -> None:
        half = portion(drafted(invoice_case()), Money.of(50, "USD"), Money.of(0, "USD"))
        assert (half.total.amount, half.lines[0].quantity, half.tax_parts) == (Decimal(50), None, ())


class TestExplain:
    """Every cent, from the values the plan was made of."""

    def test_the_sums_come_to_the_total(self) -> None:
        document = invoice(
            item("A", "60", "2", taxes=(VAT,), tax_inclusive=True),
            item("B", "10", taxes=(VAT,)),
            currency="GBP",
            total=Decimal("118.80"),
            discount_total=Decimal(13),
            tax_total=Decimal("19.60"),
        )
        made = draft_invoice(invoice_case(document, company=UK))
        told = explain(made.reckoning, made.draft, ("note",))
        assert sum(Decimal(one.amount) for one in told.sums[:-1]) == Decimal(told.sums[-1].amount) == Decimal("118.80")
        assert sum(Decimal(one.amount) for one in told.posted[:-1]) == Decimal("118.80")
        assert told.lines[0].taxes == ("VAT 20 % included",)
        assert (told.lines[0].quantity, told.lines[0].price, told.lines[0].shown) == ("2", "60", "120.00")
        assert any(one.label.startswith("VAT 20 % of") for one in told.sums)
        assert told.form == "tax codes on prices without tax"
        assert told.notes == ("note",)

    def test_tax_of_avanttos_engine_and_extras_are_named(self) -> None:
        document = invoice(item("A", "100"), total=Decimal("108.25"), tax_total=Decimal("8.25"))
        made = draft_invoice(invoice_case(document))
        told = explain(made.reckoning, made.draft)
        labels = [one.label for one in told.sums]
        assert "tax computed by Avantto" in labels
        assert told.posted[-2].label == "tax"
        assert explain(*plain_one()).form == "no tax"

    def test_a_line_of_its_own_role_says_so(self) -> None:
        made = draft_invoice(invoice_case(invoice(total=Decimal("100.01"))))
        assert [one.label for one in explain(made.reckoning, made.draft).posted[:2]] == [
            "Whitening [NON]",
            "extra: Rounding [NON]",
        ]
        assert as_line(made.draft, "") == msgspec.structs.replace(made.draft, form=TaxForm.LINE)


def plain_one() -> tuple[Reckoning, InvoiceDraft]:
    made = draft_invoice(invoice_case())
    return made.reckoning, made.draft
