"""An owner is asked to connect again only where no token that the daemon has would do."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from avantto_qbo.sandbox.avantto.oauth import _spent
from simulation.disk import Disk
from simulation.network import Exchange, Network

_FRESH: Final = timedelta(seconds=60)
_REFUSED: Final = 401
Subject = tuple[str, str]  # the vendor's side, and whose the token is


class Reconnects:
    """Who holds which tokens, as the wire shows it.

    A new refresh token is durable before its access token is used: from its first use on, a crash is no excuse.
    """

    def __init__(self, disk: Disk, network: Network) -> None:
        self._disk = disk
        self._books, self._crm = network.services["quickbooks"], network.services["avantto"]
        self._refresh: dict[str, str] = {}
        self._born: dict[str, datetime] = {}
        self._held: dict[Subject, str] = {}
        self._denied: set[str] = set()
        self._broken: set[str] = set()
        self._void: set[str] = set()
        self._tried: set[str] = set()

    def minted(self, side: str, token: str) -> None:
        """A vendor has just given out an access token, and a refresh token with it."""
        given = self._books.authority._access[token].grant.refresh if side == "quickbooks" else self._last_given()
        self._refresh[token], self._born[token] = given, self._crm.world.now()

    def _last_given(self) -> str:
        return str(next(reversed(self._crm.world.refresh)))

    def forgets(self, token: str) -> None:
        """The vendor does not know what it has just given out: the token before must still be there for that."""
        self._void.add(token)

    def used(self, subject: Subject, token: str) -> None:
        """A request leaves with `token`."""
        if token in self._void | self._tried:
            return
        before = self._held.get(subject)
        if before is None or self._born[token] >= self._born[before]:
            self._held[subject] = token

    def heard(self, exchange: Exchange) -> None:
        """A vendor that refuses a token it has only just given out wants the owner."""
        answer = exchange.answer
        if not answer.done() or answer.exception() is not None or answer.result().status != _REFUSED:
            return
        token = exchange.plain.headers.get("authorization", "").partition(" ")[2]
        if token in self._born and self._crm.world.now() - self._born[token] < _FRESH:
            self._denied.add(token)

    def tried(self, *tokens: str) -> None:
        """Somebody connects with these: nobody has them before both vendors have taken them."""
        self._tried.update(tokens)

    def kept(self, *tokens: str) -> None:
        """They are connected with these: from their next use on, a crash is no excuse."""
        self._tried.difference_update(tokens)

    def refused(self, *subjects: Subject) -> None:
        """Connecting them failed: tokens that were tried for that were never kept."""
        for subject in subjects:
            self._held.pop(subject, None)

    def needless(self) -> str:
        """The complaint about an owner who was just asked to connect again without need, "" when there is none."""
        rows = self._disk.look("select id, realm, reason from locations where status = 'broken'")
        asked = [row for row in rows if row["id"] not in self._broken]
        self._broken = {row["id"] for row in rows}
        return next(filter(None, map(self._complaint, asked)), "")

    def _complaint(self, row: Any) -> str:
        if "was removed" in row["reason"]:  # a removal names no time: one that is days late is believed once
            return ""
        books = row["reason"].startswith("quickbooks")
        subject = ("quickbooks", row["realm"]) if books else ("avantto", row["id"])
        token = self._held.get(subject)
        if token is None or token in self._denied or not self._honoured(subject[0], self._refresh[token]):
            return ""
        return f"the owner of {row['id']} is asked to connect again, and {subject[0]} would have taken the last token"

    def _honoured(self, side: str, token: str) -> bool:
        now: datetime = self._crm.world.now()
        if side == "quickbooks":
            grant = self._books.authority._refresh.get(token)
            return grant is not None and grant.expires > now
        grant = self._crm.world.refresh.get(token)
        return grant is not None and not _spent(self._crm.world, grant)
