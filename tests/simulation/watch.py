"""What must hold at every event: looked at where a request leaves, where a vendor carries it out, at every commit.

None of it asks the daemon: the journal's file, the bytes on the wire and the vendors' own state are the witnesses.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from avantto_qbo.sandbox.http import NotJsonError, Reply, decode_json
from avantto_qbo.server.ports import Verdict
from simulation.backwards import Backwards
from simulation.disk import Disk
from simulation.door import Door
from simulation.loop import Life
from simulation.marks import live_copies
from simulation.network import Exchange, Network
from simulation.once import customer_twice
from simulation.reconnects import Reconnects
from simulation.succession import Succession

_TEST: Final = "avantto-qbo test"  # customers of the canary, which no inbox is told of
_MESSAGES: Final = frozenset({"conversations.send", "contacts.workflow"})


class ViolationError(Exception):
    """An invariant does not hold; the text is one plain sentence."""


class Watch:
    """The witnesses of one world. Every method raises ViolationError."""

    def __init__(self, disk: Disk, network: Network) -> None:
        self._disk, self._network = disk, network
        self._books, self._crm = network.services["quickbooks"], network.services["avantto"]
        self._minted: dict[str, tuple[str, str]] = {}
        self._writing: Counter[tuple[Life, str]] = Counter()
        self._whose: dict[Exchange, tuple[Life, str]] = {}
        self._cursors: dict[str, str] = {}
        self.reconnects = Reconnects(disk, network)
        self._succession = Succession(self._crm.world.owner, self._heard_of)
        self.door, self._backwards = Door(disk), Backwards(disk)
        self.duplicates = 0

    def minted(self, side: str, subject: str, token: str) -> None:
        """A vendor gave out an access token."""
        self._minted[token] = (side, subject)
        self.reconnects.minted(side, token)

    # -- a request leaves ----------------------------------------------------------------------------------------------

    def sends(self, exchange: Exchange) -> None:
        """Its token is its tenant's; a write is intended, and the only one of its location."""
        if exchange.kind != "token":
            self._own_token(exchange)
        if exchange.kind != "write":
            return
        exchange.location = self._intended(exchange)
        whose = (exchange.life, exchange.location)
        if self._writing[whose]:
            raise ViolationError(
                f"{exchange.operation} of {exchange.location} left while another write of that location was under way"
            )
        self._writing[whose] += 1
        self._whose[exchange] = whose

    def hears(self, exchange: Exchange) -> None:
        """An exchange is over for whoever sent it."""
        self.reconnects.heard(exchange)
        whose = self._whose.pop(exchange, None)
        if whose is not None:
            self._writing[whose] -= 1

    def _own_token(self, exchange: Exchange) -> None:
        token = exchange.plain.headers.get("authorization", "").partition(" ")[2]
        owner = self._minted.get(token)
        wanted = self._subject(exchange)
        if owner is None:
            raise ViolationError(f"{exchange.operation} left with a token no vendor ever gave out")
        if wanted and owner != (exchange.side, wanted):
            raise ViolationError(f"{exchange.operation} for {wanted} left with the token of {owner[1]}")
        self.reconnects.used(owner, token)

    def _subject(self, exchange: Exchange) -> str:
        """Whom a request is about, by its address and body; "" where nothing says so."""
        plain = exchange.plain
        if exchange.side == "quickbooks":
            return plain.path.split("/")[3]
        named = plain.query.get("altId") or plain.query.get("locationId")
        if named:
            return named
        parts = plain.path.strip("/").split("/")
        if parts[0] == "locations":
            return parts[1]
        if plain.body:
            named = plain.json().get("locationId")
        if named or exchange.kind == "read":  # a read by id alone names nobody; a write is its operation's
            return str(named or "")
        owner = self._crm.world.owner(parts[1]) if len(parts) > 1 else None
        return owner.id if owner else ""

    def _intended(self, exchange: Exchange) -> str:
        """The location whose committed operation this write is, byte for byte; raise when there is none."""
        request = exchange.request
        if exchange.side == "avantto":
            rows = self._disk.look(
                "select location, path from operations where state = 'sending' and method = ? and body = ?",
                request.method,
                request.body,
            )
            found = [row["location"] for row in rows if request.url.endswith(row["path"])]
        else:
            found = self._in_books(exchange)
        if not found:
            what = "a message to a person" if exchange.operation in _MESSAGES else "a write"
            raise ViolationError(f"{what} ({exchange.operation}) left without a committed intent of these very bytes")
        return str(found[0])

    def _in_books(self, exchange: Exchange) -> list[str]:
        request, named = exchange.request, exchange.plain.query.get("requestid", "")
        asked = "select location, realm, path, body, state from operations where request_id = ?"
        rows = self._disk.look(asked, named)
        found = [
            row["location"]
            for row in rows
            if row["state"] == "sending"
            and row["body"] == request.body
            and f"/v3/company/{row['realm']}/{row['path']}" in request.url
        ]
        if found or "-" not in named:
            return found
        # What puts a total right, or opens and closes around that, is fenced by the SyncToken it is sent on.
        rows = self._disk.look(asked, named.partition("-")[0])
        return [row["location"] for row in rows if row["state"] == "correcting"]

    # -- a vendor carries it out ---------------------------------------------------------------------------------------

    def carried_out(self, exchange: Exchange, reply: Reply) -> None:
        """No second copy, nothing out of order; new tokens are remembered with whom they are for."""
        if reply.status >= 300:
            return
        if exchange.kind == "token":
            self._learn_tokens(exchange.side, reply, forgotten=exchange.forgotten)
        elif exchange.kind == "write" and exchange.side == "quickbooks":
            realm = exchange.plain.path.split("/")[3]
            self.no_copies(realm)
            if complaint := self._succession.came(realm, exchange, reply, self._tables(realm)):
                raise ViolationError(complaint)
            if exchange.operation == "customer.create" and (complaint := customer_twice(realm, self._tables(realm))):
                raise ViolationError(complaint)
        elif exchange.operation in _MESSAGES:
            self.one_message_each()

    def _tables(self, realm: str) -> Any:
        return self._books.companies[realm].tables

    def _learn_tokens(self, side: str, reply: Reply, *, forgotten: bool) -> None:
        try:
            answer = decode_json(reply.body)
        except NotJsonError:
            return
        token = str(answer.get("access_token", ""))
        if side == "quickbooks":
            self.minted(side, self._books.authority._access[token].grant.realm, token)
        else:
            self.minted(side, self._crm.world.access[token].location, token)
        if forgotten:
            self.reconnects.forgets(token)

    def no_copies(self, realm: str) -> None:
        """At most one live document in the books for each at Avantto."""
        seen: dict[tuple[str, ...], str] = {}
        for mark, row in live_copies(self._books.companies[realm].tables):
            if mark in seen:
                self.duplicates += 1
                raise ViolationError(
                    f"{mark[0]} of {' '.join(mark[1:])} is in company {realm} twice (ids {seen[mark]} and {row['Id']})"
                )
            seen[mark] = row["Id"]

    def _heard_of(self, realm: str, entity: str, object_id: str) -> bool:
        asked = "select 1 from links where realm = ? and entity = ? and object_id = ?"
        return bool(self._disk.look(asked, realm, entity, object_id))

    def one_message_each(self) -> None:
        """At most one message, or enrolment, for each person at a location."""
        for place in self._crm.world.locations.values():
            asked = Counter(row["contactId"] for row in [*place.messages, *place.enrolments])
            twice = [contact for contact, count in asked.items() if count > 1]
            if twice:
                raise ViolationError(f"contact {twice[0]} of {place.id} was asked for a review twice")

    # -- a commit ------------------------------------------------------------------------------------------------------

    def committed(self, _: Life) -> None:
        """A cursor that moved has left nothing behind, nothing known went back, nobody connects again without need."""
        self.door.committed()
        if complaint := self.reconnects.needless() or self._backwards.complaint():
            raise ViolationError(complaint)
        for row in self._disk.look("select owner, value from cursors where name = 'changes'"):
            if self._cursors.get(row["owner"]) != row["value"]:
                self._cursors[row["owner"]] = row["value"]
                self._nothing_behind(row["owner"], row["value"])

    def _nothing_behind(self, realm: str, cursor: str) -> None:
        known = {row["id"] for row in self._disk.look("select id from customers where realm = ?", realm)}
        backfilled = self._disk.look("select value from cursors where name = 'backfill' and value = 'done'")
        for row in self._books.companies[realm].tables["Customer"].rows():
            if _TEST in str(row.body.get("Notes")):
                continue
            late = row.updated.isoformat() <= cursor and row.id not in known
            if late and backfilled and (_seconds(cursor, row.updated) > 330):
                raise ViolationError(
                    f"the cursor of company {realm} passed customer {row.id}, which no inbox was told of"
                )

    # -- the door ------------------------------------------------------------------------------------------------------

    def answered(self, side: str, body: bytes, verdict: Verdict) -> None:
        """What was answered with 200 is durable, and somebody will look."""
        if complaint := self.door.answered(side, body, verdict):
            raise ViolationError(complaint)

    def forged(self, side: str, number: int) -> None:
        """Nobody's words are taken without a signature."""
        raise ViolationError(f"a forged webhook of {side} (number {number}) was answered with 200")


def _seconds(cursor: str, at: Any) -> float:
    return float((type(at).fromisoformat(cursor) - at).total_seconds())
