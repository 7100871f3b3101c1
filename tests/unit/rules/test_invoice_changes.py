from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from avantto_qbo.model.avantto import Discount, Invoice, Tax
from avantto_qbo.model.drafts import PaymentDraft
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.money import Money
from avantto_qbo.model.quickbooks import Item
from avantto_qbo.model.settings import LateChanges, Settings, TaxMode
from avantto_qbo.model.steps import (
    ChangePayment,
    CreateInvoice,
    InvoiceCase,
    NeedCustomer,
    NeedItem,
    PostedPayment,
    RecordPayment,
    UpdateInvoice,
    VoidInvoice,
)
from avantto_qbo.rules.books.plan import plan_invoice
from unit.rules.cases import JANE, code, company, drafted, held, invoice, invoice_case, item, paid_by, posted_case

BEFORE = invoice()
CASH = PaymentDraft(CustomerId("20"), "145", Money.of(40, "USD"), date(2026, 11, 19), "R1", "cash", "4")
PAID_40 = (PostedPayment("recorded:1", Money.of(40, "USD"), "900", CASH),)


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


def test_payments_come_off_before_the_customer_changes_and_go_back_on_afterwards() -> None:
    case = posted_case(edited(amount_paid=Decimal(40)), before=BEFORE, posted=PAID_40)
    moved = msgspec.structs.replace(case, customer=CustomerId("21"))
    (off,) = plan_invoice(moved)
    assert isinstance(off, ChangePayment)
    assert (off.part, off.draft.invoice) == (PAID_40[0].part, "")
    loose = msgspec.structs.replace(PAID_40[0], draft=off.draft)
    assert update(msgspec.structs.replace(moved, posted=(loose,))).changed == {"customer"}
    assert moved.agreed is not None
    agreed = msgspec.structs.replace(moved.agreed, customer=CustomerId("21"))
    (on,) = plan_invoice(msgspec.structs.replace(moved, posted=(loose,), agreed=agreed))
    assert isinstance(on, ChangePayment)
    assert (on.draft.customer, on.draft.invoice) == ("21", "145")


def test_a_new_person_is_found_first() -> None:
    john = msgspec.structs.replace(JANE, email="john@example.com")
    case = msgspec.structs.replace(posted_case(edited(person=john), before=BEFORE), customer=None)
    assert plan_invoice(case) == (NeedCustomer(john),)


def test_a_customer_made_inactive_since_stays_the_customer_of_what_is_posted() -> None:
    assert plan_invoice(msgspec.structs.replace(posted_case(), customer=None)) == ()


def test_new_lines_may_need_the_default_item_first() -> None:
    case = posted_case(edited(items=(item("Bleaching"),)), before=BEFORE)
    (step,) = plan_invoice(msgspec.structs.replace(case, company=company(items=())))
    assert isinstance(step, NeedItem)


def test_a_total_below_what_was_paid_is_held() -> None:
    lower = edited(items=(item(amount="30"),), total=Decimal(30), amount_paid=Decimal(40))
    case = posted_case(lower, before=BEFORE, posted=PAID_40)
    reason = held(plan_invoice(case))
    assert reason.code == "below_paid"
    assert "40.00 USD" in reason.text
    deleted_there = tuple(msgspec.structs.replace(payment, draft=None) for payment in PAID_40)
    (step,) = plan_invoice(msgspec.structs.replace(case, posted=deleted_there))
    assert isinstance(step, UpdateInvoice)


def test_late_changes_are_held_where_the_owner_wants_it() -> None:
    case = posted_case(edited(due_date="2026-12-24"), before=BEFORE, settings=Settings(late_changes=LateChanges.HOLD))
    assert update(case).changed == {"due"}  # the month of the invoice is still open
    december = msgspec.structs.replace(case, now=datetime(2026, 12, 1, 6, 0, tzinfo=UTC))
    reason = held(plan_invoice(december))
    assert reason.code == "late_change"
    assert "due" in reason.text


def test_a_month_ends_where_the_location_is() -> None:
    case = posted_case(edited(due_date="2026-12-24"), before=BEFORE, settings=Settings(late_changes=LateChanges.HOLD))
    evening = msgspec.structs.replace(case, now=datetime(2026, 12, 1, 5, 59, tzinfo=UTC))  # 23:59 in Chicago
    assert update(evening).changed == {"due"}


def test_figures_changed_in_a_month_that_is_over_are_said_aloud() -> None:
    higher = edited(items=(item(amount="130"),), total=Decimal(130))
    case = posted_case(higher, before=BEFORE, now=datetime(2026, 12, 2, tzinfo=UTC))
    assert [flag.code for flag in update(case).flags] == ["late_change"]
    later = posted_case(edited(due_date="2026-12-24"), before=BEFORE, now=datetime(2026, 12, 2, tzinfo=UTC))
    assert update(later).flags == ()


@pytest.mark.parametrize("changes", [{"due_date": "2026-12-24"}, {"issue_date": "2026-12-01"}, {"status": "void"}])
def test_a_closed_period_is_not_touched(changes: dict[str, Any]) -> None:
    case = posted_case(edited(**changes), before=BEFORE)
    closed = msgspec.structs.replace(case, company=company(books_closed=date(2026, 11, 30)))
    assert held(plan_invoice(closed)).code == "books_closed"


@pytest.mark.parametrize("status", ["void", "delete"])
def test_a_void_of_an_unpaid_invoice_is_mirrored(status: str) -> None:
    assert plan_invoice(posted_case(edited(status=status), before=BEFORE)) == (VoidInvoice(),)


@pytest.mark.parametrize("changes", [{"status": "void"}, {"amount_paid": Decimal(40)}])
def test_payments_come_off_before_an_invoice_is_voided(changes: dict[str, Any]) -> None:
    case = posted_case(edited(**{"amount_paid": Decimal(40)} | changes), before=BEFORE, posted=PAID_40)
    gone = msgspec.structs.replace(case, deleted="status" not in changes)
    (off,) = plan_invoice(gone)
    assert isinstance(off, ChangePayment)
    loose = msgspec.structs.replace(PAID_40[0], draft=off.draft)
    assert plan_invoice(msgspec.structs.replace(gone, posted=(loose,))) == (VoidInvoice(),)


def test_a_void_is_mirrored_once() -> None:
    case = posted_case(edited(status="void"), before=BEFORE)
    assert case.link is not None
    gone = msgspec.structs.replace(case, link=msgspec.structs.replace(case.link, status="withdrawn"))
    assert code(plan_invoice(gone)) == ("Ignore", "never_posted")


def test_an_invoice_sent_again_after_a_void_is_posted_anew() -> None:
    case = posted_case(BEFORE)
    assert case.link is not None
    again = msgspec.structs.replace(case, link=msgspec.structs.replace(case.link, status="withdrawn"))
    (step,) = plan_invoice(again)
    assert isinstance(step, CreateInvoice)


def test_an_invoice_adopted_without_a_draft_is_taken_as_agreed() -> None:
    assert plan_invoice(posted_case(edited(due_date="2026-12-24"), agreed=None)) == ()
    assert plan_invoice(posted_case(edited(status="void"), agreed=None)) == (VoidInvoice(),)


def test_a_voided_copy_is_respected() -> None:
    case = posted_case()
    assert case.link is not None
    gone = msgspec.structs.replace(case, link=msgspec.structs.replace(case.link, status="deleted"))
    assert code(plan_invoice(gone)) == ("Ignore", "gone_in_books")


@pytest.mark.parametrize(
    ("settings", "facts"),
    [
        (Settings(tax=TaxMode.HOLD), {}),
        (Settings(default_item="Nonesuch"), {}),
        (Settings(class_="Nonesuch"), {}),
        (Settings(department="Nonesuch"), {}),
        (Settings(), {"automated_tax": False}),
    ],
)
def test_settings_and_lists_that_changed_since_hold_up_no_money(settings: Settings, facts: dict[str, Any]) -> None:
    state = (Tax("State", Decimal("8.25")),)
    before = invoice(item(taxes=state), tax_total=Decimal("8.25"))
    agreed = drafted(invoice_case(before, company=company(automated_tax=True)))
    now = msgspec.structs.replace(before, status="paid", amount_paid=Decimal("108.25"), amount_due=Decimal(0))
    case = posted_case(now, agreed=agreed, transactions=(paid_by("108.25"),), posted=())
    case = msgspec.structs.replace(case, settings=settings, company=company(**{"automated_tax": True} | facts))
    (step,) = plan_invoice(case)
    assert isinstance(step, RecordPayment), step
    more = msgspec.structs.replace(now, items=(*before.items, item("More", "0")))
    moved = msgspec.structs.replace(case, invoice=more)
    if not settings.department:  # a change of the lines needs them
        assert held(plan_invoice(moved))


def test_a_line_that_stays_gives_up_an_item_that_is_sold_no_more() -> None:
    items = (item("Cleaning", "50"), item())
    after = edited(items=(*items, item("New", "1")), total=Decimal(151))
    case = posted_case(after, before=edited(items=items, total=Decimal(150)))
    gone = company(items=(Item("7", "Avantto sales", "Service"), Item("8", "Cleaning", "Service", active=False)))
    step = update(msgspec.structs.replace(case, company=gone))
    assert [line.item for line in step.draft.lines] == ["7", "7", "7"]
