"""A test of repeated writes (the canary) whose location goes away: nothing of it stays in the books unsaid.

It is taken back before the location leaves, as far as that is quick; else another location of the company does it; else
whoever connects the company next. What stands until then is said by name.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from avantto_qbo.actors import trials
from avantto_qbo.actors.books.canary_removal import unanswered
from avantto_qbo.actors.house import House
from avantto_qbo.actors.trials import Stage, Trial
from avantto_qbo.journal import activity, inbox, locations, operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.operation import Kind, State
from avantto_qbo.model.records import Activity, Lane, LocationRecord, Status, Topic
from avantto_qbo.rules.books.doubts.canary import customer_name

TAKEN_OVER: Final = "an earlier test of this company was interrupted: what it left in QuickBooks is taken back first"
_AT_WORK: Final = frozenset({Status.CONNECTED, Status.MONEY_PAUSED})
_LONGEST: Final = timedelta(seconds=30)  # some ten requests; a person waits for it
_LOOK: Final = timedelta(milliseconds=250)


class Interrupted:
    """Lets a location that leaves take back what its own test made."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def take_back(self, record: LocationRecord) -> None:
        """Wait until nothing of the test stands, half a minute at most."""
        clock = self._house.clock
        until = clock.now() + _LONGEST
        while record.status in _AT_WORK and clock.now() < until:
            if await self._house.journal.write(lambda db: _removing(db, record, clock.now())) is None:
                return
            self._house.nudge(record.id)
            await clock.sleep(_LOOK.total_seconds())


def take_over(db: Connection, record: LocationRecord, actor: str, now: datetime, due: datetime | None = None) -> bool:
    """Let `record` take back, from `due` on, what a test of its company left that nobody else carries on."""
    left = trials.last(db, record.realm)
    if left is None or left.stage is Stage.OVER or _goes_on(db, left):
        return False
    mine = msgspec.structs.replace(left, location=record.id, stage=Stage.REMOVING, passes=0)
    trials.put(db, record.realm, mine, now)
    inbox.tell(db, record.id, Topic.CANARY, left.run, Lane.CONTACT, now, due=due)
    activity.record(db, Activity(now, record.id, "canary.taken_over", TAKEN_OVER, left.run, actor))
    return True


def hand_over(db: Connection, record: LocationRecord, actor: str, now: datetime, settle: timedelta) -> str:
    """Find somebody for the test of a location that was just disconnected; return what is left if nobody is there."""
    trial = _removing(db, record, now)
    if trial is None:
        return ""
    left = _left(db, trial)
    for other in locations.of_realm(db, record.realm):
        if other.status in _AT_WORK and take_over(db, other, actor, now, now + settle):  # a commit may be late
            return ""
    if not left:
        return ""
    text = (
        f"A test of repeated writes could not be taken back: {', '.join(left)} of customer "
        f'"{customer_name(trial.run)}" stand in QuickBooks company {record.realm}. '
        "Void or delete them there, or connect the company again: then they are taken back."
    )
    activity.record(db, Activity(now, record.id, "canary.left", text, trial.run, actor))
    return text


def _removing(db: Connection, record: LocationRecord, now: datetime) -> Trial | None:
    """The location's own test while it is not over; from now on it only takes back."""
    trial = trials.last(db, record.realm)
    if trial is None or trial.stage is Stage.OVER or trial.location != record.id:
        return None
    if trial.stage is not Stage.REMOVING:
        trial = msgspec.structs.replace(trial, stage=Stage.REMOVING)
        trials.put(db, record.realm, trial, now)
        inbox.tell(db, record.id, Topic.CANARY, trial.run, Lane.CONTACT, now)
    return trial


def _goes_on(db: Connection, trial: Trial) -> bool:
    """Say whether a run that has not ended still has somebody to carry it on."""
    record = locations.get(db, trial.location)
    connected = record is not None and record.status is not Status.DISCONNECTED
    return connected and inbox.get(db, trial.location, Topic.CANARY, trial.run) is not None


def _left(db: Connection, trial: Trial) -> list[str]:
    """What a test made and nothing took back, as far as the answers named it."""
    sent = operations.of_chain(db, trial.location, trial.chain)
    gone = {(op.source.part.split(":")[1], op.target) for op in sent if _took_back(op.kind, op.state)}
    made = [(op.source.part.rpartition(":")[2], op.object_id) for op in sent if op.kind is Kind.CANARY_CREATE]
    named = [f"{entity} {name}" for entity, name in dict.fromkeys(made) if name and (entity, name) not in gone]
    perhaps = (op.source.part.rpartition(":")[2] for op in sent if unanswered(op))
    return [*named, *(f"perhaps one more {entity}" for entity in dict.fromkeys(perhaps))]


def _took_back(kind: Kind, state: State) -> bool:
    return kind is Kind.CANARY_REMOVE and state is State.DONE
