"""The `requestid` parameter: a repeated id gets the first answer again, as the knobs say.

The vendor keeps the first answer "for the same request id"; how long, and whether a refused request is kept, is
UNVERIFIED: here only successful answers are, for `requestid_seconds`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from avantto_qbo.sandbox.http import Reply
from avantto_qbo.sandbox.quickbooks.knobs import Knobs
from avantto_qbo.sandbox.quickbooks.refusals import RefusedError

LONGEST_ID = 50
LONGEST_BATCH_ID = 36


@dataclass(frozen=True, slots=True)
class _Kept:
    reply: Reply
    at: datetime


class Replays:
    """Answers kept by realm and request id."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], _Kept] = {}

    def recall(self, realm: str, identifier: str, knobs: Knobs, now: datetime) -> Reply | None:
        """Return the answer to repeat, or None to carry the request out; raise `RefusedError` 600."""
        kept = self._kept.get((realm, identifier))
        if kept is None or knobs.requestid in {"ignored", "expired"}:
            return None
        if now - kept.at > timedelta(seconds=knobs.requestid_seconds):
            return None
        if knobs.requestid == "refused":
            raise RefusedError("600", "Duplicate Request ID", "A request with this request id was already processed")
        return kept.reply

    def keep(self, realm: str, identifier: str, reply: Reply, now: datetime) -> None:
        """Remember a successful answer."""
        if reply.status == 200:
            self._kept[realm, identifier] = _Kept(reply, now)


def check_id(identifier: str, *, batch: bool) -> None:
    """Raise `RefusedError` 2130 for an id that is too long."""
    limit = LONGEST_BATCH_ID if batch else LONGEST_ID
    if len(identifier) > limit:
        raise RefusedError("2130", "Invalid Request Id Format", f"requestid is longer than {limit} characters")
