"""One document between both stand-ins: a company, a location, the daemon, and what each person can do there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from avantto_qbo.model.operation import Operation, State
from avantto_qbo.model.records import Topic
from avantto_qbo.model.settings import Reviews
from avantto_qbo.sandbox.control import ControlError
from avantto_qbo.server.ports import Verdict
from avantto_qbo.service.decisions import Decisions
from avantto_qbo.service.intake import WebhookIntake
from avantto_qbo.service.settings import SettingsDesk
from stage import ALWAYS, PLACE, REALM, Stage, writes

# Two bank accounts are in the stand-in's chart, so refunds have to be told which one they leave from.
SETTINGS: Final = msgspec.structs.replace(ALWAYS, refund_account="Checking", reviews=Reviews.OFF)
RATE: Final = "20"  # of tax, in companies of every kind
_MINUTE: Final = 60.0
_HOME: Final[dict[str, dict[str, str]]] = {
    "us": {"timezone": "America/New_York", "country": "US", "currency": "USD"},
    "uk": {"timezone": "Europe/London", "country": "GB", "currency": "GBP"},
}


class CannotHappenError(Exception):
    """This event has no meaning in this state; the text says why."""


@dataclass
class World:
    """A connected location, and the document whose life is played: an invoice, or a sale's transaction."""

    kind: str = "us"
    topic: Topic = Topic.INVOICE
    document: str = ""
    order: str = ""
    charges: list[str] = field(default_factory=list)  # transactions of the document, oldest first
    stage: Stage = field(default_factory=lambda: Stage(settings=SETTINGS))

    def __post_init__(self) -> None:
        key = load_pem_public_key(self.stage.crm.public_key.encode())
        assert isinstance(key, Ed25519PublicKey)
        self.crm.webhooks(url="https://daemon.test/webhooks/avantto")
        self.intake = WebhookIntake(self.stage.house, keys=(key,), verifier="", look_again=lambda: None)

    async def open(self) -> None:
        """Open the books and the shop, and connect the two."""
        self.books.add_company(REALM, self.kind, tax_rate=RATE)
        self.crm.add_location(PLACE, "Shop", **_HOME[self.kind])
        self.crm.set(PLACE, resend_void=True, tip_as="charge")
        await self.stage.open()

    def in_copy(self, stage: Stage) -> World:
        """The same document in a copy of its stage."""
        return World(self.kind, self.topic, self.document, self.order, [*self.charges], stage)

    @property
    def crm(self) -> Any:
        """People at work in Avantto."""
        return self.stage.crm.play

    @property
    def books(self) -> Any:
        """People at work in QuickBooks."""
        return self.stage.books.play

    async def webhooks(self) -> None:
        """Hand every webhook that is on its way to the daemon."""
        for delivery in self.stage.crm.outbox.take():
            headers = {name.lower(): value for name, value in delivery.headers.items()}
            taken = await self.intake.avantto(delivery.body, headers)
            assert taken.verdict is not Verdict.UNSIGNED

    async def hear(self) -> None:
        """Deliver the webhooks, work until nothing is due, and let a minute pass."""
        await self.webhooks()
        await self.stage.work_off()
        await self.stage.clock.sleep(_MINUTE)

    async def look(self) -> None:
        """Bring the document up once more, as a repeated webhook would, and work it off."""
        if self.document:
            await self.stage.tell(self.topic, self.document)
        await self.stage.work_off()

    async def poll(self) -> None:
        """Run both polls of the location, and work off what they found."""
        for poll in ("payments", "invoices"):
            await self.stage.pollers.run(PLACE, poll)
        await self.stage.work_off()

    def written(self) -> int:
        """How many writes the daemon has sent to either vendor."""
        return len(writes(self.stage.transport.sent))

    # -- in QuickBooks -------------------------------------------------------------------------------------------------

    def found(self, entity: str) -> list[dict[str, Any]]:
        """What stands in the books, oldest first."""
        return sorted(self.stage.in_books(entity), key=lambda row: int(row["Id"]))

    def the(self, entity: str) -> dict[str, Any]:
        """The newest of its kind that was not voided."""
        standing = [row for row in self.found(entity) if row["TotalAmt"]]
        if not standing:
            raise CannotHappenError(f"no {entity} stands in QuickBooks")
        return standing[-1]

    async def close_books(self) -> None:
        """Close the period up to the end of the year; the company's facts are read again, as they are daily."""
        self.books.close_books(REALM, "2026-12-31")
        realm = self.stage.directory.realm(REALM)
        realm.forget_company()
        await realm.company()

    # -- the operator --------------------------------------------------------------------------------------------------

    async def held(self) -> list[Operation]:
        """What waits for a person."""
        return await self.stage.operations(State.HELD)

    async def set(self, **changes: str) -> None:
        """Change settings of the location; two underscores stand for the point in a key."""
        desk = SettingsDesk(self.stage.house, self.stage.directory)
        await desk.set_settings(PLACE, {key.replace("__", "."): value for key, value in changes.items()}, "test")

    async def decide(self, command: str) -> None:
        """`retry` or `skip` everything that is held or in doubt."""
        states = (State.HELD, State.DOUBT) if command == "retry" else (State.HELD,)
        waiting = await self.stage.operations(*states)
        if not waiting:
            raise CannotHappenError("nothing is held")
        stage = self.stage
        decisions = Decisions(stage.house, stage.directory, stage.connecting, look_again=lambda: None)
        for op in waiting:
            await getattr(decisions, command)(op.id, "test")


Act = Callable[[World], Awaitable[None]]


class Acts(dict[str, Act]):
    """What can happen, by its name in the table."""

    def __call__(self, name: str) -> Callable[[Act], Act]:
        """Register a function under its row's or column's name."""

        def register(act: Act) -> Act:
            assert name not in self, name
            self[name] = act
            return act

        return register


async def play(world: World, act: Act) -> bool:
    """Let something happen and the daemon hear of it. False when it cannot happen here."""
    try:
        await act(world)
    except (CannotHappenError, ControlError, KeyError, ValueError):
        return False
    await world.hear()
    return True


def plain(amount: Decimal) -> str:
    """An amount without decimals it does not need."""
    return f"{amount:.2f}".removesuffix(".00")
