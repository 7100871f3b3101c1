"""One document against the books: equal, missing, extra or different."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from avantto_qbo.model.money import Money
from avantto_qbo.model.operation import Source
from avantto_qbo.model.reconciliation import Expected, Group, LeftOut, Standing
from avantto_qbo.rules.books.comparing.tallies import tallies
from unit.rules.cases import INVOICE_ID, NOW, TXN_ID
from unit.rules.ledgers import (
    DAY,
    INVOICE,
    PAYMENT,
    SALE,
    cause_of,
    entries,
    entry,
    expected,
    fact,
    row,
    usd,
)


def void(**changes: object) -> Expected:
    return expected(fact(**changes), group=Group.VOIDS)


def test_the_same_sum_on_both_sides_is_equal() -> None:
    [found] = entries(expected(fact()), rows=[row()])
    assert (found.standing, found.amount, found.booked, found.object_id) == (
        Standing.EQUAL,
        usd(100),
        usd(100),
        "145",
    )


def test_what_was_never_posted_is_missing_and_unexplained() -> None:
    [found] = entries(expected())
    assert (found.standing, found.cause, found.booked) == (Standing.MISSING, None, None)


def test_what_we_took_back_ourselves_is_missing_if_avantto_says_it_stands() -> None:
    [found] = entries(expected(fact(status="withdrawn")), rows=[row(total="0", note="Voided")])
    assert (found.standing, found.cause) == (Standing.MISSING, None)


@pytest.mark.parametrize("status", ["deleted", "voided"])
def test_what_a_person_took_out_is_respected(status: str) -> None:
    [found] = entries(expected(fact(status=status)))
    assert (found.standing, cause_of(found).code, cause_of(found).needed) == (
        Standing.MISSING,
        f"{status}_in_books",
        False,
    )


def test_an_object_that_is_not_among_all_rows_was_deleted() -> None:
    [found] = entries(expected(fact()))
    assert cause_of(found).code == "deleted_in_books"


def test_an_object_whose_row_is_void_was_voided() -> None:
    [found] = entries(expected(fact()), rows=[row(total="0", note="Voided")])
    assert cause_of(found).code == "voided_in_books"


def test_what_did_not_change_is_as_it_was_agreed() -> None:
    [same] = entries(expected(fact()), complete=False)
    assert (same.standing, same.booked) == (Standing.EQUAL, usd(100))
    [other] = entries(expected(fact(total="90")), complete=False)
    assert (other.standing, other.booked, other.cause) == (Standing.DIFFERENT, usd(90), None)
    [bare] = entries(expected(fact(total=None)), complete=False)
    assert bare.standing is Standing.EQUAL


def test_what_the_feed_says_is_deleted_is_gone() -> None:
    [found] = entries(expected(fact()), complete=False, gone=frozenset({("Invoice", "145")}))
    assert cause_of(found).code == "deleted_in_books"


def test_a_restored_copy_takes_the_place_of_a_deleted_one() -> None:
    [found] = entries(expected(fact()), rows=[row(object_id="150")])
    assert (found.standing, found.object_id) == (Standing.EQUAL, "150")


def test_a_restored_copy_of_another_sum_is_different() -> None:
    [found] = entries(expected(fact()), rows=[row(object_id="150", total="90")])
    assert (found.standing, cause_of(found).code) == (Standing.DIFFERENT, "restored_in_books")
    assert cause_of(found).mend.endswith(f"explain ve9EPM428h8vShlRW1KT {INVOICE_ID}")


def test_several_copies_in_the_place_of_a_deleted_one_are_too_many() -> None:
    [found] = entries(expected(fact()), rows=[row(object_id="150"), row(object_id="151")])
    assert (found.standing, cause_of(found).code) == (Standing.MISSING, "twice")


def test_what_carries_our_marker_but_no_link_is_unlinked() -> None:
    [found] = entries(expected(), rows=[row()])
    assert (found.standing, cause_of(found).code, found.object_id) == (Standing.DIFFERENT, "unlinked", "145")
    [several] = entries(expected(), rows=[row(), row(object_id="146")])
    assert cause_of(several).code == "twice"


def test_another_sum_than_agreed_was_changed_by_a_person() -> None:
    [found] = entries(expected(fact()), rows=[row(total="95")])
    assert (found.standing, found.booked, cause_of(found).needed) == (Standing.DIFFERENT, usd(95), True)
    assert "its total is 95.00 USD there instead of 100.00 USD" in cause_of(found).text


def test_another_sum_than_avantto_says_now_is_unexplained() -> None:
    [found] = entries(expected(fact(total="95")), rows=[row(total="95")])
    assert (found.standing, found.cause) == (Standing.DIFFERENT, None)


def test_another_currency_is_another_sum() -> None:
    [found] = entries(expected(fact()), rows=[row(currency="CAD")])
    assert found.standing is Standing.DIFFERENT
    [home] = entries(expected(fact()), rows=[row(currency="")])
    assert home.standing is Standing.EQUAL


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"day": date(2026, 11, 2)}, "its date is 2026-11-02 there instead of 2026-11-18"),
        ({"customer": "21"}, "it is under another customer there (id 21 instead of 20)"),
        ({"number": "X-1"}, "its number is X-1 there instead of INV-1042"),
    ],
)
def test_what_a_person_changed_beside_the_sum_is_kept(changes: dict[str, object], words: str) -> None:
    [found] = entries(expected(fact(number="INV-1042")), rows=[row(**changes)])
    assert found.standing is Standing.DIFFERENT
    assert words in cause_of(found).text
    assert not cause_of(found).needed


def test_a_payment_that_does_not_settle_its_invoice_needs_a_person() -> None:
    linked = fact(PAYMENT, "900", invoice="145")
    document = expected(linked, group=Group.PAYMENTS, source=PAYMENT)
    [found] = entries(document, rows=[row("payment", "900")])
    assert cause_of(found).needed
    [half] = entries(document, rows=[row("payment", "900", linked=(("145", Decimal(40)),))])
    assert (half.standing, cause_of(half).needed) == (Standing.DIFFERENT, True)
    assert "but for 40" in cause_of(half).text
    [fine] = entries(document, rows=[row("payment", "900", linked=(("145", Decimal(60)), ("145", Decimal(40))))])
    assert fine.standing is Standing.EQUAL


def test_a_date_that_avantto_changed_is_for_the_planner() -> None:
    [invoice] = entries(expected(fact(), day=date(2026, 11, 19)), rows=[row()])
    assert (invoice.standing, invoice.cause) == (Standing.DIFFERENT, None)
    sale = expected(fact(SALE), group=Group.RECEIPTS, source=SALE, day=date(2026, 11, 19))
    [receipt] = entries(sale, rows=[row("transaction")])
    assert receipt.standing is Standing.EQUAL


def test_a_link_that_agreed_on_no_day_is_compared_by_its_sum() -> None:
    [found] = entries(expected(fact(day=None, customer="")), rows=[row(day=None, customer="99")])
    assert found.standing is Standing.EQUAL


def test_what_was_voided_on_both_sides_is_equal() -> None:
    for document, rows in (
        (void(), [row(total="0", note="Voided")]),
        (void(), []),
        (void(status="withdrawn"), []),
        (expected(group=Group.VOIDS), []),
    ):
        [found] = entries(document, rows=rows)
        assert (found.standing, found.amount, found.booked) == (Standing.EQUAL, usd(0), usd(0))


def test_a_void_that_did_not_reach_the_books_is_different() -> None:
    [found] = entries(void(), rows=[row()])
    assert (found.standing, found.amount, found.booked) == (Standing.DIFFERENT, usd(0), usd(100))
    [unchanged] = entries(void(), complete=False)
    assert (unchanged.standing, unchanged.booked) == (Standing.DIFFERENT, usd(100))


def test_a_second_object_of_one_document_is_extra() -> None:
    found = entries(expected(fact()), rows=[row(), row(object_id="150", number="INV-1042")])
    assert [one.standing for one in found] == [Standing.EQUAL, Standing.EXTRA]
    assert (found[1].shown, cause_of(found[1]).code, found[1].amount) == ("Invoice INV-1042", "twice", None)


def test_what_a_person_enters_again_after_a_void_is_extra() -> None:
    found = entries(void(status="withdrawn"), rows=[row(object_id="150")])
    assert [one.standing for one in found] == [Standing.EQUAL, Standing.EXTRA]
    assert cause_of(found[1]).code == "entered_again"


def test_a_marker_of_what_is_in_no_list_is_extra_once_for_a_company() -> None:
    [found] = entries(rows=[row(ref="", day=None)])
    assert (cause_of(found).code, found.day, found.about) == ("unknown_document", NOW.date(), INVOICE)
    assert entries(rows=[row()], unknown=False) == []
    assert len(entries(rows=[row()], unknown=False, own=frozenset({("Invoice", "145")}))) == 1


def test_a_marker_of_what_is_not_for_the_books_is_not_ours() -> None:
    assert entries(rows=[row()], left_out=[LeftOut(INVOICE, "before_cut_off", DAY)]) == []


@pytest.mark.parametrize("code", ["not_paid", "test_mode"])
def test_a_marker_of_what_never_was_a_sale_is_extra_wherever_it_is_listed(code: str) -> None:
    [found] = entries(rows=[row("transaction")], left_out=[LeftOut(SALE, code, DAY)], unknown=False)
    assert (found.standing, cause_of(found).code, cause_of(found).needed) == (Standing.EXTRA, "not_wanted", True)


def test_a_marker_of_a_document_of_another_day_is_unlinked() -> None:
    [found] = entries(rows=[row()], known={INVOICE})
    assert (found.standing, cause_of(found).code) == (Standing.EXTRA, "unlinked")


def test_what_another_location_links_to_is_its_own() -> None:
    assert entries(rows=[row()], elsewhere=frozenset({("Invoice", "145")})) == []


def test_a_void_row_with_our_marker_is_nothing() -> None:
    assert entries(rows=[row(total="0", note=f"Voided - {row().note}")]) == []


@pytest.mark.parametrize(
    ("changes", "extra"),
    [({}, 1), ({"customer": "21"}, 0), ({"total": "99"}, 0), ({"number": "X"}, 0), ({"object_id": "145"}, 0)],
)
def test_a_copy_without_our_marker_is_told_by_number_customer_and_total(changes: dict[str, str], extra: int) -> None:
    copy = {"object_id": "150", "number": "INV-1042", "note": "", **changes}
    ours = row(number="INV-1042")
    found = entries(expected(fact()), rows=[ours, row(**copy)] if copy["object_id"] != "145" else [ours])
    copies = [one for one in found if one.standing is Standing.EXTRA]
    assert [cause_of(one).code for one in copies] == ["copied"] * extra


def test_a_void_copy_is_no_copy() -> None:
    void_copy = row(object_id="150", number="INV-1042", note="Voided", total="0")
    assert len(entries(expected(fact()), rows=[row(number="INV-1042"), void_copy])) == 1


def test_days_and_kinds_are_added_up_in_order() -> None:
    early = date(2026, 11, 17)
    found = tallies(
        [
            entry(group=Group.RECEIPTS, source=SALE, standing=Standing.EQUAL, booked=usd(100)),
            entry(),
            entry(standing=Standing.DIFFERENT, booked=usd(95)),
            entry(standing=Standing.EXTRA, amount=None, booked=usd(7)),
            entry(day=early, group=Group.REFUNDS, source=Source("refund", TXN_ID, "1")),
        ]
    )
    assert [(one.day, one.group) for one in found] == [
        (early, Group.REFUNDS),
        (DAY, Group.INVOICES),
        (DAY, Group.RECEIPTS),
    ]
    invoices = found[1]
    assert (invoices.count, invoices.amount, invoices.booked_count, invoices.booked) == (2, usd(200), 2, usd(102))
    assert (invoices.missing, invoices.extra, invoices.different) == (1, 1, 1)


def test_sums_of_several_currencies_are_never_added() -> None:
    mixed = entry(standing=Standing.DIFFERENT, booked=Money.of(100, "CAD"))
    [found] = tallies([mixed])
    assert (found.currency, found.booked, found.booked_count) == ("USD", usd(0), 1)
    [nothing] = tallies([entry(amount=None)])
    assert nothing.currency == ""
