"""Take webhooks in: verify the raw bytes, read, commit to the inbox, nudge. Only then is 200 the answer.

A webhook is a hint. Losing it, or getting it twice or late, changes nothing but how soon the truth is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Final

import msgspec

from avantto_qbo.actors import merging
from avantto_qbo.actors.books import deletions
from avantto_qbo.actors.house import House
from avantto_qbo.actors.polls.payment_rows import TRANSACTION, watch
from avantto_qbo.actors.polls.pollers import CHANGES, PAYMENTS_HINT
from avantto_qbo.actors.polls.sweeps import PAYMENTS
from avantto_qbo.avantto import webhooks as avantto
from avantto_qbo.avantto.orders import order_from_webhook
from avantto_qbo.avantto.webhooks import AvanttoEvent
from avantto_qbo.journal import cursors, evidence, inbox, links, locations, operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.avantto import Person, Transaction
from avantto_qbo.model.ids import CustomerId, receipt_chain
from avantto_qbo.model.operation import Reason, State
from avantto_qbo.model.records import Lane, LocationRecord, Status, Topic
from avantto_qbo.quickbooks import webhooks as quickbooks
from avantto_qbo.quickbooks.webhooks import QuickBooksEvent
from avantto_qbo.server.bounds import within_bounds
from avantto_qbo.server.limits import HIGH_WATER_WAIT
from avantto_qbo.server.ports import IntakeResult, Verdict
from avantto_qbo.service.high_water import HighWater
from avantto_qbo.service.reconsidering import let_go

_POLLED: Final = {"customer": "Customer", "payment": "Payment"}
_UNINSTALLED: Final = "UNINSTALL"
_BUSY: Final = IntakeResult(Verdict.BUSY, HIGH_WATER_WAIT)
_UNEXPLAINED: Final = "tax_difference"  # what the order's webhook may still explain
_OWN_ECHO: Final = timedelta(minutes=2)


class WebhookIntake:
    """Both vendors' webhooks. `look_again` wakes the scheduler when a poll became due sooner.

    `waiting` tells how many units of work the journal has not committed yet.
    """

    def __init__(
        self,
        house: House,
        *,
        keys: tuple[avantto.PublicKey, ...],
        verifier: str,
        look_again: Callable[[], None],
        waiting: Callable[[], int] = lambda: 0,
    ) -> None:
        self._house, self._keys, self._verifier, self._look_again = house, keys, verifier, look_again
        self._water = HighWater(house, waiting)

    async def avantto(self, raw: bytes, headers: Mapping[str, str]) -> IntakeResult:
        """Put the document an Avantto event names into its location's inbox."""
        if not avantto.verify(raw, headers, self._keys):
            return IntakeResult(Verdict.UNSIGNED)
        if not within_bounds(raw):
            return IntakeResult(Verdict.MALFORMED)
        try:
            event = avantto.parse(raw)
        except avantto.MalformedWebhookError:
            return IntakeResult(Verdict.MALFORMED)
        if await self._water.is_high():
            return _BUSY
        verdict = await self._house.journal.write(lambda db: self._take_avantto(db, event))
        if verdict is Verdict.TAKEN:
            self._house.nudge(event.location)
            self._look_again()
        return IntakeResult(verdict)

    def _take_avantto(self, db: Connection, event: AvanttoEvent) -> Verdict:
        now = self._house.clock.now()
        record = locations.get(db, event.location) if event.location else None
        if record is None or record.status is Status.DISCONNECTED:
            return Verdict.IGNORED
        if event.topic is None and event.type != _UNINSTALLED:
            return Verdict.IGNORED
        if event.topic is None:
            return self._removed(db, record, event)
        if not inbox.deliver(db, "avantto", event.event_id, now):
            return Verdict.REPEATED
        if event.topic is Topic.ORDER:
            self._hint_of_payment(db, event)
        else:
            if event.deleted:
                deletions.announce(db, record.id, event.object_id, now)
            inbox.tell(db, record.id, event.topic, event.object_id, Lane.MONEY, now)
        return Verdict.TAKEN

    def _removed(self, db: Connection, record: LocationRecord, event: AvanttoEvent) -> Verdict:
        """The app is gone from the location. No read asks about it, so a replay must not be believed.

        The documented body has neither id nor time: then it is believed once, ever. A second removal looks the same;
        the dead tokens tell of it.
        """
        now = self._house.clock.now()
        if not inbox.deliver(db, "avantto" if event.at else inbox.UNDATED, event.event_id, now):
            return Verdict.REPEATED
        if event.at is not None and event.at < record.connected_at:
            return Verdict.IGNORED  # it ended an earlier connection, and came late
        reason = f"the app was removed in Avantto: avantto-qbo connect {record.id}"
        locations.set_status(db, record.id, Status.BROKEN, reason, now)
        return Verdict.TAKEN

    def _hint_of_payment(self, db: Connection, event: AvanttoEvent) -> None:
        """No webhook tells of a payment: keep the order's tax and shipping (REST has neither) and poll soon."""
        now = self._house.clock.now()
        if (sums := _sums(event.body)) is not None:
            evidence.put(db, event.location, "order", event.object_id, "", sums, event.at or now)
        paid = evidence.about(db, event.location, TRANSACTION, event.object_id)
        if paid:  # news of one that was paid before
            watch(db, event.location, event.object_id, now)
        if sums is not None:
            self._explained(db, event, paid)
        cursors.put(db, event.location, PAYMENTS_HINT, now.isoformat(), now)
        cursors.schedule(db, event.location, PAYMENTS, now + self._house.pace.nudge, sooner_only=True)

    def _explained(self, db: Connection, event: AvanttoEvent, paid: Iterable[bytes]) -> None:
        """Charges that were held because the order's tax was not known are planned again, now that it is."""
        for body in paid:
            chain = receipt_chain(msgspec.json.decode(body, type=Transaction).id)
            op = operations.open_in_chain(db, event.location, chain)
            if op is not None and op.state is State.HELD and op.reason is not None and op.reason.code == _UNEXPLAINED:
                let_go(self._house, db, op, Reason("superseded", "The order's webhook came."))

    async def quickbooks(self, raw: bytes, headers: Mapping[str, str]) -> IntakeResult:
        """Make the change feed of the named realms due now; one delivery may mix realms."""
        if not quickbooks.verify(raw, headers.get("intuit-signature", ""), self._verifier):
            return IntakeResult(Verdict.UNSIGNED)
        if not within_bounds(raw):
            return IntakeResult(Verdict.MALFORMED)
        try:
            events = quickbooks.parse(raw)
        except quickbooks.MalformedEventsError:
            return IntakeResult(Verdict.MALFORMED)
        if await self._water.is_high():
            return _BUSY
        verdicts = await self._house.journal.write(lambda db: {self._take_quickbooks(db, event) for event in events})
        self._look_again()
        for verdict in (Verdict.TAKEN, Verdict.REPEATED):
            if verdict in verdicts:
                return IntakeResult(verdict)
        return IntakeResult(Verdict.IGNORED)

    def _take_quickbooks(self, db: Connection, event: QuickBooksEvent) -> Verdict:
        now = self._house.clock.now()
        if event.entity not in _POLLED or locations.get_realm(db, event.realm) is None:
            return Verdict.IGNORED
        if not inbox.deliver(db, "quickbooks", event.event_id, now):
            return Verdict.REPEATED
        if event.entity == "customer" and event.loser:
            merging.follow(db, event.realm, CustomerId(event.loser), CustomerId(event.entity_id), now)
        if not self._own_echo(db, event):
            cursors.schedule(db, event.realm, CHANGES, now + self._house.pace.nudge, sooner_only=True)
        return Verdict.TAKEN

    def _own_echo(self, db: Connection, event: QuickBooksEvent) -> bool:
        """An event about what we just wrote brings no news of a customer; a payment of ours may be somebody's first."""
        if event.entity != "customer":
            return False
        recent = self._house.clock.now() - _OWN_ECHO
        made = links.by_object(db, event.realm, _POLLED[event.entity], event.entity_id)
        return any(link.updated_at > recent for link in made)


def _sums(body: bytes) -> bytes | None:
    """What of an order's copy is evidence: its lines and sums, not who bought. None when it makes no sense."""
    try:
        order = order_from_webhook(body)
    except ValueError:
        return None
    nobody = Person(order.person.contact_id)
    return msgspec.json.encode(msgspec.structs.replace(order, person=nobody))
