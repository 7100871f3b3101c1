"""Lines, discounts, totals, numbers, dates, accounts and currencies of sales forms."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from unit.sandbox.quickbooks_desk import REALM, Desk, discount, invoice, line, percent_off, ref, version


def test_the_server_adds_a_subtotal_and_computes_the_total() -> None:
    desk = Desk()
    stored = desk.invoice(desk.customer(), line("10.00"), line("5.50"), discount("1.25"))
    kinds = [row["DetailType"] for row in stored["Line"]]
    assert kinds == ["SalesItemLineDetail", "SalesItemLineDetail", "SubTotalLineDetail", "DiscountLineDetail"]
    assert (stored["Line"][2]["Amount"], stored["TotalAmt"]) == (Decimal("15.50"), Decimal("14.25"))


def test_a_subtotal_sent_back_is_not_doubled() -> None:
    desk = Desk()
    stored = desk.invoice(desk.customer())
    changed = desk.post("Invoice", version(stored, Line=stored["Line"]))
    assert [row["DetailType"] for row in changed["Line"]].count("SubTotalLineDetail") == 1


def test_the_amount_is_quantity_times_price_rounded_half_up() -> None:
    desk = Desk()
    customer = desk.customer()
    quantity, price = Decimal("128.350"), Decimal("14.50")
    assert desk.refused("Invoice", invoice(customer, line("1861.07", Qty=quantity, UnitPrice=price))) == "6070"
    stored = desk.invoice(customer, line("1861.08", Qty=quantity, UnitPrice=price))
    assert stored["TotalAmt"] == Decimal("1861.08")


def test_a_percentage_discount_is_taken_of_the_subtotal() -> None:
    desk = Desk()
    stored = desk.invoice(desk.customer(), line("33.33"), percent_off("10"))
    assert stored["TotalAmt"] == Decimal("30.00")


def test_a_line_without_an_item_is_text_and_its_amount_is_ignored() -> None:
    desk = Desk()
    text = {"DetailType": "SalesItemLineDetail", "Amount": 40, "Description": "hello", "SalesItemLineDetail": {}}
    stored = desk.invoice(desk.customer(), line("10.00"), text)
    assert (stored["Line"][1]["DetailType"], stored["TotalAmt"]) == ("DescriptionOnly", Decimal("10.00"))


def _bad_lines() -> list[tuple[list[dict[str, Any]], str]]:
    return [
        ([], "2020"),
        ([discount("5.00")], "2020"),
        ([{"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}], "2020"),
        ([line(ItemRef={"value": "99"})], "2500"),
        ([line(), {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {}}], "6090"),
        ([line(), discount("-5.00")], "2290"),
        ([line(), discount("1.00"), discount("1.00")], "6000"),
        ([line("10.00"), discount("11.00")], "6000"),
        ([line("10.00"), line("-11.00")], "6000"),
        ([{**line(), "Description": "x" * 4001}], "2050"),
        ([{**line(), "Colour": "blue"}], "2010"),
        ([line(Color="blue")], "2010"),
        ([line(TaxCodeRef={"value": "5"})], "6100"),
        ([{"DetailType": "Sales", "Amount": 1}], "2170"),
    ]


@pytest.mark.parametrize(("lines", "code"), _bad_lines())
def test_malformed_lines_are_refused_with_the_code_of_their_rule(lines: list[dict[str, Any]], code: str) -> None:
    desk = Desk()
    assert desk.refused("Invoice", {"CustomerRef": ref(desk.customer()), "Line": lines}) == code


def test_an_inactive_item_is_refused() -> None:
    desk = Desk()
    desk.play.update(REALM, "Item", {"Id": "2", "Active": False})
    assert desk.refused("Invoice", invoice(desk.customer(), line(ItemRef={"value": "2"}))) == "2500"


def test_an_inactive_customer_cannot_be_invoiced() -> None:
    desk = Desk()
    customer = desk.customer()
    desk.play.update(REALM, "Customer", {"Id": customer["Id"], "Active": False})
    assert desk.refused("Invoice", invoice(customer)) == "610"


def test_discounts_can_be_off_in_a_company() -> None:
    desk = Desk(allow_discount=False)
    assert desk.refused("Invoice", invoice(desk.customer(), line(), discount("1.00"))) == "6000"


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        ("DocNumber", "x" * 22, "2050"),
        ("PrivateNote", "x" * 4001, "2050"),
        ("CustomerMemo", {"value": "x" * 1001}, "2050"),
        ("BillEmail", {"Address": "nobody"}, "2210"),
        ("EmailStatus", "Sent", "2170"),
        ("EmailStatus", "NeedToSend", "6420"),
        ("TxnDate", "11/22/2026", "2070"),
        ("SalesTermRef", {"value": "99"}, "2500"),
        ("ClassRef", {"value": "99"}, "2500"),
        ("CurrencyRef", {"value": "EUR"}, "6000"),
    ],
)
def test_a_malformed_invoice_is_refused_with_the_code_of_its_rule(member: str, value: Any, code: str) -> None:
    desk = Desk()
    assert desk.refused("Invoice", invoice(desk.customer(), **{member: value})) == code


def test_an_invoice_needs_a_customer() -> None:
    assert Desk().refused("Invoice", {"Line": [line()]}) == "2020"


def test_with_several_currencies_the_customers_currency_rules() -> None:
    desk = Desk(multicurrency=True)
    customer = desk.customer(CurrencyRef={"value": "EUR"})
    assert desk.refused("Invoice", invoice(customer, CurrencyRef={"value": "USD"})) == "6000"
    assert desk.invoice(customer)["CurrencyRef"]["value"] == "EUR"


def test_dates_default_to_the_servers_pacific_day() -> None:
    desk = Desk()
    desk.clock.advance(10 * 3600)
    desk.reconnect()
    stored = desk.invoice(desk.customer())
    assert (desk.clock().date().isoformat(), stored["TxnDate"]) == ("2026-11-23", "2026-11-22")


def test_the_due_date_follows_from_the_terms() -> None:
    desk = Desk()
    stored = desk.invoice(desk.customer(), TxnDate="2026-11-01", SalesTermRef={"value": "3"})
    assert stored["DueDate"] == "2026-12-01"


def test_no_number_is_given_where_numbers_are_custom() -> None:
    desk = Desk()
    assert desk.invoice(desk.customer()).get("DocNumber") is None


def test_the_server_numbers_where_numbers_are_not_custom() -> None:
    desk = Desk(custom_txn_numbers=False)
    customer = desk.customer()
    assert [desk.invoice(customer)["DocNumber"] for _ in range(2)] == ["1001", "1002"]
    assert desk.invoice(customer, DocNumber="INV-7")["DocNumber"] == "INV-7"


def test_a_number_taken_is_refused_where_the_company_warns() -> None:
    desk = Desk()
    customer = desk.customer()
    desk.invoice(customer, DocNumber="INV-7")
    assert desk.refused("Invoice", invoice(customer, DocNumber="INV-7")) == "6140"


def test_the_duplicate_number_check_can_be_bypassed() -> None:
    desk = Desk()
    customer = desk.customer()
    desk.invoice(customer, DocNumber="INV-7")
    body = invoice(customer, DocNumber="INV-7")
    assert desk.post("Invoice", body, include="allowduplicatedocnum")["DocNumber"] == "INV-7"


@pytest.mark.parametrize("knobs", [{"warn_duplicates": False}, {"custom_txn_numbers": False}])
def test_duplicate_numbers_pass_where_the_company_does_not_check(knobs: dict[str, bool]) -> None:
    desk = Desk(**knobs)
    customer = desk.customer()
    numbers = {desk.invoice(customer, DocNumber="INV-7")["Id"] for _ in range(2)}
    assert len(numbers) == 2


def test_a_sales_receipt_goes_to_undeposited_funds_and_owes_nothing() -> None:
    desk = Desk()
    stored = desk.post("SalesReceipt", {"Line": [line()]})
    assert (stored["DepositToAccountRef"]["name"], stored["Balance"]) == ("Undeposited Funds", 0)


def test_money_goes_only_into_accounts_that_can_hold_it() -> None:
    desk = Desk()
    assert desk.refused("SalesReceipt", {"Line": [line()], "DepositToAccountRef": {"value": "1"}}) == "6430"
    assert desk.refused("SalesReceipt", {"Line": [line()], "DepositToAccountRef": {"value": "99"}}) == "2500"


def test_a_refund_receipt_names_the_account_it_is_paid_from() -> None:
    assert Desk().refused("RefundReceipt", {"Line": [line()]}) == "2020"


def refund(**members: Any) -> dict[str, Any]:
    return {"Line": [line("30.00")], "DepositToAccountRef": {"value": "4"}, **members}


@pytest.mark.parametrize(("account", "code"), [("1", "6430"), ("6", "6430"), ("7", "6430"), ("99", "2500")])
def test_a_refund_leaves_a_bank_or_another_current_asset(account: str, code: str) -> None:
    desk = Desk()
    assert desk.refused("RefundReceipt", refund(DepositToAccountRef={"value": account})) == code
    kept = [desk.post("RefundReceipt", refund(DepositToAccountRef={"value": one}))["TotalAmt"] for one in ("4", "9")]
    assert kept == [Decimal("30.00")] * 2


def test_a_refund_has_lines_discount_and_tax_as_a_sale_has() -> None:
    desk = Desk()
    rows = [line("100.00", TaxCodeRef={"value": "TAX"}), discount("10.00")]
    stored = desk.post("RefundReceipt", refund(Line=rows, TxnTaxDetail={"TotalTax": Decimal("7.43")}))
    assert (stored["TotalAmt"], stored["Balance"]) == (Decimal("97.43"), 0)


def test_a_refund_has_a_number_of_its_own_kind() -> None:
    desk = Desk()
    desk.post("SalesReceipt", {"Line": [line()], "DocNumber": "R-1"})
    assert desk.post("RefundReceipt", refund(DocNumber="R-1"))["DocNumber"] == "R-1"
    assert desk.refused("RefundReceipt", refund(DocNumber="R-1")) == "6140"


def test_how_a_refund_was_paid_is_one_of_four() -> None:
    desk = Desk()
    assert desk.post("RefundReceipt", refund(PaymentType="CreditCard"))["PaymentType"] == "CreditCard"
    assert desk.refused("RefundReceipt", refund(PaymentType="Barter")) == "2170"


def test_a_sales_receipt_is_voided_in_the_form_of_a_payment() -> None:
    desk = Desk()
    stored = desk.post("SalesReceipt", {"Line": [line()], "PrivateNote": "marker"})
    assert desk.refused("SalesReceipt", version(stored), operation="void") == "500"
    voided = desk.post("SalesReceipt", version(stored), operation="update", include="void")
    assert (voided["TotalAmt"], voided["PrivateNote"]) == (0, "Voided")


def test_a_credit_memo_can_only_be_deleted() -> None:
    desk = Desk()
    memo = desk.post("CreditMemo", {"CustomerRef": ref(desk.customer()), "Line": [line()]})
    assert desk.refused("CreditMemo", version(memo), operation="update", include="void") == "500"
    assert desk.post("CreditMemo", version(memo), operation="delete")["status"] == "Deleted"


def test_negative_lines_are_taken_while_the_total_is_not_negative() -> None:
    desk = Desk()
    stored = desk.invoice(desk.customer(), line("50.00"), line("-50.00"))
    assert (stored["TotalAmt"], [row["Amount"] for row in stored["Line"]]) == (0, [50, -50, 0])


def test_a_number_has_up_to_21_characters() -> None:
    desk = Desk()
    assert desk.invoice(desk.customer(), DocNumber="9" * 21)["DocNumber"] == "9" * 21
