from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from avantto_qbo.model.avantto import Discount, Invoice
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.money import Money
from avantto_qbo.model.quickbooks import Item
from avantto_qbo.model.settings import LateChanges, Settings
from avantto_qbo.model.steps import InvoiceCase, NeedCustomer, NeedItem, PostedPayment, UpdateInvoice, VoidInvoice
from avantto_qbo.rules.books.plan import plan_invoice
from unit.rules.cases import JANE, code, company, drafted, held, invoice, invoice_case, item, posted_case

BEFORE = invoice()
PAID_40 = (PostedPayment("t1", Money.of(40, "USD"), "900"),)


def edited(**changes: Any) -> Invoice:
    return msgspec.structs.replace(BEFORE, **changes)


def update(case: InvoiceCase) -> UpdateInvoice:
    (step,) = plan_invoice(case)
    assert isinstance(step, UpdateInvoice), step
    return step


def test_nothing_changed_needs_no_step() -> None:
    assert plan_invoice(posted_case()) == ()


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"due_date": "2026-12-24"}, {"due"}),
        ({"issue_date": "2026-11-19"}, {"day"}),
        ({"person": msgspec.structs.replace(JANE, email="new@example.com")}, {"email"}),
        ({"number": "INV-7"}, {"number", "note"}),
        ({"items": (item(quantity="2"),), "total": Decimal(200)}, {"lines"}),
        ({"items": (item("Bleaching"),)}, {"lines"}),
        (
            {
                "discount": Discount("percentage", Decimal(5)),
                "discount_total": Decimal(5),
                "total": Decimal(95),
            },
            {"lines"},
        ),
        ({"tax_total": Decimal(5), "total": Decimal(105)}, {"lines"}),
        ({"updated_at": BEFORE.created_at, "title": "Hello"}, set()),
    ],
)
def test_only_what_avantto_changed_is_sent(changes: dict[str, Any], fields: set[str]) -> None:
    case = posted_case(edited(**changes), before=BEFORE)
    if not fields:
        assert plan_invoice(case) == ()
        return
    step = update(case)
    assert step.changed == fields
    assert step.draft.total == Money.of(case.invoice.total, "USD")


def test_an_item_renamed_in_quickbooks_changes_nothing() -> None:
    case = posted_case(before=BEFORE)
    other = company(items=(Item("7", "Old default", "Service", active=False), Item("9", "Whitening", "Service")))
    assert plan_invoice(msgspec.structs.replace(case, company=other)) == ()


def test_lines_that_stay_keep_the_item_a_bookkeeper_gave_them() -> None:
    case = posted_case(edited(items=(item(), item("Cleaning", "50")), total=Decimal(150)), before=BEFORE)
    assert case.agreed is not None
    moved = msgspec.structs.replace(
        case.agreed, lines=tuple(msgspec.structs.replace(line, item="99") for line in case.agreed.lines)
    )
    step = update(msgspec.structs.replace(case, agreed=moved))
    assert [line.item for line in step.draft.lines] == ["99", "8"]


def test_a_number_given_by_quickbooks_or_a_variant_stays_when_avantto_keeps_its_number() -> None:
    taken = drafted(invoice_case(number_variant=1))
    assert plan_invoice(posted_case(agreed=taken)) == ()
    own = drafted(invoice_case(company=company(custom_numbers=False)))
    assert plan_invoice(posted_case(agreed=own)) == ()


def test_a_discount_keeps_the_account_it_was_posted_to() -> None:
    before = edited(discount_total=Decimal(5), total=Decimal(95))
    after = edited(discount_total=Decimal(10), total=Decimal(90))
    case = posted_case(after, before=before)
    assert case.agreed is not None
    agreed = msgspec.structs.replace(case.agreed, discount_account="83")
    assert update(msgspec.structs.replace(case, agreed=agreed)).draft.discount_account == "83"


def test_another_customer_is_mirrored_while_nothing_is_paid() -> None:
    case = posted_case()
    assert update(msgspec.structs.replace(case, customer=CustomerId("21"))).changed == {"customer"}


def test_another_customer_of_a_paid_invoice_is_held() -> None:
    case = posted_case(edited(amount_paid=Decimal(40)), before=BEFORE, posted=PAID_40)
    assert held(plan_invoice(msgspec.structs.replace(case, customer=CustomerId("21")))).code == "customer_paid"


def test_a_new_person_is_found_first() -> None:
    case = msgspec.structs.replace(posted_case(), customer=None)
    assert plan_invoice(case) == (NeedCustomer(JANE),)


def test_new_lines_may_need_the_default_item_first() -> None:
    case = posted_case(edited(items=(item("Bleaching"),)), before=BEFORE)
    (step,) = plan_invoice(msgspec.structs.replace(case, company=company(items=())))
    assert isinstance(step, NeedItem)


def test_a_total_below_what_was_paid_is_held() -> None:
    lower = edited(items=(item(amount="30"),), total=Decimal(30), amount_paid=Decimal(40))
    reason = held(plan_invoice(posted_case(lower, before=BEFORE, posted=PAID_40)))
    assert reason.code == "below_paid"
    assert "40.00 USD" in reason.text


def test_late_changes_are_held_where_the_owner_wants_it() -> None:
    case = posted_case(edited(due_date="2026-12-24"), before=BEFORE, settings=Settings(late_changes=LateChanges.HOLD))
    reason = held(plan_invoice(case))
    assert reason.code == "late_change"
    assert "due" in reason.text


@pytest.mark.parametrize("changes", [{"due_date": "2026-12-24"}, {"issue_date": "2026-12-01"}, {"status": "void"}])
def test_a_closed_period_is_not_touched(changes: dict[str, Any]) -> None:
    case = posted_case(edited(**changes), before=BEFORE)
    closed = msgspec.structs.replace(case, company=company(books_closed=date(2026, 11, 30)))
    assert held(plan_invoice(closed)).code == "books_closed"


@pytest.mark.parametrize("status", ["void", "delete"])
def test_a_void_of_an_unpaid_invoice_is_mirrored(status: str) -> None:
    assert plan_invoice(posted_case(edited(status=status), before=BEFORE)) == (VoidInvoice(),)


def test_a_void_of_a_paid_invoice_is_held() -> None:
    case = posted_case(edited(status="void", amount_paid=Decimal(40)), before=BEFORE, posted=PAID_40)
    assert held(plan_invoice(case)).code == "void_paid"


def test_a_void_is_mirrored_once() -> None:
    case = posted_case(edited(status="void"), before=BEFORE)
    assert case.link is not None
    gone = msgspec.structs.replace(case, link=msgspec.structs.replace(case.link, status="voided"))
    assert plan_invoice(gone) == ()


def test_an_invoice_adopted_without_a_draft_is_taken_as_agreed() -> None:
    assert plan_invoice(posted_case(edited(due_date="2026-12-24"), agreed=None)) == ()
    assert plan_invoice(posted_case(edited(status="void"), agreed=None)) == (VoidInvoice(),)


def test_a_voided_copy_is_respected() -> None:
    case = posted_case()
    assert case.link is not None
    gone = msgspec.structs.replace(case, link=msgspec.structs.replace(case.link, status="deleted"))
    assert code(plan_invoice(gone)) == ("Ignore", "gone_in_books")
