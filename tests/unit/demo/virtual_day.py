"""A company's day on a virtual clock: its story at both stand-ins, the daemon's rooms between them, no sockets."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from avantto_qbo.demo.business import Desk
from avantto_qbo.demo.claims import Held, Row, Said, Sides, case_of
from avantto_qbo.demo.company import Company, Marks, Setting
from avantto_qbo.demo.control import Control
from avantto_qbo.model.ids import LocationId, RealmId
from avantto_qbo.model.operation import State
from avantto_qbo.sandbox.control import call_action
from avantto_qbo.sandbox.http import decode_json, encode_json
from avantto_qbo.server.api_mapping import MapKind, MappingRequest
from avantto_qbo.service.mapping import MappingDesk
from stage import Stage

SEED = 20261
SOON = timedelta(minutes=10)


class AtHand(Control):
    """A stand-in in this process; arguments and answers pass through JSON as they do over a socket."""

    def __init__(self, play: object) -> None:
        self._play = play

    async def act(self, action: str, /, **arguments: object) -> Any:
        given = decode_json(encode_json(arguments))
        return decode_json(encode_json(call_action(self._play, action, given)))


@dataclass
class VirtualDay:
    """One company, played to the end by `play`; `prove` gives its rows, after spoiling what it is told to."""

    company: Company
    stage: Stage = field(default_factory=Stage)
    commands: list[Sequence[str]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        here = self.company.business
        self.location, self.realm = LocationId(here.location), RealmId(here.realm)
        self.desk = Desk(here, AtHand(self.stage.crm.play), AtHand(self.stage.books.play))

    async def play(self) -> None:
        """Open, connect, and play scene after scene."""
        customers = await self.company.cast(self.desk)
        self.before, self.cut_off = await self.sides(), self.stage.clock.now()
        await self.stage.connecting.connect(self.stage.order(self.location, self.realm))
        self.stage.clock.advance(60)
        for scene in self.company.story(self._setting(customers, self.cut_off)):
            await scene.act()
            await self.settle()

    async def settle(self) -> None:
        """Poll whatever is polled, and work until nothing is due for a while."""
        for _ in range(2):
            self.stage.clock.advance(30)
            for owner, name in ((self.location, "invoices"), (self.location, "payments"), (self.realm, "changes")):
                await self.stage.pollers.run(owner, name)
            await self.stage.work_off(within=SOON)

    async def sides(self) -> Sides:
        """Both states, and what the daemon says."""
        return Sides(await self.desk.at_desk("state"), await self.desk.in_books("state"), await self._said())

    async def prove(self, spoil: Callable[[Sides], object] = lambda _: None) -> tuple[Row, ...]:
        """The proof, of both sides as they are or as `spoil` leaves them."""
        now = copy.deepcopy(await self.sides())
        spoil(now)
        return tuple(self.company.proof(case_of(now, self.before, self.cut_off)))

    def _setting(self, customers: Sequence[str], cut_off: datetime) -> Setting:
        return Setting(
            desk=self.desk,
            customers=customers,
            cut_off=cut_off,
            seed=SEED,
            caught_up=self.settle,
            held=self._held,
            command=self._command,
            say=self.told.append,
            marks=Marks(),
        )

    async def _said(self) -> Said:
        events = Counter(line.event for line in await self.stage.activity(self.location))
        return Said(tuple(await self._all_held()), {event: events[event] for event in self.company.events})

    async def _held(self, code: str) -> Sequence[Held]:
        return [one for one in await self._all_held() if one.code == code]

    async def _all_held(self) -> list[Held]:
        held = await self.stage.operations(State.HELD, place=self.location)
        reasons = ((op.source.id, op.reason) for op in held)
        return [Held(reason.code, name, reason.text, reason.mend) for name, reason in reasons if reason]

    async def _command(self, arguments: Sequence[str]) -> None:
        """`map LOCATION tax NAME=CODE` is all that a story's owner says."""
        self.commands.append(arguments)
        assert list(arguments[:3]) == ["map", self.location, "tax"]
        name, _, code = arguments[3].partition("=")
        desk = MappingDesk(self.stage.house, self.stage.directory)
        await desk.set_mapping(self.location, MappingRequest(MapKind.TAX, {name: code}), "owner")


def unequal(rows: Sequence[Row]) -> set[str]:
    """The rows whose sides differ."""
    return {f"{row.rule}: {row.what}" for row in rows if not row.equal}
