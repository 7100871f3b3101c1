"""When the world has come to rest, and what must hold there besides the sums."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from avantto_qbo.journal.instants import to_text
from simulation.marks import live_copies
from simulation.watch import ViolationError

if TYPE_CHECKING:
    from simulation.world import World

_LOOK: Final = 60.0
_QUIET: Final = 2  # looks in a row
_MOVING: Final = "('planned', 'sending', 'retry', 'doubt', 'correcting')"
_SOON: Final = timedelta(hours=6)


class Rest:
    """Looks at the journal's file and at both vendors."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def reached(self, when: str, *, within: float) -> None:
        """Wait until nothing moves. Raises ViolationError where there is no end to it."""
        until, quiet, why = self._world.loop.time() + within, 0, ""
        while quiet < _QUIET:
            await asyncio.sleep(_LOOK)
            why = self._moving()
            quiet = 0 if why else quiet + 1
            if self._world.loop.time() > until:
                raise ViolationError(f"{when} nothing came to rest within {within / 3600:.0f} hours: {why}")
        self._all_visible()

    def _moving(self) -> str:
        world, look = self._world, self._world.disk.look
        if world.process is None or not world.process.listens:
            return "no process"
        if world.network.under_way or world.post.pending:
            return "something is under way"
        rows = look(f"select id, kind, state, reason_code from operations where state in {_MOVING} limit 1")  # noqa: S608
        if rows:
            return f"operation {rows[0]['id']} ({rows[0]['kind']}) is in {rows[0]['state']}, {rows[0]['reason_code']}"
        now = world.clock.now()
        soon = to_text(now + _SOON)
        rows = look("select topic, object_id, reason from inbox where waiting_for = '' and next_at <= ? limit 1", soon)
        if rows:
            return f"mail about {rows[0]['topic']} {rows[0]['object_id']} is due ({rows[0]['reason']})"
        rows = look("select owner, name from polls where next_at <= ? limit 1", to_text(now))
        if rows:
            return f"poll {rows[0]['name']} of {rows[0]['owner']} is due"
        rows = look("select id, status, reason from locations where status not in ('connected') limit 1")
        return f"location {rows[0]['id']} is {rows[0]['status']}: {rows[0]['reason']}" if rows else ""

    def _all_visible(self) -> None:
        """Mail that waits, waits for something a person is shown."""
        look = self._world.disk.look
        held = {row["id"] for row in look("select id from operations where state = 'held'")}
        for row in look("select topic, object_id, waiting_for, reason from inbox where waiting_for <> ''"):
            if row["waiting_for"] not in held and row["topic"] in ("invoice", "transaction"):
                raise ViolationError(
                    f"mail about {row['topic']} {row['object_id']} waits for {row['waiting_for']}, "
                    f"which nobody is shown ({row['reason']})"
                )

    # -- customers -----------------------------------------------------------------------------------------------------

    def customers(self) -> None:
        """Every customer a bookkeeper entered is a contact exactly once, or was left out for a reason."""
        world = self._world
        for shop in world.shops:
            if shop.shared:
                continue
            out = {
                row["customer"]
                for row in world.disk.look("select customer from left_out where location = ?", shop.place)
            }
            held = {
                row["source_id"]
                for row in world.disk.look(
                    "select source_id from operations where state = 'held' and source_kind = 'contact'"
                )
            }
            contacts = list(world.crm.world.locations[shop.place].contacts.values())
            for (realm, customer), body in world.people.bookkeepers.customers.items():
                if (
                    realm == shop.realm
                    and customer not in out | held
                    and (realm, customer) not in world.people.bookkeepers.odd_customers
                ):
                    self._one_contact(shop.place, customer, body, contacts)

    def _one_contact(self, place: str, customer: str, body: dict[str, Any], contacts: list[dict[str, Any]]) -> None:
        email = (body.get("PrimaryEmailAddr") or {}).get("Address", "")
        phone = (body.get("PrimaryPhone") or {}).get("FreeFormNumber", "")
        name = f"{body['GivenName']} {body['FamilyName']}"
        if email:
            same = [row for row in contacts if str(row.get("email", "")).casefold() == email]
        elif phone:
            same = [row for row in contacts if row.get("phone") == phone]
        else:
            same = [
                row
                for row in contacts
                if f"{row.get('firstName', '')} {row.get('lastName', '')}".casefold() == name.casefold()
            ]
        if len(same) != 1:
            raise ViolationError(f"customer {customer} is {len(same)} contacts at {place}, not one")

    # -- two restarts --------------------------------------------------------------------------------------------------

    async def restarts_write_nothing(self) -> None:
        """Come back twice; neither run writes anything to either vendor."""
        world = self._world
        before = world.network.writes
        copies = self._copies()
        for number in (1, 2):
            world.kill()
            await asyncio.sleep(5.0)
            world.boot()
            await self.reached(f"after restart {number}", within=7200.0)
            if world.network.writes != before:
                raise ViolationError(f"restart {number} at rest wrote {world.network.writes - before} times")
        if self._copies() != copies:
            raise ViolationError("two restarts at rest changed the books")

    def _copies(self) -> Counter[str]:
        companies = self._world.books.companies.values()
        return Counter(f"{mark} {row['SyncToken']}" for one in companies for mark, row in live_copies(one.tables))
