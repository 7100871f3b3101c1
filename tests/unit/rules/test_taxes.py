"""Which form the tax takes in each kind of company, and which codes stand for it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from avantto_qbo.model.avantto import Tax
from avantto_qbo.model.drafts import TaxForm
from avantto_qbo.model.money import Money, total
from avantto_qbo.model.quickbooks import Company, TaxCode, TaxRate
from avantto_qbo.model.settings import Settings, TaxMode
from avantto_qbo.model.steps import InvoiceCase
from avantto_qbo.rules.books.sale.lines import SoldLine
from avantto_qbo.rules.books.sale.reckon import Extra, Reckoning, Sale, reckon
from avantto_qbo.rules.books.sale.taxes import coded
from avantto_qbo.rules.reasons import HeldError
from unit.rules.cases import PLACE, company, invoice_case

VAT = Tax("VAT", Decimal(20))
GST, PST, HST = Tax("GST", Decimal(5)), Tax("PST", Decimal(7)), Tax("HST", Decimal(13))
UK = company(
    country="GB",
    currency="GBP",
    tax_rates=(
        TaxRate("1", "20.0% S", Decimal(20)),
        TaxRate("3", "0.0% Z", Decimal(0)),
        TaxRate("4", "Exempt", Decimal(0)),
    ),
    tax_codes=(TaxCode("2", "20.0% S", ("1",)), TaxCode("4", "0.0% Z", ("3",)), TaxCode("5", "Exempt", ("4",))),
)
CANADA = company(
    country="CA",
    currency="CAD",
    tax_rates=(TaxRate("1", "GST", Decimal(5)), TaxRate("2", "PST", Decimal(7)), TaxRate("3", "HST ON", Decimal(13))),
    tax_codes=(
        TaxCode("2", "GST", ("1",)),
        TaxCode("3", "GST/PST BC", ("1", "2")),
        TaxCode("4", "HST ON", ("3",)),
        TaxCode("9", "Old GST", ("1",), active=False),
        TaxCode("6", "No tax", ()),
    ),
)
BY_HAND = company(
    automated_tax=False,
    tax_rates=(TaxRate("1", "State", Decimal("6.25")), TaxRate("2", "City", Decimal(2))),
    tax_codes=(
        TaxCode("TAX", "TAX"),
        TaxCode("NON", "NON"),
        TaxCode("7", "Austin", ("1", "2")),
        TaxCode("8", "State", ("1",)),
    ),
)
AUSTIN = Tax("State", Decimal("6.25")), Tax("City", Decimal(2))


def sold(price: str, *taxes: Tax) -> SoldLine:
    return SoldLine("Thing", Decimal(1), Decimal(price), taxes=taxes)


def inside(tax: Tax) -> Tax:
    return msgspec.structs.replace(tax, inclusive=True)


def reckoned(*lines: SoldLine, total: str, currency: str = "GBP", discount: str = "0", **more: Any) -> Reckoning:
    stated = Money.of(more.pop("tax"), currency) if "tax" in more else None
    found = reckon(Sale(lines, Money.of(total, currency), Money.of(discount, currency), stated, **more))
    assert found is not None
    return found


def case(facts: Company, **settings: Any) -> InvoiceCase:
    return invoice_case(company=facts, settings=Settings(**settings))


def held(found: Reckoning, where: InvoiceCase) -> tuple[str, str, str]:
    with pytest.raises(HeldError) as error:
        coded(found, where, "Invoice 1")
    reason = error.value.reason
    return reason.code, reason.text, reason.mend


class TestForms:
    """INCLUSIVE before CODES before LINE, and what makes a company start further down."""

    def test_prices_with_tax_keep_their_prices(self) -> None:
        found = reckoned(sold("120", inside(VAT)), total="120")
        assert coded(found, case(UK), "").form is TaxForm.INCLUSIVE

    @pytest.mark.parametrize(
        "found",
        [
            reckoned(sold("100", VAT), total="120"),
            reckoned(sold("120", inside(VAT)), sold("100", VAT), total="240"),
            reckoned(sold("120", inside(VAT)), total="108", discount="12"),
        ],
    )
    def test_mixed_and_discounted_prices_become_net(self, found: Reckoning) -> None:
        assert coded(found, case(UK), "").form is TaxForm.CODES

    def test_american_prices_with_tax_become_net(self) -> None:
        found = reckoned(sold("108.25", inside(Tax("State", Decimal("8.25")))), total="108.25", currency="USD")
        coding = coded(found, case(company()), "")
        assert (coding.form, coding.lines) == (TaxForm.CODES, ("TAX",))

    def test_what_a_company_answered_with_another_total_is_not_tried_again(self) -> None:
        found = reckoned(sold("120", inside(VAT)), total="120")
        once = msgspec.structs.replace(UK, refused_forms=frozenset({TaxForm.INCLUSIVE}))
        twice = msgspec.structs.replace(UK, refused_forms=frozenset({TaxForm.INCLUSIVE, TaxForm.CODES}))
        assert coded(found, case(once), "").form is TaxForm.CODES
        assert coded(found, case(twice), "").form is TaxForm.LINE

    @pytest.mark.parametrize(
        "where", [case(company(sales_tax=False)), case(company(), tax=TaxMode.LINE), case(UK, tax=TaxMode.LINE)]
    )
    def test_where_codes_are_not_wanted_the_tax_is_a_line(self, where: InvoiceCase) -> None:
        coding = coded(reckoned(sold("100", VAT), total="120"), where, "")
        assert (coding.form, coding.lines) == (TaxForm.LINE, ("NON",))

    def test_a_company_with_codes_by_hand_takes_one_code_a_document(self) -> None:
        two = reckoned(sold("100", *AUSTIN), sold("100", AUSTIN[0]), total="214.50", currency="USD")
        assert coded(two, case(BY_HAND), "").form is TaxForm.LINE

    def test_no_tax_is_no_form(self) -> None:
        assert coded(reckoned(sold("100"), total="100"), case(UK), "").lines == ("NON",)


class TestCodes:
    """By exact rates, else by a person."""

    def test_one_code_for_the_same_set_of_rates(self) -> None:
        found = reckoned(sold("100", PST, GST), sold("10", GST), sold("10", HST), total="133.80", currency="CAD")
        coding = coded(found, case(CANADA), "")
        assert coding.lines == ("3", "2", "4")
        assert [(part.rate_id, part.base.amount, part.amount.amount) for part in coding.parts] == [
            ("1", Decimal("110.00"), Decimal("5.50")),
            ("2", Decimal("100.00"), Decimal("7.00")),
            ("3", Decimal("10.00"), Decimal("1.30")),
        ]

    def test_an_untaxed_line_beside_taxed_ones_needs_a_code_too(self) -> None:
        found = reckoned(sold("100", GST), sold("10"), total="115", currency="CAD")
        assert coded(found, case(CANADA), "").lines == ("2", "6")
        shipped = reckoned(
            sold("100", GST), total="109", currency="CAD", extras=(Extra("Shipping", Money.of(4, "CAD")),)
        )
        assert coded(shipped, case(CANADA), "").extra == "6"

    def test_several_codes_of_the_same_rate_wait_for_a_person(self) -> None:
        found = reckoned(sold("100", VAT), sold("10"), total="130")
        code, text, mend = held(found, case(UK))
        assert code == "tax_code"
        assert "0.0% Z (4), Exempt (5)" in text
        assert mend == f'avantto-qbo map {PLACE} tax "none=CODE"'

    def test_of_several_the_one_of_the_same_name_is_meant(self) -> None:
        found = reckoned(sold("100", Tax("exempt", Decimal(0))), total="100")
        assert coded(found, case(UK), "").lines == ("5",)
        other = reckoned(sold("100", Tax("Zero", Decimal(0))), total="100")
        assert held(other, case(UK))[0] == "tax_code"

    @pytest.mark.parametrize(
        "chosen", [{"VAT 20": "5"}, {"vat 20": "exempt"}, {"20": "Exempt"}], ids=["by name", "any case", "by rate"]
    )
    def test_a_persons_choice_goes_before(self, chosen: dict[str, str]) -> None:
        found = reckoned(sold("100", VAT), total="120")
        coding = coded(found, case(UK, tax_codes=chosen), "")
        assert coding.lines == ("5",)
        assert total((part.amount for part in coding.parts), "GBP") == found.tax

    def test_a_name_alone_counts_where_its_code_has_the_rate_or_none_has_it(self) -> None:
        twenty = reckoned(sold("100", VAT), total="120")
        assert coded(twenty, case(UK, tax_codes={"VAT": "5"}), "").lines == ("2",)  # another VAT was meant
        odd = reckoned(sold("100", Tax("VAT", Decimal("17.5"))), total="117.50")
        assert coded(odd, case(UK, tax_codes={"VAT": "5"}), "").lines == ("5",)
        nought = reckoned(sold("100", Tax("Relief", Decimal(0))), total="100")
        assert coded(nought, case(UK, tax_codes={"relief": "5"}), "").lines == ("5",)

    def test_a_choice_that_names_no_code_is_said(self) -> None:
        code, text, _ = held(reckoned(sold("100", VAT), total="120"), case(UK, tax_codes={"VAT": "Standard"}))
        assert (code, "'Standard'" in text) == ("tax_code", True)

    def test_a_rate_the_company_does_not_know_waits(self) -> None:
        _, text, _ = held(reckoned(sold("100", Tax("VAT", Decimal("17.5"))), total="117.50"), case(UK))
        assert "no tax code of the company could stand for VAT (17.5 %)" in text

    def test_codes_by_hand_in_the_united_states(self) -> None:
        found = reckoned(sold("100", *AUSTIN), sold("10"), total="118.25", currency="USD")
        coding = coded(found, case(BY_HAND), "")
        assert (coding.lines, coding.document) == (("TAX", "NON"), "7")


class TestTaxOfAvanttosEngine:
    """No line names it; its sum tells the code, where only one comes to it."""

    def test_the_code_that_comes_to_the_same(self) -> None:
        found = reckoned(sold("100"), total="112", currency="CAD", tax="12")
        coding = coded(found, case(CANADA), "")
        assert coding.lines == ("3",)
        assert [part.amount.amount for part in coding.parts] == [Decimal("5.00"), Decimal("7.00")]
        by_hand = reckoned(sold("100"), total="106.25", currency="USD", tax="6.25")
        assert coded(by_hand, case(BY_HAND), "").document == "8"

    def test_a_person_may_choose(self) -> None:
        found = reckoned(sold("100"), total="111", currency="CAD", tax="11")
        assert coded(found, case(CANADA, tax_codes={"automatic": "GST"}), "").lines == ("2",)
        assert held(found, case(CANADA))[2].endswith('tax "automatic=CODE"')

    def test_an_american_engine_needs_no_code(self) -> None:
        found = reckoned(sold("100"), total="108", currency="USD", tax="8")
        assert coded(found, case(company()), "").lines == ("TAX",)


def test_negative_tax_is_held() -> None:
    found = reckoned(sold("200"), sold("-100", VAT), total="80", tax="-20")
    assert held(found, case(UK))[0] == "tax_negative"


def test_taxed_documents_wait_where_the_owner_wants_it() -> None:
    found = reckoned(sold("100", VAT), total="120")
    assert held(found, case(UK, tax=TaxMode.HOLD))[0] == "tax_setting"


def test_a_tax_its_rates_do_not_come_to_is_never_spread_over_them() -> None:
    found = reckoned(sold("100", VAT), total="115", tax="15")
    code, text, _ = held(found, case(UK))
    assert (code, "come to 20.00 GBP" in text) == ("tax_difference", True)
    american = reckoned(sold("100", VAT), total="115", currency="USD", tax="15")
    assert coded(american, case(company()), "").lines == ("TAX",)
