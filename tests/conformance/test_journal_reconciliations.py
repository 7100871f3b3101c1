"""What reconciliations leave in the journal, and what they ask of it."""

from __future__ import annotations

from datetime import date

import msgspec

from avantto_qbo.journal import cursors, evidence, operations, reconciliations
from avantto_qbo.model.ids import OperationId
from avantto_qbo.model.money import Money
from avantto_qbo.model.operation import Reason, Source, State
from avantto_qbo.model.reconciliation import Cause, Entry, Group, Reconciled, Standing
from conformance.conftest import Do
from conformance.journal_values import HERE, REALM, THERE, at, operation

ENTRY = Entry(
    Group.PAYMENTS,
    Source("payment", "i1", "t1"),
    Source("invoice", "i1"),
    date(2026, 11, 20),
    "Payment t1",
    Standing.MISSING,
    Money(1000, "USD"),
    cause=Cause("unexplained", "Missing.", "avantto-qbo sync here"),
)
FOUND = Reconciled(at(0), date(2026, 11, 1), date(2026, 11, 20), (ENTRY,), 7, {"test_mode": 2}, 1)


async def test_what_was_found_comes_back_as_it_was(do: Do) -> None:
    assert await do(reconciliations.get, HERE) is None
    await do(reconciliations.put, HERE, FOUND, at(0))
    assert await do(reconciliations.get, HERE) == FOUND
    assert await do(reconciliations.get, THERE) is None


async def test_the_latest_takes_the_place_of_the_one_before_until_it_is_forgotten(do: Do) -> None:
    await do(reconciliations.put, HERE, FOUND, at(0))
    empty = msgspec.structs.replace(FOUND, entries=())
    await do(reconciliations.put, HERE, empty, at(1))
    assert await do(reconciliations.get, HERE) == empty
    assert await do(reconciliations.forget, HERE)
    assert not await do(reconciliations.forget, HERE)


async def test_payments_are_attributed_to_the_invoices_they_were_kept_with(do: Do) -> None:
    for kind, name, about in (
        ("invoice_payment", "t1", "i1"),
        ("invoice_payment", "t2", ""),
        ("transaction", "t3", "i1"),
    ):
        await do(evidence.put, HERE, kind, name, about, b"{}", at(0))
    assert await do(reconciliations.attributed, HERE) == {"t1": "i1"}
    assert await do(reconciliations.attributed, THERE) == {}


async def test_only_what_a_person_let_go_is_skipped(do: Do) -> None:
    for number, code in enumerate(("skipped", "skipped.doubt", "superseded", "retried")):
        name = OperationId(f"op-{number}")
        await do(operations.insert, operation(name))
        await do(operations.move, name, State.HELD, at(1), reason=Reason("x", "x"))
        await do(operations.move, name, State.SKIPPED, at(2), reason=Reason(code, "let go"))
    assert [op.id for op in await do(reconciliations.skipped, HERE)] == ["op-0", "op-1"]
    assert await do(reconciliations.skipped, THERE) == []


async def test_a_poll_is_scheduled_or_not(do: Do) -> None:
    assert not await do(reconciliations.scheduled, REALM, "reconcile")
    await do(cursors.schedule, REALM, "reconcile", at(5))
    assert await do(reconciliations.scheduled, REALM, "reconcile")
    assert not await do(reconciliations.scheduled, REALM, "changes")
