"""A message to a person goes out at most once, wherever the daemon dies and whatever the network does (R3)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from avantto_qbo.journal import inbox, reviews
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.operation import State
from avantto_qbo.model.records import Envelope, Review, ReviewState, Topic
from avantto_qbo.model.settings import OnOff, Settings
from avantto_qbo.rules.settle import TO_A_PERSON
from avantto_qbo.sandbox.http import Reply, Request
from avantto_qbo.secrets import JournalKeys
from avantto_qbo.service.keys import KeyDesk, nothing_to_scrub, open_keys
from stage import KEY, PLACE, REALM, Killed, Stage, at_once
from unit.actors.scenes import Tampered, bill, bob, crm_fault, receive

_OVER = (
    200.0  # what a vendor carries out late is over: no alarm may outlive its stage, or two clocks wait for each other
)
WORKFLOW = "Ask for a review"
DAY = timedelta(days=1)
DND = '{"statusCode":400,"message":"Cannot send message as DND is active for Email."}'
PHONE = {"PrimaryPhone": {"FreeFormNumber": "(212) 555-0188"}}
BY_MESSAGE = Settings(review_hours="always", review_sms_imported=OnOff.ON)
BY_WORKFLOW = Settings(review_hours="always", review_workflow=WORKFLOW)
SENDERS = {"message": ("conversations", BY_MESSAGE), "workflow": ("contacts.workflow", BY_WORKFLOW)}


@dataclass
class Reaper:
    """Kills at the numbered moment: before or after a commit, before a request, or once a vendor has carried it out.

    `in_flight` says whether a message was being sent at that moment: only then may it be lost.
    """

    stage: Stage
    at: int
    seen: int = 0
    in_flight: bool = field(default=False, init=False)

    def __call__(self, _: object = None) -> None:
        self.seen += 1
        if self.seen == self.at:
            self.in_flight = bool(at_once(sending(self.stage)))
            raise Killed

    def watch(self) -> None:
        self.stage.journal.before = self.stage.journal.after = self
        self.stage.transport.on_send = self

        def carried_out(_: Request, reply: Reply) -> Reply:
            if asyncio.current_task() is not None:  # else the vendor carries it out by itself, late
                self()
            return reply

        hosts = {"quickbooks.test": self.stage.books, "avantto.test": self.stage.crm}
        watched = {name: Tampered(service, carried_out) for name, service in hosts.items()}
        self.stage.transport.hosts = {**hosts, **watched}

    def unwatch(self) -> None:
        self.stage.journal.before = self.stage.journal.after = lambda: None
        self.stage.transport.on_send = lambda _: None
        self.stage.transport.hosts = {"quickbooks.test": self.stage.books, "avantto.test": self.stage.crm}


async def sending(stage: Stage) -> list[str]:
    return [op.id for op in await stage.operations(State.SENDING) if op.kind in TO_A_PERSON]


@dataclass
class Told:
    """A location that has heard of a first paid invoice, and how it was told."""

    stage: Stage
    customer: str
    mail: Envelope

    async def again(self) -> None:
        """Tell it once more, as the change feed's overlap and repeated webhooks do."""
        stage, mail = self.stage, self.mail
        now = stage.clock.now()
        await stage.journal.write(
            lambda db: inbox.tell(
                db, PLACE, Topic.PAYMENT, mail.object_id, mail.lane, now, payload=mail.payload, changed_at=now
            )
        )

    async def review(self) -> Review | None:
        return await self.stage.journal.read(lambda db: reviews.get(db, REALM, CustomerId(self.customer)))

    @property
    def received(self) -> int:
        """How many messages reached the person, by whichever sender."""
        return len(self.stage.crm.play.messages(PLACE)) + len(self.stage.crm.world.locations[PLACE].enrolments)


async def told(sender: str, fault: dict[str, Any] | None = None) -> Told:
    """A customer of QuickBooks has paid the first invoice, and its location has heard of it."""
    operation, settings = SENDERS[sender]
    stage = Stage(settings=settings)
    await stage.open()
    stage.crm.play.add_workflow(PLACE, WORKFLOW)
    if fault is not None:
        crm_fault(stage, operation, **fault)
    customer = bob(stage, **PHONE)
    payment = str(receive(stage, bill(stage, customer))["Id"])
    await stage.clock.sleep(60)
    await stage.poll_changes()
    mail = await stage.journal.read(lambda db: inbox.get(db, PLACE, Topic.PAYMENT, payment))
    assert mail is not None
    return Told(stage, customer, mail)


async def nothing(_: Told) -> None:
    """Only start again."""


async def told_again(case: Told) -> None:
    await case.again()


async def with_another_key(case: Told) -> None:
    """The journal key is changed between the crash and the start."""
    stage = case.stage
    keys = await open_keys(stage.journal, JournalKeys(KEY), stage.clock)
    files = JournalKeys(bytes(range(9, 41)), KEY)
    await KeyDesk(stage.journal, keys.sealer, read=lambda: files, scrub=nothing_to_scrub).rotate("test")
    stage.sealer = keys.sealer
    stage.start()


async def paid_once_more(case: Told) -> None:
    """The same person pays another invoice: another candidate for the same request."""
    receive(case.stage, bill(case.stage, case.customer))
    await case.stage.clock.sleep(60)
    await case.stage.poll_changes()


async def dying_at(case: Told, at: int) -> Reaper:
    """Work for half a day; dies at the numbered moment and starts again."""
    reaper = Reaper(case.stage, at)
    reaper.watch()
    with suppress(Killed):
        await case.stage.work_off(within=DAY / 2)
    reaper.unwatch()
    await case.stage.clock.sleep(_OVER)
    await case.stage.restart()
    return reaper


async def at_rest(case: Told) -> None:
    await case.stage.work_off(within=DAY)
    await case.again()
    await case.stage.work_off(within=DAY)
    await case.stage.clock.sleep(_OVER)
    left = await case.stage.operations(State.PLANNED, State.SENDING, State.RETRY, State.DOUBT, State.HELD)
    assert left == []


async def moments(sender: str, fault: dict[str, Any] | None = None) -> int:
    """How many moments there are to die at."""
    return (await dying_at(await told(sender, fault), 0)).seen


@pytest.mark.parametrize("after", [nothing, told_again, with_another_key, paid_once_more])
@pytest.mark.parametrize("sender", SENDERS)
async def test_whenever_it_dies_a_person_gets_one_message_or_it_is_said_that_nobody_knows(
    sender: str, after: Callable[[Told], Awaitable[None]]
) -> None:
    for at in range(1, await moments(sender) + 1):
        case = await told(sender)
        reaper = await dying_at(case, at)
        await after(case)
        await at_rest(case)
        await the_end(case, at, may_be_lost=reaper.in_flight)


async def the_end(case: Told, at: int, *, may_be_lost: bool) -> None:
    """One message; or none, and only where it was being sent, and said so."""
    review = await case.review()
    assert review is not None, at
    if may_be_lost:
        assert case.received <= 1, at
        assert review.state is ReviewState.UNKNOWN, at
    else:
        assert case.received == 1, at
        assert review.state is ReviewState.SENT, at


@pytest.mark.parametrize("sender", SENDERS)
async def test_whoever_dies_twice_in_a_row_sends_no_more(sender: str) -> None:
    for at in range(1, await moments(sender) + 1):
        for again in (1, 3, 8):
            case = await told(sender)
            first = await dying_at(case, at)
            second = await dying_at(case, again)
            await at_rest(case)
            await the_end(case, at, may_be_lost=first.in_flight or second.in_flight)


NOT_SENT = [
    {"action": "status", "status": 429},
    {"action": "status", "status": 401, "body": '{"message":"Invalid token: access token is invalid"}'},
    {"action": "status", "status": 403, "body": "error code: 1010"},
]
UNKNOWN = [
    {"action": "drop"},
    {"action": "reset_before"},
    {"action": "reset_after"},
    {"action": "lost_after"},
    {"action": "late", "seconds": 90},
    {"action": "delay_after", "seconds": 120},
    {"action": "status", "status": 500},
    {"action": "status_after", "status": 500},
    {"action": "status_after", "status": 502, "body": "<html>"},
    {"action": "status_after", "status": 504},
]


@pytest.mark.parametrize("fault", NOT_SENT)
@pytest.mark.parametrize("sender", SENDERS)
async def test_what_was_not_sent_is_sent_later_once_wherever_it_dies(sender: str, fault: dict[str, Any]) -> None:
    for at in range(1, await moments(sender, fault) + 1):
        case = await told(sender, fault)
        reaper = await dying_at(case, at)
        await at_rest(case)
        await the_end(case, at, may_be_lost=reaper.in_flight)


@pytest.mark.parametrize("fault", UNKNOWN)
@pytest.mark.parametrize("sender", SENDERS)
async def test_a_lost_answer_is_the_end_of_it_wherever_it_dies(sender: str, fault: dict[str, Any]) -> None:
    for at in range(1, await moments(sender, fault) + 1, 2):
        case = await told(sender, fault)
        await dying_at(case, at)
        await at_rest(case)
        review = await case.review()
        assert case.received <= 1, at
        assert review is not None
        assert review.state in {ReviewState.UNKNOWN, ReviewState.SENT}, at


async def test_a_refused_channel_leaves_one_chance_to_the_other_wherever_it_dies() -> None:
    fault = {"action": "status", "status": 400, "body": DND}
    for at in range(1, await moments("message", fault) + 1):
        case = await told("message", fault)
        reaper = await dying_at(case, at)
        await at_rest(case)
        await the_end(case, at, may_be_lost=reaper.in_flight)


async def test_the_moments_are_many_and_without_a_death_one_message_goes_out() -> None:
    for sender in SENDERS:
        case = await told(sender)
        reaper = await dying_at(case, 0)
        await at_rest(case)
        await the_end(case, 0, may_be_lost=False)
        assert reaper.seen > 20
