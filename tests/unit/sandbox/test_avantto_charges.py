"""Money on an invoice beside its items, and the shapes of its lines, by every reading the knobs offer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from unit.sandbox.avantto_desk import ALT, ANN, GST, PLACE, Desk, money

WASH = {"name": "Wash", "amount": 100}


def sent(desk: Desk, items: list[dict[str, Any]] | None = None, **more: Any) -> str:
    invoice = desk.play.create_invoice(PLACE, ANN, items or [WASH], **more)
    return str(desk.play.send_invoice(PLACE, invoice["_id"])["_id"])


def read(desk: Desk, invoice: str) -> Any:
    return desk.get(f"/invoices/{invoice}", **ALT)


def sums(desk: Desk, invoice: str) -> tuple[Any, ...]:
    told = read(desk, invoice)
    return told["total"], told["amountPaid"], told["amountDue"], told["status"]


def charged(desk: Desk) -> list[Any]:
    return [row["amount"] for row in desk.get("/payments/transactions", **ALT)["data"]]


def test_a_tip_on_top_shows_in_amount_paid_and_in_the_charge_only() -> None:
    desk = Desk()
    invoice = sent(desk, tips=[5, "12.5"])
    assert read(desk, invoice)["tipsConfiguration"] == {"tipsEnabled": True, "tipsPercentage": [5, Decimal("12.5")]}
    desk.play.pay_invoice(PLACE, invoice, tip="7.50")
    assert sums(desk, invoice) == (100, money("107.5"), 0, "paid")
    assert charged(desk) == [money("107.5")]
    assert "miscellaneousCharges" not in read(desk, invoice)


def test_a_tip_can_be_named_as_a_paid_charge() -> None:
    desk = Desk()
    desk.play.set(PLACE, tip_as="charge")
    invoice = sent(desk, tips=[5])
    desk.play.pay_invoice(PLACE, invoice, tip=5)
    (entry,) = read(desk, invoice)["miscellaneousCharges"]["paidCharges"]
    assert (entry["name"], entry["amount"], sums(desk, invoice)[:2]) == ("Tip", 5, (100, 105))


def test_a_tip_with_a_part_payment_does_not_lower_what_is_due() -> None:
    desk = Desk()
    invoice = sent(desk, tips=[5])
    desk.play.pay_invoice(PLACE, invoice, amount=40, tip=5)
    assert sums(desk, invoice) == (100, 45, 60, "partially_paid")
    desk.play.pay_invoice(PLACE, invoice)
    assert sums(desk, invoice) == (100, 105, 0, "paid")


@pytest.mark.parametrize(
    ("reading", "total", "paid"), [("paid", 100, "104.5"), ("total", "104.5", "104.5"), ("charge", 100, 100)]
)
def test_processing_fees_are_added_when_a_card_pays(reading: str, total: object, paid: object) -> None:
    desk = Desk()
    desk.play.set(PLACE, processing_fee_in=reading)
    invoice = sent(desk, processing_fees=[{"charge": 3}, {"name": "Handling", "charge": "1.50", "type": "fixed"}])
    assert sums(desk, invoice) == (100, 0, 100, "sent")
    desk.play.pay_invoice(PLACE, invoice)
    assert sums(desk, invoice) == (Decimal(total), Decimal(paid), 0, "paid")
    told = read(desk, invoice)["miscellaneousCharges"]
    assert [(entry["name"], entry["charge"], entry["amount"]) for entry in told["paidCharges"]] == [
        ("Processing Fee", 3, 3),
        ("Handling", money("1.5"), money("1.5")),
    ]
    assert (told["collectedMiscellaneousCharges"], charged(desk)) == (money("4.5"), [money("104.5")])


def test_cash_bears_no_processing_fee() -> None:
    desk = Desk()
    invoice = sent(desk, processing_fees=[{"charge": 3}])
    desk.play.pay_invoice(PLACE, invoice, mode="cash")
    assert sums(desk, invoice) == (100, 100, 0, "paid")
    assert read(desk, invoice)["miscellaneousCharges"]["paidCharges"] == []


def test_processing_fees_of_part_payments_are_rounded_to_the_currency() -> None:
    desk = Desk()
    invoice = sent(desk, processing_fees=[{"charge": "2.9"}])
    desk.play.pay_invoice(PLACE, invoice, amount="33.33")
    desk.play.pay_invoice(PLACE, invoice, amount="66.67")
    paid = read(desk, invoice)["miscellaneousCharges"]["paidCharges"]
    assert [entry["amount"] for entry in paid] == [money("0.97"), money("1.93")]
    assert sums(desk, invoice) == (100, money("102.9"), 0, "paid")


@pytest.mark.parametrize(("reading", "total"), [("due", 100), ("total", 110)])
def test_a_late_fee_raises_what_is_due_and_perhaps_the_total(reading: str, total: int) -> None:
    desk = Desk()
    desk.play.set(PLACE, late_fee_in=reading)
    invoice = sent(desk, late_fee={"value": 10, "type": "percentage"})
    desk.events()
    desk.play.charge_late_fee(PLACE, invoice)
    assert sums(desk, invoice) == (total, 0, 110, "sent")
    assert desk.event_types() == ["InvoiceUpdate"]
    desk.play.pay_invoice(PLACE, invoice)
    assert sums(desk, invoice) == (total, 110, 0, "paid")


def test_a_late_fee_reopens_a_paid_invoice_and_needs_to_be_agreed() -> None:
    desk = Desk()
    invoice = sent(desk)
    with pytest.raises(ValueError, match="no late fee"):
        desk.play.charge_late_fee(PLACE, invoice)
    desk.play.pay_invoice(PLACE, invoice)
    desk.play.charge_late_fee(PLACE, invoice, amount="2.50")
    assert sums(desk, invoice) == (100, 100, money("2.5"), "partially_paid")


def test_a_fixed_late_fee_is_told_with_its_rhythm() -> None:
    desk = Desk()
    invoice = sent(desk, late_fee={"value": "4.5"})
    desk.play.charge_late_fee(PLACE, invoice)
    told = read(desk, invoice)["lateFeesConfiguration"]
    assert (told["enable"], told["type"], told["value"]) == (True, "fixed", money("4.5"))
    assert told["frequency"]["interval"] == "one_time"
    assert read(desk, invoice)["amountDue"] == money("104.5")


def test_the_answer_may_tell_nothing_of_charges() -> None:
    desk = Desk()
    desk.play.set(PLACE, charges_shown=False)
    invoice = sent(desk, tips=[5], late_fee={"value": 1}, processing_fees=[{"charge": 3}])
    desk.play.pay_invoice(PLACE, invoice, tip=5)
    told = read(desk, invoice)
    assert not {"tipsConfiguration", "lateFeesConfiguration", "miscellaneousCharges", "ledger"} & told.keys()
    assert told["amountPaid"] == 108


def test_the_webhook_tells_nothing_of_charges() -> None:
    desk = Desk()
    sent(desk, tips=[5], processing_fees=[{"charge": 3}])
    assert all(not {"tipsConfiguration", "miscellaneousCharges", "ledger"} & event.keys() for event in desk.events())


def test_a_deposit_and_instalments_are_paid_one_after_the_other() -> None:
    desk = Desk()
    plan = {"type": "percentage", "schedules": [{"value": "33.33"}, {"value": "33.33"}, {"value": "33.34"}]}
    invoice = sent(desk, [{"name": "Roof", "amount": "999.99"}], payment_schedule=plan)
    for paid, due in (("333.3", "666.69"), ("666.6", "333.39"), ("999.99", 0)):
        desk.play.pay_instalment(PLACE, invoice)
        assert sums(desk, invoice)[1:3] == (Decimal(paid), Decimal(due))
    assert [row["status"] for row in read(desk, invoice)["paymentSchedule"]["schedules"]] == ["paid"] * 3
    with pytest.raises(ValueError, match="no instalment left"):
        desk.play.pay_instalment(PLACE, invoice)


def test_a_fixed_deposit_can_be_paid_in_cash() -> None:
    desk = Desk()
    invoice = sent(desk, payment_schedule={"type": "fixed", "schedules": [{"value": 25}, {"value": 75}]})
    assert desk.play.pay_instalment(PLACE, invoice, mode="cash")["transaction"] is None
    assert sums(desk, invoice) == (100, 25, 75, "partially_paid")


def test_a_schedule_can_be_replaced_while_part_is_paid() -> None:
    desk = Desk()
    invoice = sent(desk, payment_schedule={"type": "fixed", "schedules": [{"value": 25}, {"value": 75}]})
    desk.play.pay_instalment(PLACE, invoice)
    desk.play.edit_invoice(PLACE, invoice, payment_schedule={"type": "fixed", "schedules": [{"value": 75}]})
    desk.play.pay_instalment(PLACE, invoice)
    assert sums(desk, invoice) == (100, 100, 0, "paid")


def test_the_vendors_own_engine_taxes_without_naming_a_tax_on_a_line() -> None:
    desk = Desk()
    invoice = sent(desk, [{**WASH, "taxes": [GST]}], automatic_tax_rate="8.875")
    told = read(desk, invoice)
    assert (told["automaticTaxesEnabled"], told["automaticTaxesCalculated"]) == (True, True)
    assert (told["totalSummary"]["tax"], told["total"]) == (money("8.88"), money("108.88"))
    desk.play.edit_invoice(PLACE, invoice, items=[WASH, WASH], discount={"type": "fixed", "value": 50})
    assert read(desk, invoice)["totalSummary"] == {"subTotal": 200, "discount": 50, "tax": money("13.31")}


def test_lines_may_be_fractional_negative_and_described_in_html() -> None:
    desk = Desk()
    html = "<p>Two <b>coats</b> &amp; primer</p><ul><li>oak</li></ul>"
    items = [
        {"name": "Paint", "qty": "1.375", "amount": "80.40", "description": html, "productId": "p-1", "sku": "PT"},
        {"name": "Returned", "amount": "-10.25", "taxes": [GST]},
    ]
    told = read(desk, sent(desk, items))
    assert told["invoiceItems"][0] | {"_id": ""} == {
        "_id": "",
        "name": "Paint",
        "description": html,
        "productId": "p-1",
        "sku": "PT",
        "currency": "USD",
        "qty": money("1.375"),
        "amount": money("80.4"),
        "taxes": [],
    }
    assert told["totalSummary"] == {"subTotal": money("100.3"), "discount": 0, "tax": money("-1.03")}


def test_an_invoice_can_have_750_lines() -> None:
    desk = Desk()
    told = read(desk, sent(desk, [{"name": f"Part {n}", "amount": "0.01"} for n in range(750)]))
    assert (len(told["invoiceItems"]), told["total"]) == (750, money("7.5"))


@pytest.mark.parametrize(
    ("currency", "amount", "tax", "total"),
    [("JPY", "1555", "156", "1711"), ("KWD", "10.125", "1.013", "11.138"), ("CAD", "10.15", "1.02", "11.17")],
)
def test_an_invoice_may_be_in_another_currency_than_the_location(
    currency: str, amount: str, tax: str, total: str
) -> None:
    desk = Desk()
    invoice = sent(desk, [{"name": "Wash", "amount": amount, "taxes": [GST]}], currency=currency)
    told = read(desk, invoice)
    assert (told["currency"], told["invoiceItems"][0]["currency"]) == (currency, currency)
    assert (told["totalSummary"]["tax"], told["total"]) == (Decimal(tax), Decimal(total))
    row = desk.play.pay_invoice(PLACE, invoice)["transaction"]
    assert (row["currency"], row["amount"]) == (currency, Decimal(total))


@pytest.mark.parametrize(("currency", "minor"), [("JPY", 100), ("USD", 10000), ("KWD", 100000)])
def test_the_processor_counts_in_minor_units(currency: str, minor: int) -> None:
    desk = Desk()
    row = desk.play.pay_invoice(PLACE, sent(desk, currency=currency))["transaction"]
    assert row["chargeSnapshot"]["amount"] == minor


def test_numbers_may_come_as_text() -> None:
    desk = Desk()
    invoice = sent(desk, [{"name": "Wash", "qty": "1.5", "amount": "10.10"}])
    desk.play.pay_invoice(PLACE, invoice, amount=5)
    desk.play.set(PLACE, text_numbers=True)
    told = read(desk, invoice)
    assert (told["total"], told["amountPaid"], told["invoiceItems"][0]["qty"]) == ("15.15", "5", "1.5")
    (row,) = desk.get("/payments/transactions", **ALT)["data"]
    assert (row["amount"], row["amountRefunded"]) == ("5", "0")
