"""The clock is set back: what waits goes back with it, and never sooner than it was to."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from avantto_qbo.journal import cursors, evidence, inbox, operations, waits
from avantto_qbo.journal.instants import to_text
from avantto_qbo.model.operation import Reason, State
from avantto_qbo.model.records import Envelope, Lane, Topic
from conformance.conftest import Do
from conformance.journal_values import HERE, at, operation

DOUBT = Reason("doubt.lost", "lost")


async def doubtful(do: Do, name: str, sent: float, due: float) -> None:
    """An operation sent at one minute whose answer was lost, to be looked up at another."""
    op = msgspec.structs.replace(operation(name), created_at=at(sent), updated_at=at(sent))
    await do(operations.insert, op)
    await do(operations.move, op.id, State.SENDING, at(sent), sent_at=at(sent))
    await do(operations.move, op.id, State.DOUBT, at(sent), next_at=at(due), reason=DOUBT)


async def mail(do: Do, due: float) -> None:
    await do(inbox.tell, HERE, Topic.INVOICE, "inv-1", Lane.MONEY, at(0), due=at(due))


async def envelope(do: Do) -> Envelope:
    found = await do(inbox.get, HERE, Topic.INVOICE, "inv-1")
    assert found is not None
    return found


async def test_what_waits_is_brought_forward_by_what_the_clock_lost(do: Do) -> None:
    await mail(do, 400)
    await do(cursors.schedule, HERE, "invoices", at(410))
    await do(evidence.put, HERE, "watched", "order", "", b"", at(420))
    await do(evidence.put, HERE, "transaction", "txn", "", b"", at(420))
    await do(waits.set_back, timedelta(minutes=360), at(30), at(30))
    assert (await envelope(do)).next_at == at(40)
    assert await do(cursors.next_poll) == at(50)
    assert await do(evidence.due, HERE, "watched", at(60), 9) == ["order"]
    assert await do(evidence.due, HERE, "transaction", at(419), 9) == []


async def test_what_is_due_already_stays_as_it_is(do: Do) -> None:
    await mail(do, 20)
    await do(waits.set_back, timedelta(minutes=360), at(30), at(30))
    assert (await envelope(do)).next_at == at(20)


async def test_a_doubt_keeps_the_length_of_its_wait(do: Do) -> None:
    await doubtful(do, "op-1", sent=385, due=393)
    await do(waits.set_back, timedelta(minutes=360), at(30), at(30))
    op = await do(operations.get, operation("op-1").id)
    assert op is not None
    assert (op.created_at, op.sent_at, op.next_at) == (at(25), at(25), at(33))


async def test_what_was_sent_by_the_new_clock_is_not_looked_for_sooner(do: Do) -> None:
    await doubtful(do, "op-1", sent=29.9, due=33)
    await do(waits.set_back, timedelta(minutes=360), at(30), at(29.5))
    op = await do(operations.get, operation("op-1").id)
    assert op is not None
    assert (op.created_at, op.sent_at, op.next_at) == (at(29.9), at(29.9), at(33))


async def test_a_start_counts_from_the_last_thing_that_was_written_and_only_once(do: Do) -> None:
    await do(cursors.put, HERE, "payments", "x", at(390))
    await mail(do, 400)
    assert await do(waits.begin, at(30)) == timedelta(minutes=360)
    assert (await envelope(do)).next_at == at(40)
    assert await do(waits.begin, at(31)) == timedelta(0)
    assert (await envelope(do)).next_at == at(40)


@pytest.mark.parametrize("ahead", [0.5, 3 * 24 * 60])
async def test_a_start_follows_neither_a_trifle_nor_a_clock_that_is_not_set(do: Do, ahead: float) -> None:
    await mail(do, 10_000)
    await do(cursors.put, HERE, "payments", "x", at(30 + ahead))
    assert await do(waits.begin, at(30)) == timedelta(0)
    assert (await envelope(do)).next_at == at(10_000)


async def test_an_empty_journal_has_nothing_to_follow(do: Do) -> None:
    assert await do(waits.begin, at(0)) == timedelta(0)


async def test_times_keep_the_form_that_sorts(do: Do) -> None:
    await mail(do, 400)
    await do(waits.set_back, timedelta(seconds=90.25), at(30), at(30))
    assert to_text((await envelope(do)).next_at) == to_text(at(400) - timedelta(seconds=90.25))
