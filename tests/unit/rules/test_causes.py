"""Why two sides differ, in plain words, each with one command or with the word that nobody has to do anything."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from avantto_qbo.model.money import Money
from avantto_qbo.model.operation import Reason, State
from avantto_qbo.model.reconciliation import NOTHING_TO_DO, Cause, Group, Standing
from avantto_qbo.model.records import Status
from avantto_qbo.model.steps import BookStep, Hold, Ignore, NeedCustomer, PauseMoney, VoidInvoice, Wait
from avantto_qbo.rules.books.comparing import causes
from avantto_qbo.rules.reasons import RETRY
from unit.rules.cases import INVOICE_ID, JANE, PLACE, location, operation
from unit.rules.ledgers import SALE, cause_of, entry, usd

SYNC = f"avantto-qbo sync {PLACE}"


@pytest.mark.parametrize(
    ("status", "mend"),
    [
        (Status.PAUSED, f"avantto-qbo resume {PLACE}"),
        (Status.MONEY_PAUSED, f"avantto-qbo resume {PLACE}"),
        (Status.BROKEN, f"avantto-qbo connect {PLACE}"),
    ],
)
def test_a_location_that_stands_still_says_how_it_goes_on(status: Status, mend: str) -> None:
    found = causes.of_place(location(status=status, reason="Because."))
    assert found is not None
    assert (found.code, found.mend) == (status, mend)
    assert found.text.endswith(": Because.")


def test_a_connected_location_is_no_cause() -> None:
    assert causes.of_place(location()) is None
    stopped = causes.of_place(location(status=Status.PAUSED))
    assert stopped is not None
    assert stopped.text == "The location is paused: nothing is posted."


def test_a_held_operation_gives_its_own_reason_and_command() -> None:
    op = operation(state=State.HELD, reason=Reason("books_closed", "Closed.", f"reopen, then: {RETRY}"))
    found = causes.of_operation(op)
    assert found == Cause("books_closed", "Closed.", f"reopen, then: avantto-qbo retry {op.id}", asked=True)


def test_a_held_operation_without_words_can_be_retried() -> None:
    op = operation(state=State.HELD, reason=None)
    found = causes.of_operation(op)
    assert found is not None
    assert (found.text, found.mend) == ("It is held.", f"avantto-qbo retry {op.id}")


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (State.DOUBT, "doubt"),
        (State.SENDING, "doubt"),
        (State.CORRECTING, "doubt"),
        (State.PLANNED, "waiting"),
        (State.RETRY, "waiting"),
    ],
)
def test_what_is_under_way_needs_nobody(state: State, code: str) -> None:
    for reason in (None, Reason("any", "Words.")):
        found = causes.of_operation(operation(state=state, reason=reason))
        assert found is not None
        assert (found.code, found.needed, found.mend.startswith(NOTHING_TO_DO)) == (code, False, True)


def test_only_a_create_in_doubt_may_have_made_something() -> None:
    assert causes.maybe_made(operation(state=State.DOUBT, target=""))
    assert not causes.maybe_made(operation(state=State.DOUBT, target="145"))
    assert not causes.maybe_made(operation(state=State.HELD, target=""))


def test_only_what_a_person_let_go_was_let_go() -> None:
    skipped = causes.of_operation(operation(state=State.SKIPPED, reason=Reason("skipped", "skipped by uid 7")))
    assert skipped is not None
    assert (skipped.code, skipped.text) == ("skipped", "It was skipped by uid 7.")
    assert causes.of_operation(operation(state=State.SKIPPED, reason=Reason("superseded", "x"))) is None
    assert causes.of_operation(operation(state=State.SKIPPED, reason=None)) is None
    assert causes.of_operation(operation(state=State.DONE)) is None


def test_mail_that_waits_says_for_what() -> None:
    assert causes.of_mail("Invoice 1", "order_evidence").text == "Invoice 1 is about to be looked at (order_evidence)."
    assert causes.of_mail("Invoice 1", "").text == "Invoice 1 is about to be looked at."


@pytest.mark.parametrize(
    ("step", "code", "mend"),
    [
        (Ignore(Reason("test_mode", "Test.")), "test_mode", "nothing to do: it stays as it is"),
        (
            Wait(timedelta(seconds=1), Reason("pending", "Pending.")),
            "pending",
            "nothing to do: it is looked at again by itself",
        ),
        (Hold(Reason("unknown_source", "Unknown.", "avantto-qbo settings X a=on")), "unknown_source", None),
        (Hold(Reason("negative", "Negative.", f"enter it, then: {RETRY}")), "negative", SYNC),
        (Hold(Reason("bare", "Bare.")), "bare", SYNC),
        (PauseMoney(Reason("built_in", "Twice.", "avantto-qbo resume X")), "built_in", "avantto-qbo resume X"),
        (NeedCustomer(JANE), "unexplained", SYNC),
        (VoidInvoice(), "unexplained", SYNC),
    ],
)
def test_the_planner_says_what_stands_in_the_way(step: BookStep, code: str, mend: str | None) -> None:
    found = causes.of_steps(PLACE, entry(), [step])
    assert found is not None
    assert (found.code, found.mend) == (code, mend or "avantto-qbo settings X a=on")


def test_what_the_planner_leaves_out_is_not_missing_unless_a_person_took_it_out() -> None:
    assert causes.left_out([Ignore(Reason("invoice_payment", "Of an invoice."))]) == "invoice_payment"
    assert causes.left_out([Ignore(Reason("gone_in_books", "Respected."))]) == ""
    assert causes.left_out([VoidInvoice()]) == ""
    assert causes.left_out([]) == ""


def test_an_empty_plan_is_no_cause() -> None:
    assert causes.of_steps(PLACE, entry(), []) is None


def test_where_both_agree_the_books_are_right() -> None:
    assert causes.of_agreement(PLACE, entry(), None) is None
    different = entry(standing=Standing.DIFFERENT, booked=usd(115))
    for agreed in (usd(115), None):
        found = causes.of_agreement(PLACE, different, agreed)
        assert found is not None
        assert (found.standing, found.amount) == (Standing.EQUAL, usd(115))
    extra = entry(standing=Standing.EXTRA, amount=None, booked=usd(7))
    found = causes.of_agreement(PLACE, extra, usd(8))
    assert found is not None
    assert found.standing is Standing.EQUAL


def test_a_receipt_of_another_sum_than_its_charge_is_never_agreed_on() -> None:
    sold = entry(group=Group.RECEIPTS, source=SALE, about=SALE, standing=Standing.DIFFERENT, booked=usd(7))
    found = causes.of_agreement(PLACE, sold, usd(7))
    assert found is not None
    assert (found.standing, found.booked, cause_of(found).code) == (Standing.DIFFERENT, usd(7), "other_total")
    assert cause_of(found).needed


def test_other_money_is_never_agreed_on() -> None:
    euros = entry(standing=Standing.DIFFERENT, amount=Money.of(100, "EUR"), booked=usd(100))
    found = causes.of_agreement(PLACE, euros, usd(100))
    assert found is not None
    assert (found.standing, cause_of(found).code) == (Standing.DIFFERENT, "other_total")


def test_where_both_agree_on_another_sum_a_person_changed_the_books() -> None:
    found = causes.of_agreement(PLACE, entry(standing=Standing.DIFFERENT, booked=usd(95)), usd(115))
    assert found is not None
    assert (found.amount, cause_of(found).code) == (usd(115), "edited_in_books")


def test_the_words_name_the_document_and_the_command() -> None:
    missing, different = entry(), entry(standing=Standing.DIFFERENT)
    assert causes.unexplained(PLACE, missing).text == (
        "Invoice INV-1042 is missing in QuickBooks, and nothing here says why."
    )
    assert "is not as in Avantto in QuickBooks" in causes.unexplained(PLACE, different).text
    assert causes.unreadable(PLACE, missing, "gone").mend == f"avantto-qbo explain {PLACE} {INVOICE_ID}"
    assert causes.gone_in_avantto(PLACE, missing).mend == SYNC
    sale = entry(source=SALE, about=SALE)
    assert causes.gone_in_avantto(PLACE, sale).mend.startswith("void it in QuickBooks if there was no such sale")
    assert not causes.relinking("Invoice 1").needed
    assert not causes.left_in_books("Invoice 1").needed
    assert not causes.linked_again("Invoice 1", "145").needed


def test_a_person_is_told_once_of_what_does_not_mend_itself() -> None:
    riddle = entry(cause=causes.unexplained(PLACE, entry()))
    assert (causes.mends_itself(riddle), causes.worries(riddle)) == (True, False)
    again = msgspec.structs.replace(riddle, seen=2)
    assert (causes.mends_itself(again), causes.worries(again)) == (False, True)
    twice = entry(cause=causes.twice(PLACE, "Invoice 1", ("1", "2")))
    assert (causes.mends_itself(twice), causes.worries(twice)) == (False, True)
    for cause in (None, causes.gone("Invoice 1", "voided"), causes.of_operation(operation(state=State.HELD))):
        assert not causes.worries(entry(cause=cause))
    assert not causes.mends_itself(entry())


def test_every_mend_is_one_command_or_says_that_there_is_nothing_to_do() -> None:
    found = [
        causes.gone("Invoice 1", "deleted"),
        causes.twice(PLACE, "Invoice 1", ("1", "2")),
        causes.copied(PLACE, "Invoice 1", ("1", "2")),
        causes.unlinked(PLACE, "Invoice 1", ("1",)),
        causes.entered_again(PLACE, "Invoice 1", "1"),
        causes.stands_again(PLACE, "Invoice 1", "2", INVOICE_ID),
        causes.unknown_document(PLACE, "Invoice 1", entry().source),
    ]
    for one in found:
        assert one.needed is ("avantto-qbo " in one.mend)
        assert one.needed is not one.mend.startswith(NOTHING_TO_DO)
        assert msgspec.json.encode(one)
