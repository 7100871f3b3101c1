"""Invoices and the money for them, mirrored in time with one write per change (I1 to I5)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial

from integration.business import ANN, BOB, Business
from integration.house import House
from integration.processes import Json, fields

TAXED = [
    {"name": "Wash", "qty": 2, "amount": 50, "taxes": [{"name": "State", "rate": "8.25"}]},
    {"name": "Wax", "amount": 20},
]
TENTH_OFF = {"type": "percentage", "value": 10}


def paid(business: Business) -> bool:
    return any(invoice["Balance"] == 0 for invoice in business.objects("Invoice"))


def has_total(business: Business, total: int) -> bool:
    return any(invoice["TotalAmt"] == total for invoice in business.objects("Invoice"))


def test_a_sent_invoice_stands_in_the_books_with_its_number_customer_and_total(business: Business) -> None:
    invoice = business.crm("create_invoice", contact=ANN, items=TAXED, discount=TENTH_OFF)
    business.crm("send_invoice", invoice=invoice["_id"])
    (copy,) = business.until_in_books("Invoice")
    assert copy["DocNumber"] == invoice["invoiceNumber"]
    assert copy["TotalAmt"] == invoice["total"] == Decimal("115.43")
    assert copy["CustomerRef"]["name"] == ANN["name"]
    assert copy["BillEmail"]["Address"] == ANN["email"]
    assert copy["EmailStatus"] == "NotSet"
    assert copy["PrivateNote"] == f"Avantto invoice {invoice['invoiceNumber']} · {invoice['_id']}"
    assert copy["Balance"] == copy["TotalAmt"]


def test_a_paid_invoice_has_one_payment_linked_to_it_on_undeposited_funds(business: Business) -> None:
    invoice = business.sent_invoice(115)
    business.until_in_books("Invoice")
    business.crm("pay_invoice", invoice=invoice)
    business.until(lambda: paid(business), "paid in the books")
    business.all_quiet()
    (payment,) = business.objects("Payment")
    assert payment["TotalAmt"] == 115
    assert payment["DepositToAccountRef"]["value"] == undeposited(business)
    assert payment["Line"][0]["LinkedTxn"] == [{"TxnId": business.objects("Invoice")[0]["Id"], "TxnType": "Invoice"}]


def undeposited(business: Business) -> str:
    return next(str(one["Id"]) for one in business.objects("Account") if one["AccountSubType"] == "UndepositedFunds")


def test_two_partial_payments_are_two_payments(business: Business) -> None:
    invoice = business.sent_invoice(100)
    business.until_in_books("Invoice")
    business.crm("pay_invoice", invoice=invoice, amount=30)
    business.until_in_books("Payment")
    assert business.objects("Invoice")[0]["Balance"] == 70
    business.crm("pay_invoice", invoice=invoice)
    business.until_in_books("Payment", 2)
    business.all_quiet()
    assert sorted(payment["TotalAmt"] for payment in business.objects("Payment")) == [30, 70]
    assert paid(business)


def test_an_unpaid_invoice_voided_in_avantto_is_voided_in_the_books(business: Business) -> None:
    invoice = business.sent_invoice()
    business.until_in_books("Invoice")
    business.crm("void_invoice", invoice=invoice)
    business.until(lambda: business.objects("Invoice")[0]["TotalAmt"] == 0, "voided")
    business.all_quiet()
    assert fields(business.objects("Invoice"), "TotalAmt", "Balance") == [(0, 0)]


def test_drafts_test_mode_and_older_invoices_stay_out_of_the_books(business: Business) -> None:
    business.crm("create_invoice", contact=ANN, items=[{"name": "Draft", "amount": 1}])
    business.sent_invoice(2, live=False)
    business.sent_invoice(3, created_at="2020-01-01T00:00:00.000Z")
    business.sent_invoice(4)
    business.until_in_books("Invoice")
    business.all_quiet()
    assert [invoice["TotalAmt"] for invoice in business.objects("Invoice")] == [4]


def test_sales_of_all_four_sources_become_one_receipt_each(business: Business) -> None:
    business.sale(10)
    business.crm("book_calendar", contact=ANN, name="Session", amount=20)
    business.crm("checkout_membership", contact=ANN, name="Club", amount=30)
    subscription = business.crm("start_subscription", contact=ANN, items=[{"name": "Plan", "amount": 40}])
    business.until_in_books("SalesReceipt", 4)
    business.crm("renew_subscription", subscription=subscription["subscription"]["_id"])
    business.until_in_books("SalesReceipt", 5)
    business.all_quiet()
    assert sorted(receipt["TotalAmt"] for receipt in business.objects("SalesReceipt")) == [10, 20, 30, 40, 40]
    assert len(business.objects("Customer")) == 1


def test_without_a_default_item_one_is_made_once_on_the_obvious_account(house: House) -> None:
    business = house.business()
    business.set_books(default_item="")
    business.connected()
    business.sent_invoice(10)
    business.sale(20, contact=BOB)
    business.until_in_books("Invoice")
    business.until_in_books("SalesReceipt")
    business.all_quiet()
    (item,) = [item for item in business.objects("Item") if item["Name"] == "Avantto sales"]
    assert item["IncomeAccountRef"]["name"] == "Sales of Product Income"
    for document in (*business.objects("Invoice"), *business.objects("SalesReceipt")):
        assert document["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"] == item["Id"]
    business.disconnect()


def in_steady_state(business: Business) -> Business:
    """The first document makes the customer and the default item, after which the company is known again."""
    for amount in (1, 2):
        business.sent_invoice(amount)
        business.until_in_books("Invoice", amount)
    business.all_quiet()
    return business


def asked_for(business: Business, act: Callable[[], object], done: Callable[[], object]) -> Json:
    """Return what was asked of the books, by operation and without the polls, because of one act in Avantto."""
    before = business.asked()
    act()
    business.until(done, "it is in the books")
    business.all_quiet()
    return dict(business.asked() - before)


def test_a_new_document_of_a_known_customer_costs_one_write_and_no_read(business: Business) -> None:
    in_steady_state(business)
    asked = asked_for(business, lambda: business.sent_invoice(3), lambda: len(business.objects("Invoice")) == 3)
    assert asked == {"invoice.create": 1}
    asked = asked_for(business, business.sale, lambda: business.objects("SalesReceipt"))
    assert asked == {"salesreceipt.create": 1}


def test_an_edit_and_a_payment_cost_one_write_each_and_no_read(business: Business) -> None:
    in_steady_state(business)
    invoice = business.sent_invoice(70)
    business.until_in_books("Invoice", 3)
    items = [{"name": "Wash", "amount": 75}]

    edited = partial(has_total, business, 75)
    edit = asked_for(business, lambda: business.crm("edit_invoice", invoice=invoice, items=items), edited)
    assert edit == {"invoice.update": 1}
    paying = asked_for(business, lambda: business.crm("pay_invoice", invoice=invoice), lambda: paid(business))
    assert paying == {"payment.create": 1}


def test_every_version_of_a_document_is_written_once(business: Business) -> None:
    in_steady_state(business)
    before = business.asked()
    invoice = business.sent_invoice(10)
    business.until_in_books("Invoice", 3)
    for amount in (11, 12, 13):
        business.crm("edit_invoice", invoice=invoice, items=[{"name": "Wash", "amount": amount}])
        business.until(partial(has_total, business, amount), "the edit is in the books")
    business.all_quiet()
    assert business.asked() - before == {"invoice.create": 1, "invoice.update": 3}
