"""One document to the cent, beside what stands in the books."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from avantto_qbo.errors import RejectedError
from avantto_qbo.model.records import Topic
from avantto_qbo.rules.reference import payment_reference
from avantto_qbo.server.api_explaining import ExplainAnswer
from avantto_qbo.server.ports import UnknownObjectError
from avantto_qbo.service.explaining import Explaining
from stage import ANN, PLACE, REALM, Stage
from unit.actors.scenes import crm_fault, sell

ITEMS = [{"name": "Wash", "qty": 2, "amount": 50, "taxes": [{"name": "Tax", "rate": 8}]}, {"name": "Wax", "amount": 20}]
TENTH = {"type": "percentage", "value": 10}


async def explain(stage: Stage, document: str) -> ExplainAnswer:
    return await Explaining(stage.house, stage.directory).explain(PLACE, document)


def amounts(answer: ExplainAnswer) -> dict[str, str]:
    assert answer.explanation is not None
    return {one.label: one.amount for one in answer.explanation.sums}


def adds_up(answer: ExplainAnswer) -> bool:
    """The lines of the sum, and the lines as posted, each come to their total, which is the same."""
    assert answer.explanation is not None
    *sums, total = (Decimal(one.amount) for one in answer.explanation.sums)
    *posted, booked = (Decimal(one.amount) for one in answer.explanation.posted)
    return sum(sums) == total == booked == sum(posted)


async def mirrored(stage: Stage, **changes: Any) -> str:
    invoice = stage.sent_invoice(items=ITEMS, discount=TENTH, **changes)
    await stage.mirror(invoice)
    return invoice


async def test_every_cent_of_an_invoice_is_laid_out(stage: Stage) -> None:
    invoice = await mirrored(stage)
    answer = await explain(stage, invoice)
    assert answer.explanation is not None
    assert adds_up(answer)
    assert amounts(answer) == {
        "items before tax": "120.00",
        "discount before tax": "-12.00",
        "Tax 8 % of 90.00": "7.20",
        "total": "115.20",
    }
    wash = answer.explanation.lines[0]
    assert (wash.quantity, wash.price, wash.shown, wash.off, wash.base) == ("2", "50", "100.00", "10.00", "90.00")
    assert wash.taxes == ("Tax 8 %",)
    assert (answer.status, answer.total, answer.problem) == ("sent", "115.20 USD", "")
    assert [step.text for step in answer.next] == ["Both sides agree."]
    [booked] = answer.booked
    assert (booked.entity, booked.status, booked.total) == ("Invoice", "live", "115.20 USD")
    assert booked.id == stage.in_books("Invoice")[0]["Id"]


async def test_a_document_is_found_by_any_of_its_names(stage: Stage) -> None:
    invoice = await mirrored(stage, number="A-7")
    paid = stage.crm.play.pay_invoice(PLACE, invoice)["transaction"]["_id"]
    await stage.mirror(invoice)
    for name in (invoice, "A-7", paid, payment_reference(paid)):
        answer = await explain(stage, name)
        assert (answer.kind, answer.id, answer.number) == ("invoice", invoice, "A-7")


async def test_a_number_that_the_books_show_differently_is_found_too(stage: Stage) -> None:
    stage.books.play.create(
        REALM,
        "Invoice",
        {
            "CustomerRef": {"value": stage.books.play.create(REALM, "Customer", {"DisplayName": "Other"})["Id"]},
            "DocNumber": "A-8",
            "Line": [
                {"DetailType": "SalesItemLineDetail", "Amount": 1, "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
            ],
        },
    )
    invoice = await mirrored(stage, number="A-8")
    shown = next(row["DocNumber"] for row in stage.in_books("Invoice") if row["DocNumber"] != "A-8")
    assert (await explain(stage, "A-8")).id == invoice
    assert (await explain(stage, shown)).id == invoice


async def test_payments_and_refunds_stand_beside_the_invoice(stage: Stage) -> None:
    stage.books.play.deactivate(REALM, "Account", "8")  # one bank account is left to refund from
    stage.directory.realm(REALM).forget_company()
    invoice = await mirrored(stage)
    paid = stage.crm.play.pay_invoice(PLACE, invoice)["transaction"]["_id"]
    await stage.mirror(invoice)
    stage.crm.play.refund(PLACE, paid, 40)
    await stage.tell(Topic.TRANSACTION, paid)
    await stage.work_off()
    answer = await explain(stage, invoice)
    assert [(one.entity, one.total, one.part) for one in answer.booked] == [
        ("Invoice", "115.20 USD", ""),
        ("Payment", "115.20 USD", paid),
        ("RefundReceipt", "40.00 USD", "4000"),
    ]
    assert (await explain(stage, answer.booked[2].number)).id == invoice
    assert (await explain(stage, paid)).id == invoice


async def test_a_sale_paid_at_once_is_laid_out_too(stage: Stage) -> None:
    transaction = await sell(stage)
    await stage.work_off()
    answer = await explain(stage, transaction)
    assert adds_up(answer)
    assert (answer.kind, answer.total, amounts(answer)["total"]) == ("transaction", "99.00 USD", "99.00")
    assert [(one.entity, one.status) for one in answer.booked] == [("SalesReceipt", "live")]
    assert (await explain(stage, answer.booked[0].number)).id == transaction


async def test_what_a_bookkeeper_was_told_is_repeated(stage: Stage) -> None:
    sold = stage.crm.play.sell(PLACE, ANN, [{"name": "Kit", "amount": 99}], charged=50)
    await stage.tell(Topic.TRANSACTION, sold["transaction"]["_id"])
    await stage.work_off()
    answer = await explain(stage, sold["transaction"]["_id"])
    assert [flag.event for flag in answer.flags] == ["flag.as_charged"]
    assert answer.explanation is not None
    assert answer.explanation.notes == tuple(flag.text for flag in answer.flags)


async def test_what_is_held_says_why_and_what_mends_it(stage: Stage) -> None:
    invoice = stage.sent_invoice(currency="EUR")
    await stage.mirror(invoice)
    answer = await explain(stage, invoice)
    [held] = answer.held
    assert answer.explanation is None
    assert (answer.problem, answer.mend) == (held.text, held.mend)
    assert held.id in answer.mend
    assert [step.step for step in answer.next] == ["hold"]


async def test_a_sale_that_cannot_be_laid_out_says_why(stage: Stage) -> None:
    sold = stage.crm.play.sell(PLACE, ANN, [{"name": "Kit", "amount": 99}], currency="EUR")
    answer = await explain(stage, sold["transaction"]["_id"])
    assert "keeps USD only" in answer.problem
    assert answer.explanation is None


async def test_what_has_to_be_made_first_is_said(stage: Stage) -> None:
    answer = await explain(stage, stage.sent_invoice(items=ITEMS))
    assert [(step.step, step.text) for step in answer.next] == [
        ("need item", "Avantto sales is made first"),
        ("need customer", ""),
    ]
    assert answer.booked == ()


async def test_a_hold_of_the_planner_that_nobody_was_told_of_yet_has_no_operation_to_retry(stage: Stage) -> None:
    answer = await explain(stage, stage.sent_invoice(currency="EUR", number="E-1"))
    assert "keeps USD only" in answer.problem
    assert (answer.mend, answer.held) == ("", ())


async def test_what_is_not_for_the_books_says_why(stage: Stage) -> None:
    draft = str(stage.crm.play.create_invoice(PLACE, contact=ANN, items=ITEMS, number="D-1")["_id"])
    answer = await explain(stage, "D-1")
    assert (answer.id, answer.booked) == (draft, ())
    assert [(step.step, step.text) for step in answer.next] == [("ignore", "Invoice D-1 is a draft.")]


async def test_what_the_planner_would_do_is_said(stage: Stage) -> None:
    invoice = await mirrored(stage)
    stage.crm.play.edit_invoice(PLACE, invoice, items=[{"name": "Wash", "amount": 70}])
    assert (await explain(stage, invoice)).next[0].text == "changes lines"
    stage.crm.play.edit_invoice(PLACE, invoice, items=ITEMS)
    stage.crm.play.pay_invoice(PLACE, invoice)
    [step] = (await explain(stage, invoice)).next
    assert (step.step, step.text) == ("record payment", "115.20 USD")


async def test_a_sale_that_waits_for_a_person_is_explained(stage: Stage) -> None:
    transaction = await sell(stage, source_type="carrier_pigeon")
    await stage.work_off()
    answer = await explain(stage, transaction)
    assert answer.next[0].step == "hold"
    assert answer.held[0].code == "unknown_source"


async def test_without_avantto_the_books_are_still_shown(stage: Stage) -> None:
    invoice = await mirrored(stage, number="A-9")
    crm_fault(stage, "invoices.read", action="status", status=503, times=9)
    answer = await explain(stage, "A-9")
    assert answer.problem.startswith("Avantto cannot be asked now: ")
    assert (answer.explanation, answer.booked[0].status, answer.id) == (None, "live", invoice)


async def test_a_document_that_makes_no_sense_says_which_field(stage: Stage) -> None:
    invoice = await mirrored(stage)
    crm_fault(stage, "invoices.read", action="status", status=200, body='{"_id":"x"}', times=9)
    assert (await explain(stage, invoice)).problem.startswith("Avantto does not show it: ")


async def test_a_dead_connection_says_how_to_mend_it(stage: Stage) -> None:
    invoice = await mirrored(stage)
    stage.crm.play.revoke(PLACE)
    answer = await explain(stage, invoice)
    assert answer.problem.startswith("avantto refuses the access: ")
    assert (answer.mend, len(answer.booked)) == (f"avantto-qbo connect {PLACE}", 1)


async def test_a_document_that_avantto_has_no_more_is_said_so(stage: Stage) -> None:
    invoice = await mirrored(stage)
    stage.crm.play.delete_invoice(PLACE, invoice)
    answer = await explain(stage, invoice)
    assert answer.problem == f"Avantto has no invoice {invoice} any more."
    assert answer.booked


async def test_a_voided_invoice_is_laid_out_as_it_was(stage: Stage) -> None:
    invoice = await mirrored(stage)
    stage.crm.play.void_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    answer = await explain(stage, invoice)
    assert [(one.entity, one.status) for one in answer.booked] == [("Invoice", "withdrawn")]
    assert adds_up(answer)


async def test_a_disconnected_location_shows_its_books(stage: Stage) -> None:
    invoice = await mirrored(stage)
    await stage.connecting.disconnect(PLACE, "test")
    answer = await explain(stage, invoice)
    assert (answer.problem, len(answer.booked)) == ("The location is disconnected.", 1)
    with pytest.raises(UnknownObjectError):
        await explain(stage, "A-1")


async def test_an_id_that_avantto_takes_for_nonsense_is_no_document(stage: Stage) -> None:
    for read in ("invoices.read", "transactions.read"):
        crm_fault(stage, read, action="status", status=422, body='{"message":["invoiceId must be a mongodb id"]}')
    with pytest.raises(UnknownObjectError):
        await explain(stage, "0123456789abcdefghij")


async def test_a_permission_that_is_missing_is_no_missing_document(stage: Stage) -> None:
    body = '{"message":"The token is not authorized for this scope."}'
    crm_fault(stage, "invoices.read", action="status", status=401, body=body, times=9)
    with pytest.raises(RejectedError, match="a permission is missing"):
        await explain(stage, "0123456789abcdefghij")


@pytest.mark.parametrize("name", ["INV-404", "6570000000000000000000aa", "nobody's number", "*"])
async def test_a_document_that_neither_side_has_is_named(stage: Stage, name: str) -> None:
    with pytest.raises(UnknownObjectError) as unknown:
        await explain(stage, name)
    assert name in unknown.value.problem
    assert unknown.value.field == "document"
