"""SyncTokens, sparse and full updates, deletion, voiding, closed books, deposits."""

from __future__ import annotations

from decimal import Decimal

from unit.sandbox.quickbooks_desk import REALM, Desk, invoice, line, ref, version


def test_tokens_are_texts_that_grow_with_each_write() -> None:
    desk = Desk()
    customer = desk.customer()
    assert customer["SyncToken"] == "0"
    assert desk.post("Customer", version(customer, Notes="hello"))["SyncToken"] == "1"


def test_a_stale_token_is_refused_also_after_a_human_edit() -> None:
    desk = Desk()
    customer = desk.customer()
    desk.play.update(REALM, "Customer", {"Id": customer["Id"], "Notes": "by hand"})
    assert desk.refused("Customer", version(customer, Notes="by app")) == "5010"


def test_a_missing_token_is_refused() -> None:
    desk = Desk()
    assert desk.refused("Customer", {"Id": desk.customer()["Id"], "sparse": True, "Notes": "x"}) == "2020"


def test_an_unknown_object_is_not_found() -> None:
    assert Desk().refused("Invoice", {"Id": "77", "SyncToken": "0", "sparse": True}) == "610"


def test_a_sparse_update_keeps_what_is_not_sent() -> None:
    desk = Desk()
    customer = desk.customer(Notes="keep me", CompanyName="Berg Ltd")
    changed = desk.post("Customer", version(customer, CompanyName="Berg & Co"))
    assert (changed["Notes"], changed["CompanyName"]) == ("keep me", "Berg & Co")


def test_an_empty_text_in_a_sparse_update_clears_the_member() -> None:
    desk = Desk()
    assert "Notes" not in desk.post("Customer", version(desk.customer(Notes="x"), Notes=""))


def test_a_full_update_clears_what_is_not_sent() -> None:
    desk = Desk()
    customer = desk.customer(Notes="gone after this")
    full = {"Id": customer["Id"], "SyncToken": "0", "DisplayName": "Anna Berg"}
    assert "Notes" not in desk.post("Customer", full)


def test_sent_lines_replace_all_lines() -> None:
    desk = Desk()
    stored = desk.invoice(desk.customer(), line("10.00"), line("20.00"))
    changed = desk.post("Invoice", version(stored, Line=[{**line("20.00"), "Id": stored["Line"][1]["Id"]}]))
    assert [(row.get("Id"), row["Amount"]) for row in changed["Line"][:-1]] == [("2", Decimal("20.00"))]
    assert changed["TotalAmt"] == Decimal("20.00")


def test_a_full_update_of_an_invoice_needs_lines() -> None:
    desk = Desk()
    stored = desk.invoice(desk.customer())
    full = {"Id": stored["Id"], "SyncToken": "0", "CustomerRef": stored["CustomerRef"]}
    assert desk.refused("Invoice", full) == "2020"


def test_read_only_members_are_overwritten_without_an_error() -> None:
    desk = Desk()
    stored = desk.invoice(desk.customer(), TotalAmt=Decimal("1.00"), Balance=Decimal("1.00"))
    assert (stored["TotalAmt"], stored["Balance"]) == (Decimal("100.00"), Decimal("100.00"))


def test_a_voided_invoice_is_worth_nothing_and_its_note_is_overwritten() -> None:
    desk = Desk()
    stored = desk.invoice(desk.customer(), PrivateNote="marker")
    voided = desk.post("Invoice", {"Id": stored["Id"], "SyncToken": "0"}, operation="void")
    assert (voided["TotalAmt"], voided["Balance"], voided["PrivateNote"]) == (0, 0, "Voided")


def test_each_entity_is_voided_in_its_own_form_only() -> None:
    desk = Desk()
    customer = desk.customer()
    bill, money = desk.invoice(customer), desk.payment(customer, "10.00")
    assert desk.refused("Payment", version(money), operation="void") == "500"
    assert desk.refused("Invoice", version(bill), operation="update", include="void") == "500"
    assert desk.post("Payment", version(money), operation="update", include="void")["TotalAmt"] == 0


def test_a_refund_receipt_cannot_be_voided_only_deleted() -> None:
    desk = Desk()
    body = {"DepositToAccountRef": {"value": "4"}, "Line": [line()], "CustomerRef": ref(desk.customer())}
    refund = desk.post("RefundReceipt", body)
    assert desk.refused("RefundReceipt", version(refund), operation="update", include="void") == "500"
    assert desk.post("RefundReceipt", version(refund), operation="delete")["status"] == "Deleted"


def test_a_deleted_transaction_is_not_found_any_more() -> None:
    desk = Desk()
    stored = desk.invoice(desk.customer())
    desk.post("Invoice", {"Id": stored["Id"], "SyncToken": "0"}, operation="delete")
    assert desk.refused("Invoice", version(stored, PrivateNote="x")) == "610"


def test_nothing_is_posted_into_the_closed_period() -> None:
    desk = Desk(close_books="2026-10-31")
    customer = desk.customer()
    assert desk.refused("Invoice", invoice(customer, TxnDate="2026-10-31")) == "6210"
    assert desk.invoice(customer, TxnDate="2026-11-01")["TxnDate"] == "2026-11-01"


def test_what_lies_in_the_closed_period_cannot_be_voided() -> None:
    desk = Desk()
    stored = desk.invoice(desk.customer(), TxnDate="2026-10-01")
    desk.play.set(REALM, close_books="2026-10-31")
    assert desk.refused("Invoice", version(stored), operation="void") == "6210"


def test_a_deposited_payment_cannot_be_changed_voided_or_deleted() -> None:
    desk = Desk()
    customer = desk.customer()
    paid = desk.payment(customer, "10.00")
    desk.play.deposit_payment(REALM, paid["Id"])
    newest = desk.read("Payment", paid["Id"])
    assert desk.refused("Payment", version(newest, Line=[])) == "6540"
    assert desk.refused("Payment", version(newest), operation="update", include="void") == "6540"
    assert desk.refused("Payment", version(newest), operation="delete") == "6540"
