"""Drafts become exactly these bytes, and bodies the vendor's field table knows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from avantto_qbo.model.avantto import Address
from avantto_qbo.model.drafts import InvoiceDraft, ItemDraft, ReceiptDraft, RefundDraft, TaxForm, TaxPart
from avantto_qbo.model.money import Money
from avantto_qbo.model.operation import Call
from avantto_qbo.quickbooks import encode, encode_lists, encode_payments
from avantto_qbo.rules.books.sale.correction import as_line
from quickbooks_material import canadian_company, company, customer, invoice, line, payment, receipt, usd
from vendor_fields import complaints


@dataclass(frozen=True)
class Known:
    call: Call
    entity: str


def body(call: Call) -> dict[str, object]:
    decoded: dict[str, object] = msgspec.json.decode(call.body)
    return decoded


def details(sent: dict[str, object]) -> list[dict[str, Any]]:
    """The details of the sales lines of a sent body."""
    lines: Any = sent["Line"]
    return [one["SalesItemLineDetail"] for one in lines if one["DetailType"] == "SalesItemLineDetail"]


def cad(amount: str) -> Money:
    return Money.of(amount, "CAD")


def test_an_american_invoice() -> None:
    call = encode.invoice_create(invoice(), company())
    assert (call.method, call.path) == ("POST", "invoice")
    assert call.body.decode() == (
        '{"DocNumber":"INV-1042","CustomerRef":{"value":"63"},"TxnDate":"2026-11-20","DueDate":"2026-12-20",'
        '"BillEmail":{"Address":"geeta@example.com"},'
        '"Line":[{"DetailType":"SalesItemLineDetail","Amount":100.00,"Description":"Haircut",'
        '"SalesItemLineDetail":{"ItemRef":{"value":"5"},"Qty":2,"UnitPrice":50.00,"TaxCodeRef":{"value":"TAX"}}},'
        '{"DetailType":"DiscountLineDetail","Amount":10.00,'
        '"DiscountLineDetail":{"PercentBased":false,"DiscountAccountRef":{"value":"86"}}}],'
        '"ApplyTaxAfterDiscount":true,"TxnTaxDetail":{"TotalTax":7.20},'
        '"CustomerMemo":{"value":"Thank you"},"PrivateNote":"Avantto invoice INV-1042 · 64e2",'
        '"EmailStatus":"NotSet","AllowOnlineCreditCardPayment":false,"AllowOnlineACHPayment":false}'
    )


def test_a_payment() -> None:
    assert encode_payments.payment_create(payment()).body.decode() == (
        '{"CustomerRef":{"value":"63"},"TotalAmt":50.00,"TxnDate":"2026-11-21","PaymentRefNum":"9g3k1",'
        '"DepositToAccountRef":{"value":"4"},"PrivateNote":"Avantto payment 6a1",'
        '"Line":[{"Amount":50.00,"LinkedTxn":[{"TxnId":"239","TxnType":"Invoice"}]}],"ProcessPayment":false}'
    )


def test_a_receipt_names_its_account_and_method_and_is_never_mailed() -> None:
    assert encode.receipt_create(receipt(), company()).body.decode() == (
        '{"DocNumber":"AV-9","CustomerRef":{"value":"63"},"TxnDate":"2026-11-20",'
        '"BillEmail":{"Address":"geeta@example.com"},'
        '"Line":[{"DetailType":"SalesItemLineDetail","Amount":25.00,"Description":"Haircut",'
        '"SalesItemLineDetail":{"ItemRef":{"value":"5"},"TaxCodeRef":{"value":"NON"}}}],"ApplyTaxAfterDiscount":true,'
        '"PaymentRefNum":"9g3k1","PaymentMethodRef":{"value":"2"},"DepositToAccountRef":{"value":"4"},'
        '"PrivateNote":"Avantto payment 6a1","EmailStatus":"NotSet"}'
    )


def test_a_customer_with_an_address() -> None:
    draft = customer(company_name="Red: Rock", address=Address("1 Main St", "", "Bayshore", "CA", "94326", "US"))
    assert encode_lists.customer_create(draft, company()).body.decode() == (
        '{"DisplayName":"Geeta Kalapatapu","GivenName":"Geeta","FamilyName":"Kalapatapu","CompanyName":"Red: Rock",'
        '"PrimaryEmailAddr":{"Address":"Geeta@Example.com"},"PrimaryPhone":{"FreeFormNumber":"+16505553311"},'
        '"BillAddr":{"Line1":"1 Main St","City":"Bayshore","CountrySubDivisionCode":"CA","PostalCode":"94326",'
        '"Country":"US"},"Notes":"Avantto contact 3bN9k"}'
    )


def test_an_item_is_a_service_on_its_income_account() -> None:
    call = encode_lists.item_create(ItemDraft("Avantto sales", "79"))
    assert call.body == b'{"Name":"Avantto sales","Type":"Service","IncomeAccountRef":{"value":"79"}}'


def test_voids_carry_only_the_target() -> None:
    assert encode.invoice_void("239", "2") == Call("POST", "invoice?operation=void", b'{"Id":"239","SyncToken":"2"}')
    sparse = b'{"Id":"301","SyncToken":"0","sparse":true}'
    assert encode_payments.payment_void("301", "0") == Call("POST", "payment?operation=update&include=void", sparse)
    assert encode.receipt_void("301", "0") == Call("POST", "salesreceipt?operation=update&include=void", sparse)


def test_an_update_sends_only_what_changed() -> None:
    call = encode.invoice_update("239", "2", invoice(memo=""), frozenset({"day", "memo"}), company())
    assert call.body == b'{"Id":"239","SyncToken":"2","sparse":true,"TxnDate":"2026-11-20","CustomerMemo":{"value":""}}'


def test_changed_lines_go_with_discount_and_tax_and_state_a_tax_of_zero() -> None:
    draft = invoice(lines=(line(tax_code="NON"),), discount=usd("0"), tax=usd("0"))
    sent = body(encode.invoice_update("239", "2", draft, frozenset({"lines"}), company()))
    assert sent.keys() == {"Id", "SyncToken", "sparse", "Line", "ApplyTaxAfterDiscount", "TxnTaxDetail"}
    assert sent["TxnTaxDetail"] == {"TotalTax": 0}


def test_what_cannot_be_blanked_safely_is_left_alone() -> None:
    changed = frozenset({"email", "due", "number"})
    sent = body(encode.invoice_update("239", "2", invoice(email="", due=None, number=""), changed, company()))
    assert sent.keys() == {"Id", "SyncToken", "sparse"}


def test_quantity_and_price_are_sent_only_when_given() -> None:
    sent = encode.invoice_create(invoice(lines=(line("33.33"),), discount=usd("0")), company()).body
    assert b"Qty" not in sent
    assert b"UnitPrice" not in sent
    assert b"DiscountLineDetail" not in sent


def test_a_number_is_never_written_with_an_exponent() -> None:
    draft = invoice(lines=(line(quantity=Decimal("1E+2"), unit_price=Decimal("1.00")),))
    assert b'"Qty":100,"UnitPrice":1.00' in encode.invoice_create(draft, company()).body


def test_the_currency_is_named_only_where_there_are_several() -> None:
    assert b"CurrencyRef" not in encode.invoice_create(invoice(), company()).body
    several = company(multi_currency=True)
    assert b'"CurrencyRef":{"value":"USD"}' in encode.invoice_create(invoice(), several).body
    assert b'"CurrencyRef":{"value":"USD"}' in encode_payments.payment_create(payment(), several).body


def test_american_text_is_brought_to_latin_1_and_cut() -> None:
    draft = invoice(
        memo="“Łódź” – 10 € 🎉" + "x" * 2000,
        note="Ærø\x00 · ok\ud83d",
        lines=(line(description="née Müller 李" + "y" * 5000),),
    )
    sent = msgspec.json.decode(encode.invoice_create(draft, company()).body)
    assert sent["CustomerMemo"]["value"].startswith('"Lódz" - 10 EUR x')
    assert len(sent["CustomerMemo"]["value"]) == 1000
    assert sent["PrivateNote"] == "Ærø · ok"
    assert sent["Line"][0]["Description"].startswith("née Müller y")
    assert len(sent["Line"][0]["Description"]) == 4000


def test_text_elsewhere_keeps_its_letters() -> None:
    draft = invoice(lines=(line(tax_code="8", amount=cad("100.00")),), discount=cad("0"), tax=cad("5"), memo="Łódź 李")
    sent = msgspec.json.decode(encode.invoice_create(draft, canadian_company()).body)
    assert sent["CustomerMemo"]["value"] == "Łódź 李"
    assert (
        msgspec.json.decode(encode_lists.customer_create(customer(display_name="李雷")).body)["DisplayName"] == "李雷"
    )


def test_a_name_is_one_line_without_a_colon_and_never_empty() -> None:
    names = {
        "Ann:\tLee\nJr": "Ann Lee Jr",
        "李雷": "Geeta@Example.com",
    }
    for name, stored in names.items():
        assert body(encode_lists.customer_create(customer(display_name=name), company()))["DisplayName"] == stored
    nameless = encode_lists.customer_create(customer(display_name="李雷", email=""), company())
    assert body(nameless)["DisplayName"] == "Avantto contact 3bN9k"


@pytest.mark.parametrize(
    "address", ["", "no-at", "a@b", "a..b@x.com", "a@x.com, b@x.com", "é@x.com", "a b@x.com", "a" * 95 + "@x.com"]
)
def test_a_doubtful_address_is_left_out(address: str) -> None:
    assert "BillEmail" not in body(encode.invoice_create(invoice(email=address), company()))


def test_a_phone_that_does_not_fit_is_left_out_rather_than_cut() -> None:
    assert "PrimaryPhone" not in body(encode_lists.customer_create(customer(phone="1" * 31)))


def refund(**changes: Any) -> RefundDraft:
    """Part of a receipt's money given back."""
    fields = {name: getattr(receipt(), name) for name in ReceiptDraft.__struct_fields__}
    return RefundDraft(**fields | {"refunded": usd("5")} | changes)


def foreign(**changes: Any) -> InvoiceDraft:
    """A Canadian invoice over 100 with 5 % tax."""
    about = {
        "lines": (line(tax_code="8", amount=cad("100.00")),),
        "discount": cad("0"),
        "tax": cad("5"),
        "total": cad("105"),
        "tax_parts": (TaxPart("3", Decimal(5), cad("100"), cad("5")),),
    }
    return invoice(**about | changes)


def test_outside_america_every_rate_has_its_line() -> None:
    parts = (
        TaxPart("3", Decimal("5.0"), cad("4595.16"), cad("229.76")),
        TaxPart("4", Decimal("9.975"), cad("4495.16"), cad("448.40")),
    )
    sent = body(encode.invoice_create(foreign(tax_parts=parts, tax=cad("678.16")), canadian_company()))
    assert sent["GlobalTaxCalculation"] == "TaxExcluded"
    assert "ApplyTaxAfterDiscount" not in sent
    detail = sent["TxnTaxDetail"]
    assert isinstance(detail, dict)
    told = [(one["TaxLineDetail"]["TaxRateRef"]["value"], one["Amount"]) for one in detail["TaxLine"]]
    assert told == [("3", 229.76), ("4", 448.40)]
    assert [one["TaxLineDetail"]["NetAmountTaxable"] for one in detail["TaxLine"]] == [4595.16, 4495.16]


def test_prices_with_tax_stand_beside_those_without() -> None:
    gross = line(tax_code="8", amount=cad("95.24"), gross=cad("100.00"))
    sent = body(encode.invoice_create(foreign(form=TaxForm.INCLUSIVE, lines=(gross,)), canadian_company()))
    assert sent["GlobalTaxCalculation"] == "TaxInclusive"
    assert details(sent)[0]["TaxInclusiveAmt"] == 100
    net = body(encode.invoice_create(foreign(lines=(gross,)), canadian_company()))
    assert "TaxInclusiveAmt" not in details(net)[0]


def test_tax_as_a_line_of_its_own_leaves_no_code_behind() -> None:
    draft = as_line(foreign(), "77")
    sent = body(encode.invoice_update("239", "2", draft, frozenset({"lines"}), canadian_company()))
    assert (sent["GlobalTaxCalculation"], "TxnTaxDetail" in sent) == ("NotApplicable", False)
    assert [one["ItemRef"] for one in details(sent)] == [{"value": "5"}, {"value": "77"}]
    at_home = body(encode.invoice_update("239", "2", as_line(invoice(), "77"), frozenset({"lines"}), company()))
    assert (at_home["TxnTaxDetail"], {one["TaxCodeRef"]["value"] for one in details(at_home)}) == (
        {"TotalTax": 0},
        {"NON"},
    )


def test_a_code_kept_by_hand_is_named_for_the_document() -> None:
    sent = body(encode.invoice_create(invoice(tax_code="3"), company(automated_tax=False)))
    assert sent["TxnTaxDetail"] == {"TxnTaxCodeRef": {"value": "3"}, "TotalTax": 7.20}


def test_a_class_is_told_per_line_or_once_and_a_department_once() -> None:
    draft = invoice(lines=(line(class_="12"),), department="4")
    each = body(encode.invoice_create(draft, company(class_per_line=True, class_per_document=True)))
    assert (details(each)[0]["ClassRef"], "ClassRef" in each) == ({"value": "12"}, False)
    once = body(encode.invoice_create(draft, company(class_per_document=True)))
    assert (once["ClassRef"], "ClassRef" in details(once)[0]) == ({"value": "12"}, False)
    assert (each["DepartmentRef"], once["DepartmentRef"]) == ({"value": "4"}, {"value": "4"})


def test_what_a_bookkeeper_made_of_a_line_goes_back_as_it_came() -> None:
    parts = (b'{"Id":"1","Amount":60.10,"ClassRef":{"value":"9"}}', b'{"Id":"7","Amount":39.90}')
    call = encode.invoice_update("239", "2", invoice(lines=(line(parts=parts),)), frozenset({"lines"}), company())
    assert b'{"Id":"1","Amount":60.10,"ClassRef":{"value":"9"}},{"Id":"7","Amount":39.90}' in call.body


def test_untaxed_lines_outside_america_say_that_tax_does_not_apply() -> None:
    draft = invoice(lines=(line(tax_code="NON", amount=cad("100.00")),), discount=cad("0"), tax=cad("0"))
    sent = body(encode.invoice_create(draft, canadian_company()))
    assert sent["GlobalTaxCalculation"] == "NotApplicable"
    assert "TxnTaxDetail" not in sent
    assert b"TaxCodeRef" not in encode.invoice_create(draft, canadian_company()).body


def test_a_line_without_an_item_is_only_text() -> None:
    sent = encode.invoice_create(invoice(lines=(line(), line("0", item="", description="thanks"))), company()).body
    assert b'{"DetailType":"DescriptionOnly","Description":"thanks","DescriptionLineDetail":{}}' in sent


@pytest.mark.parametrize(
    "known",
    [
        Known(encode_lists.customer_create(customer(address=Address("1 Main St"))), "Customer"),
        Known(encode_lists.item_create(ItemDraft("Avantto sales", "79")), "Item"),
        Known(encode.invoice_create(invoice(), company(multi_currency=True)), "Invoice"),
        Known(
            encode.invoice_create(
                foreign(
                    form=TaxForm.INCLUSIVE,
                    lines=(line("95.24", tax_code="8", gross=cad("100"), class_="1"),),
                    department="2",
                ),
                canadian_company(class_per_line=True),
            ),
            "Invoice",
        ),
        Known(encode.invoice_create(invoice(tax_code="3"), company(automated_tax=False)), "Invoice"),
        Known(encode.receipt_update("3", "0", receipt(), company()), "SalesReceipt"),
        Known(encode.refund_update("3", "0", refund(), company()), "RefundReceipt"),
        Known(encode.refund_create(refund(method="2", tax=usd("1")), company()), "RefundReceipt"),
        Known(
            encode.invoice_update(
                "239", "2", invoice(), frozenset("customer number day due email lines memo note".split()), company()
            ),
            "Invoice",
        ),
        Known(encode.invoice_void("239", "2"), "Invoice"),
        Known(encode_payments.payment_create(payment(method="3")), "Payment"),
        Known(encode_payments.payment_void("3", "0"), "Payment"),
        Known(encode.receipt_create(receipt(memo="hello", tax=usd("1")), company()), "SalesReceipt"),
    ],
)
def test_the_vendor_knows_every_field_we_send(known: Known) -> None:
    assert complaints(known.entity, known.call.body) == []


def test_the_field_check_can_fail() -> None:
    if complaints("Invoice", b'{"Nonsense":1}'):
        wrong = b'{"Line":{"Amount":1},"TotalAmt":"1","EmailStatus":"Maybe","TxnDate":"22.11.2026","CustomerRef":"63"}'
        assert len(complaints("Invoice", wrong)) == 5


def test_the_same_draft_always_makes_the_same_bytes() -> None:
    assert encode.invoice_create(invoice(), company()) == encode.invoice_create(invoice(), company())
