"""What the daemon keeps about locations, companies and itself."""

from __future__ import annotations

import pytest

from avantto_qbo.errors import InternalError
from avantto_qbo.journal import activity, cursors, evidence, locations, meta, settings, usage
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.records import Activity, RealmRecord, Status
from conformance.conftest import Do
from conformance.journal_values import HERE, OTHER_REALM, REALM, THERE, at, location


async def test_a_location_comes_back_as_it_was_put(do: Do) -> None:
    full = location(country="DE", reason="why", allow_duplicates=True, google_place_id="place", shared=True)
    await do(locations.put, full)
    assert await do(locations.get, HERE) == full
    assert await do(locations.get, THERE) is None


async def test_putting_a_location_again_replaces_it(do: Do) -> None:
    await do(locations.put, location())
    again = location(realm=OTHER_REALM, name="Corner Shop II", status=Status.PAUSED, books_from=at(9))
    await do(locations.put, again)
    assert await do(locations.all) == [again]


async def test_locations_come_in_the_order_they_were_connected(do: Do) -> None:
    for name, realm, minute in (("b", REALM, 1), ("a", REALM, 2), ("c", OTHER_REALM, 0)):
        await do(locations.put, location(name, realm=realm, connected_at=at(minute)))
    assert [one.id for one in await do(locations.all)] == ["c", "b", "a"]
    assert [one.id for one in await do(locations.of_realm, REALM)] == ["b", "a"]


async def test_a_status_changes_with_its_reason_and_nothing_else(do: Do) -> None:
    await do(locations.put, location())
    await do(locations.set_status, HERE, Status.BROKEN, "reconnect", at(1))
    assert await do(locations.get, HERE) == location(status=Status.BROKEN, reason="reconnect")
    with pytest.raises(InternalError):
        await do(locations.set_status, THERE, Status.PAUSED, "", at(1))


async def test_realms_are_stored_replaced_and_forgotten(do: Do) -> None:
    await do(locations.put_realm, RealmRecord(OTHER_REALM, b"{}", at(0)))
    await do(locations.put_realm, RealmRecord(REALM, b"{}", at(0)))
    renewed = RealmRecord(REALM, b'{"name": "x"}', at(1), "dead")
    await do(locations.put_realm, renewed)
    assert await do(locations.get_realm, REALM) == renewed
    assert await do(locations.realms) == [renewed, RealmRecord(OTHER_REALM, b"{}", at(0))]
    assert await do(locations.remove_realm, REALM)
    assert not await do(locations.remove_realm, REALM)
    assert await do(locations.get_realm, REALM) is None


async def test_a_cursor_moves_on(do: Do) -> None:
    assert await do(cursors.get, REALM, "cdc") is None
    await do(cursors.put, REALM, "cdc", "2025-01-01", at(0))
    await do(cursors.put, REALM, "cdc", "2025-01-02", at(1))
    assert await do(cursors.get, REALM, "cdc") == "2025-01-02"
    assert await do(cursors.get, REALM, "backfill") is None
    assert await do(cursors.get, OTHER_REALM, "cdc") is None


async def test_polls_are_due_at_their_time_longest_due_first(do: Do) -> None:
    assert await do(cursors.next_poll) is None
    await do(cursors.schedule, HERE, "payments", at(2))
    await do(cursors.schedule, REALM, "cdc", at(1))
    assert await do(cursors.next_poll) == at(1)
    assert await do(cursors.due_polls, at(0)) == []
    assert await do(cursors.due_polls, at(2)) == [(REALM, "cdc"), (HERE, "payments")]


async def test_a_nudge_brings_a_poll_forward_and_never_puts_it_off(do: Do) -> None:
    await do(cursors.schedule, REALM, "cdc", at(4), sooner_only=True)
    await do(cursors.schedule, REALM, "cdc", at(9), sooner_only=True)
    assert await do(cursors.next_poll) == at(4)
    await do(cursors.schedule, REALM, "cdc", at(1), sooner_only=True)
    assert await do(cursors.next_poll) == at(1)
    await do(cursors.schedule, REALM, "cdc", at(5))
    assert await do(cursors.next_poll) == at(5)


async def test_unscheduling_stops_the_polls_of_one_owner_and_keeps_its_cursors(do: Do) -> None:
    for owner in (HERE, THERE):
        await do(cursors.schedule, owner, "payments", at(0))
        await do(cursors.put, owner, "payments", "x", at(0))
    await do(cursors.unschedule, HERE)
    assert await do(cursors.due_polls, at(1)) == [(THERE, "payments")]
    assert await do(cursors.get, HERE, "payments") == "x"


async def test_settings_are_kept_per_location(do: Do) -> None:
    await do(settings.put, HERE, "tax", b'"line"', at(0), "owner")
    await do(settings.put, HERE, "tax", b'"hold"', at(1), "owner")
    await do(settings.put, HERE, "invoices", b'"off"', at(1), "owner")
    await do(settings.put, THERE, "tax", b'"auto"', at(1), "owner")
    assert await do(settings.of, HERE) == {"invoices": b'"off"', "tax": b'"hold"'}
    assert await do(settings.remove, HERE, "tax")
    assert not await do(settings.remove, HERE, "tax")
    assert await do(settings.of, HERE) == {"invoices": b'"off"'}
    assert await do(settings.of, LocationId("new")) == {}


async def test_activity_is_paged_newest_first_per_location(do: Do) -> None:
    for minute in range(5):
        await do(activity.record, Activity(at(minute), HERE, "invoice.posted", "text", subject=str(minute)))
    await do(activity.record, Activity(at(9), THERE, "invoice.posted", "text"))
    first = await do(activity.page, HERE, 2)
    assert [line.subject for line in first] == ["4", "3"]
    rest = await do(activity.page, HERE, before_id=first[-1].id)
    assert [line.subject for line in rest] == ["2", "1", "0"]


async def test_activity_is_found_by_what_it_is_about(do: Do) -> None:
    for minute in range(4):
        await do(activity.record, Activity(at(minute), HERE, f"flag.{minute}", "text", subject=str(minute % 2)))
    await do(activity.record, Activity(at(9), THERE, "flag.9", "text", subject="1"))
    assert [line.event for line in await do(activity.about, HERE, "1", 9)] == ["flag.3", "flag.1"]
    assert [line.event for line in await do(activity.about, HERE, "1", 1)] == ["flag.3"]


async def test_an_activity_line_comes_back_with_its_number(do: Do) -> None:
    line = Activity(at(0), HERE, "paused", "Paused.", subject="77", actor="uid 1000")
    number = await do(activity.record, line)
    assert await do(activity.page, HERE) == [Activity(at(0), HERE, "paused", "Paused.", "77", "uid 1000", number)]


async def test_the_newest_evidence_about_an_object_is_kept(do: Do) -> None:
    assert await do(evidence.put, HERE, "order", "o1", "txn-1", b"second", at(2))
    assert not await do(evidence.put, HERE, "order", "o1", "txn-1", b"first", at(1))
    assert await do(evidence.get, HERE, "order", "o1") == b"second"
    assert await do(evidence.put, HERE, "order", "o1", "txn-2", b"third", at(3))
    assert await do(evidence.about, HERE, "order", "txn-1") == []
    assert await do(evidence.about, HERE, "order", "txn-2") == [b"third"]
    assert await do(evidence.get, THERE, "order", "o1") is None


async def test_evidence_about_a_document_comes_oldest_first(do: Do) -> None:
    await do(evidence.put, HERE, "order", "a", "txn-1", b"late", at(2))
    await do(evidence.put, HERE, "order", "b", "txn-1", b"early", at(1))
    await do(evidence.put, HERE, "invoice", "c", "txn-1", b"another kind", at(1))
    assert await do(evidence.about, HERE, "order", "txn-1") == [b"early", b"late"]


async def test_old_orders_that_nobody_paid_are_dropped(do: Do) -> None:
    for order in ("old", "paid", "young"):
        await do(evidence.put, HERE, "order", order, "", order.encode(), at(5 if order == "young" else 0))
    await do(evidence.put, HERE, "transaction", "txn-1", "paid", b"money", at(0))
    await do(evidence.put, THERE, "transaction", "txn-2", "old", b"another location's", at(0))
    assert await do(evidence.prune, at(5)) == 1
    assert await do(evidence.of_kind, HERE, "order") == {"paid": b"paid", "young": b"young"}


async def test_of_quickbooks_payments_old_versions_are_dropped_and_nothing_else(do: Do) -> None:
    kinds = ("payment", "customer", "transaction", "invoice_row", "synced_elsewhere", "books_sight", "watched")
    for kind in kinds:
        await do(evidence.put, HERE, kind, "1", "", b"old", at(0))
    await do(evidence.put, HERE, "payment", "2", "", b"new", at(5))
    assert await do(evidence.prune, at(5)) == 1
    assert await do(evidence.of_kind, HERE, "payment") == {"2": b"new"}
    assert [await do(evidence.get, HERE, kind, "1") for kind in kinds] == [None, *[b"old"] * 6]


async def test_reads_add_up_per_realm_and_month(do: Do) -> None:
    await do(usage.add_reads, REALM, "2025-03", 2)
    await do(usage.add_reads, REALM, "2025-03", 3)
    await do(usage.add_reads, OTHER_REALM, "2025-03", 1)
    await do(usage.add_reads, REALM, "2025-04", 7)
    assert await do(usage.reads, "2025-03") == {REALM: 5, OTHER_REALM: 1}
    assert await do(usage.reads, "2025-05") == {}


async def test_facts_about_the_journal_are_kept(do: Do) -> None:
    assert await do(meta.get, "generation") is None
    await do(meta.put, "generation", "1")
    await do(meta.begin, "generation", "0")
    assert await do(meta.get, "generation") == "1"
    await do(meta.put, "generation", "2")
    assert await do(meta.get, "generation") == "2"
