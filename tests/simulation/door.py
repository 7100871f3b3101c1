"""What was answered at the door: 200 means that the words are durable, and that somebody will look into them."""

from __future__ import annotations

from typing import Final

from avantto_qbo.avantto import webhooks as avantto
from avantto_qbo.avantto.webhooks import AvanttoEvent
from avantto_qbo.model.records import Topic
from avantto_qbo.server.ports import Verdict
from simulation.disk import Disk

_ACKNOWLEDGED: Final = frozenset({Verdict.TAKEN, Verdict.REPEATED})
Mail = tuple[int, int] | None  # its place in the mailbox and how often it was told, or no mail at all


class Door:
    """The webhooks of Avantto that were handed over, and the mail that each of them has to leave behind."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._offered: dict[str, tuple[AvanttoEvent, Mail]] = {}
        self._told: set[str] = set()

    def offered(self, side: str, body: bytes) -> None:
        """A vendor's own words are about to be handed over."""
        event = avantto.parse(body) if side == "avantto" else None
        if event is not None and event.topic is Topic.INVOICE and event.event_id not in self._told:
            self._offered[event.event_id] = (event, self._mail(event))

    def committed(self) -> None:
        """Look which mailboxes were told by now."""
        for name, (event, before) in [*self._offered.items()]:
            mail = self._mail(event)
            if mail is not None and mail != before:
                self._told.add(name)
                del self._offered[name]
            elif mail is None:
                self._offered[name] = (event, None)

    def answered(self, side: str, body: bytes, verdict: Verdict) -> str:
        """The complaint about an answer of 200 to words that are not durable, or that nobody was told of; else ""."""
        if side != "avantto" or verdict not in _ACKNOWLEDGED:
            return ""
        event = avantto.parse(body)
        if event.topic is None:
            return ""
        asked = "select 1 from deliveries where provider = 'avantto' and event_id = ?"
        if not self._disk.look(asked, event.event_id):
            return "a webhook of avantto was answered with 200 and is not in the journal"
        if event.event_id in self._offered:
            return f"a webhook of avantto was answered with 200, and no mailbox was told of {event.object_id}"
        return ""

    def _mail(self, event: AvanttoEvent) -> Mail:
        asked = "select seq, version from inbox where location = ? and topic = ? and object_id = ?"
        rows = self._disk.look(asked, event.location, event.topic, event.object_id)
        return (rows[0]["seq"], rows[0]["version"]) if rows else None
