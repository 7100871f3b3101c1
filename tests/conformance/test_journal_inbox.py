"""The inbox: durable, coalescing, ordered, and quiet until something is due."""

from __future__ import annotations

import pytest

from avantto_qbo.journal import inbox, locations, operations
from avantto_qbo.model.operation import State
from avantto_qbo.model.records import Envelope, Lane, Status, Topic
from conformance.conftest import Do
from conformance.journal_values import HERE, THERE, at, location, operation


async def tell(do: Do, object_id: str = "inv-1", minute: float = 0, lane: Lane = Lane.MONEY, **more: object) -> bool:
    return await do(inbox.tell, HERE, Topic.INVOICE, object_id, lane, at(minute), **more)  # type: ignore[arg-type] # forwarded options


async def taken(do: Do, minute: float = 0, lane: Lane = Lane.MONEY) -> Envelope:
    envelope = await do(inbox.take, HERE, lane, at(minute))
    assert envelope is not None
    return envelope


async def test_a_webhook_event_is_new_only_once_per_provider(do: Do) -> None:
    assert await do(inbox.deliver, "avantto", "event-1", at(0))
    assert not await do(inbox.deliver, "avantto", "event-1", at(1))
    assert await do(inbox.deliver, "quickbooks", "event-1", at(1))


async def test_asking_whether_an_event_was_delivered_does_not_deliver_it(do: Do) -> None:
    assert not await do(inbox.delivered, "avantto", "event-1")
    await do(inbox.deliver, "avantto", "event-1", at(0))
    assert await do(inbox.delivered, "avantto", "event-1")
    assert not await do(inbox.delivered, "quickbooks", "event-1")


async def test_pruning_forgets_old_event_ids_only(do: Do) -> None:
    await do(inbox.deliver, "avantto", "old", at(0))
    await do(inbox.deliver, "avantto", "young", at(10))
    assert await do(inbox.prune, at(10)) == 1
    assert await do(inbox.deliver, "avantto", "old", at(11))
    assert not await do(inbox.deliver, "avantto", "young", at(11))


async def test_told_mail_comes_out_as_it_was_told(do: Do) -> None:
    await tell(do, payload=b"{}")
    assert await taken(do) == Envelope(
        location=HERE,
        topic=Topic.INVOICE,
        object_id="inv-1",
        lane=Lane.MONEY,
        version=1,
        received_at=at(0),
        next_at=at(0),
        payload=b"{}",
    )


async def test_mail_about_one_object_coalesces_into_the_better_lane(do: Do) -> None:
    await tell(do, minute=0, lane=Lane.CONTACT)
    await tell(do, minute=1, lane=Lane.BACKFILL)
    await tell(do, minute=2, lane=Lane.MONEY)
    envelope = await taken(do, minute=2)
    assert (envelope.version, envelope.lane, envelope.received_at, envelope.next_at) == (3, Lane.MONEY, at(0), at(0))
    assert await do(inbox.depth) == {(HERE, Topic.INVOICE): 1}


async def test_mail_told_for_later_is_brought_forward_but_never_put_off(do: Do) -> None:
    await tell(do, due=at(30))
    assert await do(inbox.take, HERE, Lane.MONEY, at(29)) is None
    await tell(do, minute=1, due=at(20))
    await tell(do, minute=2, due=at(40))
    assert (await taken(do, minute=20)).next_at == at(20)


async def test_an_older_payload_never_overwrites_a_newer_one(do: Do) -> None:
    assert await tell(do, payload=b"new", changed_at=at(5))
    assert not await tell(do, minute=1, payload=b"old", changed_at=at(4))
    envelope = await taken(do, minute=1)
    assert (envelope.payload, envelope.version) == (b"new", 1)


@pytest.mark.parametrize("changed", [5, 6])
async def test_a_payload_as_new_or_newer_replaces_the_one_there(do: Do, changed: int) -> None:
    await tell(do, payload=b"first", changed_at=at(5))
    assert await tell(do, minute=1, payload=b"second", changed_at=at(changed))
    assert (await taken(do, minute=1)).payload == b"second"


async def test_a_nudge_without_payload_keeps_the_payload_and_its_age(do: Do) -> None:
    await tell(do, payload=b"row", changed_at=at(5))
    assert await tell(do, minute=1)
    assert not await tell(do, minute=2, payload=b"stale", changed_at=at(4))
    assert (await taken(do, minute=2)).payload == b"row"


async def test_take_gives_what_has_been_due_longest_in_its_lane(do: Do) -> None:
    await tell(do, "late", due=at(3))
    await tell(do, "first", due=at(1))
    await tell(do, "second", due=at(1))
    await tell(do, "contact", lane=Lane.CONTACT)
    for expected in ("first", "second", "late"):
        envelope = await taken(do, minute=3)
        assert envelope.object_id == expected
        assert await do(inbox.finish, envelope)
    assert await do(inbox.take, HERE, Lane.MONEY, at(3)) is None
    assert (await taken(do, minute=3, lane=Lane.CONTACT)).object_id == "contact"


async def test_take_leaves_the_mail_where_it_is(do: Do) -> None:
    await tell(do)
    assert await taken(do) == await taken(do)


async def test_finishing_mail_that_was_told_again_makes_it_due_at_once(do: Do) -> None:
    await tell(do)
    envelope = await taken(do, minute=1)
    await tell(do, minute=2, due=at(60))
    assert not await do(inbox.finish, envelope)
    again = await taken(do, minute=2)
    assert (again.version, again.attempts, again.waiting_for) == (2, 0, "")
    assert await do(inbox.finish, again)


async def test_postponed_mail_keeps_its_payload_and_counts_the_attempt(do: Do) -> None:
    await tell(do, payload=b"row")
    await do(inbox.postpone, await taken(do), at(10), reason="throttled")
    assert await do(inbox.take, HERE, Lane.MONEY, at(9)) is None
    envelope = await taken(do, minute=10)
    assert (envelope.attempts, envelope.payload, envelope.reason) == (1, b"row", "throttled")


async def test_postponing_mail_that_was_told_again_leaves_it_due(do: Do) -> None:
    await tell(do)
    envelope = await taken(do)
    await tell(do, minute=1)
    await do(inbox.postpone, envelope, at(60), waiting_for="op-1")
    assert (await taken(do, minute=1)).attempts == 0


async def test_being_told_again_ends_a_pause_and_its_attempts(do: Do) -> None:
    await tell(do)
    await do(inbox.postpone, await taken(do), at(60), reason="throttled")
    await tell(do, minute=1)
    assert (await taken(do, minute=1)).attempts == 0


async def test_mail_that_waits_for_something_is_due_at_its_time_at_the_latest(do: Do) -> None:
    await do(locations.put, location())
    await tell(do)
    await do(inbox.postpone, await taken(do), at(10), waiting_for="email:abc", reason="customer is being made")
    assert await do(inbox.take, HERE, Lane.MONEY, at(9)) is None
    assert await do(inbox.oldest, HERE, Lane.MONEY) == await do(inbox.earliest) == at(10)
    assert (await taken(do, minute=10)).reason == "customer is being made"


async def test_news_about_an_object_ends_its_waiting(do: Do) -> None:
    await tell(do)
    await do(inbox.postpone, await taken(do), at(60), waiting_for="email:abc")
    await tell(do, minute=2)
    envelope = await taken(do, minute=2)
    assert (envelope.version, envelope.attempts, envelope.next_at) == (2, 0, at(2))


async def test_waking_makes_everything_due_that_waited_for_it(do: Do) -> None:
    await tell(do, "inv-1")
    await tell(do, "inv-2")
    await do(inbox.tell, THERE, Topic.INVOICE, "inv-3", Lane.MONEY, at(0))
    for where, key in ((HERE, "op-1"), (HERE, "op-2"), (THERE, "op-1")):
        envelope = await do(inbox.take, where, Lane.MONEY, at(0))
        assert envelope is not None
        await do(inbox.postpone, envelope, at(90), waiting_for=key)
    assert await do(inbox.wake, "op-1", at(5)) == [HERE, THERE]
    assert (await taken(do, minute=5)).object_id == "inv-1"
    assert await do(inbox.wake, "op-1", at(6)) == []
    assert await do(inbox.wake, "", at(6)) == []


async def test_due_locations_are_the_connected_ones_longest_waiting_first(do: Do) -> None:
    for name, status in (("a", Status.CONNECTED), ("b", Status.CONNECTED), ("c", Status.PAUSED), ("d", Status.BROKEN)):
        await do(locations.put, location(name, status=status))
    for name, minute in (("a", 3), ("b", 2), ("c", 1), ("d", 1), ("unknown", 1)):
        await do(inbox.tell, location(name).id, Topic.INVOICE, "inv", Lane.MONEY, at(0), due=at(minute))
    assert await do(inbox.due_locations, at(1)) == []
    assert await do(inbox.due_locations, at(2)) == ["b"]
    assert await do(inbox.due_locations, at(3)) == ["b", "a"]
    assert await do(inbox.earliest) == at(2)


async def test_a_due_operation_makes_its_location_due(do: Do) -> None:
    await do(locations.put, location())
    await do(operations.insert, operation("waits", state=State.DOUBT, next_at=at(5)))
    assert await do(inbox.earliest) == at(5)
    assert await do(inbox.due_locations, at(4)) == []
    assert await do(inbox.due_locations, at(5)) == [HERE]
    await do(operations.insert, operation("now", created_at=at(1)))
    assert await do(inbox.earliest) == at(1)


async def test_held_and_parked_operations_make_nobody_due(do: Do) -> None:
    await do(locations.put, location())
    held = operation("held", state=State.HELD)
    await do(operations.insert, held)
    await do(operations.insert, operation("behind", chain=held.chain))
    assert await do(inbox.due_locations, at(9)) == []
    assert await do(inbox.earliest) is None


async def test_oldest_tells_since_when_a_lane_has_been_due(do: Do) -> None:
    assert await do(inbox.oldest, HERE, Lane.CONTACT) is None
    await tell(do, "a", lane=Lane.CONTACT, minute=4)
    await tell(do, "b", lane=Lane.CONTACT, minute=3)
    assert await do(inbox.oldest, HERE, Lane.CONTACT) == at(3)
    assert await do(inbox.oldest, HERE, Lane.MONEY) is None


async def test_depth_counts_by_location_and_topic(do: Do) -> None:
    await tell(do, "a")
    await tell(do, "b")
    await do(inbox.tell, THERE, Topic.CUSTOMER, "1", Lane.CONTACT, at(0))
    assert await do(inbox.depth) == {(HERE, Topic.INVOICE): 2, (THERE, Topic.CUSTOMER): 1}


async def test_mail_about_one_object_is_found_also_while_it_waits(do: Do) -> None:
    assert await do(inbox.get, HERE, Topic.INVOICE, "inv-1") is None
    await tell(do, payload=b"row")
    await do(inbox.postpone, await taken(do), at(60), waiting_for="op-1", reason="a customer first")
    found = await do(inbox.get, HERE, Topic.INVOICE, "inv-1")
    assert found is not None
    assert (found.waiting_for, found.reason, found.payload) == ("op-1", "a customer first", b"row")
    assert await do(inbox.get, HERE, Topic.ORDER, "inv-1") is None


async def test_count_tells_what_is_left_in_a_lane(do: Do) -> None:
    await tell(do, "a", lane=Lane.BACKFILL)
    await tell(do, "b", lane=Lane.BACKFILL, due=at(60))
    await tell(do, "c", lane=Lane.MONEY)
    assert await do(inbox.count, HERE, Lane.BACKFILL) == 2
    assert await do(inbox.count, THERE, Lane.BACKFILL) == 0
