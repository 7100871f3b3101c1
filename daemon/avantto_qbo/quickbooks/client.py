"""The thin client: sends what the other modules build, and sorts what comes back. It satisfies the actors' Edge."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec
import structlog

from avantto_qbo.errors import AnswerLostError, NotSentError, RejectedError, TransientError
from avantto_qbo.model.http import HttpAnswer, Read, T, Transport
from avantto_qbo.model.ids import RealmId
from avantto_qbo.model.operation import Call
from avantto_qbo.model.outcome import InDoubt, NoAccess, NotSent, Outcome, Refused, Written
from avantto_qbo.quickbooks.faults import (
    REPEATED_REQUEST,
    UNREADABLE,
    RawFault,
    asked_to_wait,
    denies_access,
    error_of,
    fault_of,
    find_fault,
    throttles,
    unclear,
)
from avantto_qbo.quickbooks.lookups import ENTITIES
from avantto_qbo.quickbooks.requests import read_request, write_request
from avantto_qbo.quickbooks.shapes import WrittenShape

THROTTLE_PAUSE: Final = timedelta(seconds=60)
_TOO_EARLY: Final = 425  # RFC 8470: refused unread, to be sent again
_log = structlog.get_logger(__name__)


class QuickBooksClient:
    """One for all realms. `timeout` is in seconds; Intuit itself gives up after 120."""

    def __init__(self, transport: Transport, api_url: str, timeout: float) -> None:
        self._transport, self._api_url, self._timeout = transport, api_url, timeout

    async def write(self, subject: str, access_token: str, call: Call, request_id: str) -> Outcome:
        """Send the exact bytes once and say what became of them; never raises for the network or the vendor."""
        request = write_request(self._api_url, RealmId(subject), access_token, call, request_id)
        try:
            answer = await self._transport.send(request, self._timeout)
        except NotSentError as error:
            return NotSent(error.reason, error.retry_after)
        except AnswerLostError as error:
            return InDoubt(error.reason)
        _note(answer, request_id)
        return outcome_of(subject, call, answer)

    async def read(self, subject: str, access_token: str, read: Read[T]) -> T:
        """Ask once and decode the answer; see `actors.ports.Edge` for what it raises.

        An answer that is no JSON at all passes (TransientError); JSON of another shape does not (RejectedError).
        """
        request = read_request(self._api_url, RealmId(subject), access_token, read)
        answer = await self._transport.send(request, self._timeout)
        _note(answer, "")
        fault = find_fault(answer.body)
        if throttled(answer, fault):
            raise TransientError("throttled", pause(answer))
        if fault is not None or not 200 <= answer.status < 300:
            raise error_of(subject, answer.status, fault)
        try:
            return read.decode(answer.body)
        except msgspec.ValidationError as error:
            raise RejectedError("unreadable", str(error), status=answer.status) from error
        except UNREADABLE as error:
            raise TransientError("the answer is not JSON") from error


def outcome_of(realm: str, call: Call, answer: HttpAnswer) -> Outcome:
    """Sort the answer of a write. Only a readable refusal is a refusal; whatever is unclear is in doubt."""
    fault = find_fault(answer.body)
    if throttled(answer, fault):
        return NotSent("throttled", pause(answer))
    if answer.status == _TOO_EARLY:
        return NotSent("too early", pause(answer))
    if answer.status >= 500:
        return InDoubt(f"HTTP {answer.status}")
    if denies_access(answer.status, fault):
        return NoAccess("quickbooks", realm, fault_of(answer.status, fault).code)
    if unclear(answer.status, fault):
        code = fault_of(answer.status, fault).code
        return InDoubt(f"HTTP {answer.status} with fault {code}", code == REPEATED_REQUEST)
    if answer.status < 400:
        return _accepted(call, answer, fault)
    return Refused(fault_of(answer.status, fault))


def throttled(answer: HttpAnswer, fault: RawFault | None) -> bool:
    """Tell whether this request was not even looked at (429, or the limit's text under another status)."""
    return answer.status == 429 or throttles(fault)


def pause(answer: HttpAnswer) -> timedelta:
    """How long to wait: 60 s as documented, or longer where the answer asks for it."""
    return max(THROTTLE_PAUSE, asked_to_wait(answer) or THROTTLE_PAUSE)


def _accepted(call: Call, answer: HttpAnswer, fault: RawFault | None) -> Outcome:
    """Read a 2xx: the object, or the Fault some writes are refused with under status 200, but not both at once."""
    written = _written(call, answer) if answer.status < 300 else None
    if fault is None:
        return written or InDoubt(f"HTTP {answer.status} without the object")
    if written is not None or not fault.code:
        return InDoubt(f"HTTP {answer.status} with an object and a fault, or with a fault that says nothing")
    return Refused(fault_of(answer.status, fault))


def _written(call: Call, answer: HttpAnswer) -> Written | None:
    entity = ENTITIES[call.path.partition("?")[0]]
    try:
        member = msgspec.json.decode(answer.body, type=dict[str, msgspec.Raw])[entity]
        shape = msgspec.json.decode(member, type=WrittenShape)
    except (*UNREADABLE, KeyError):
        return None
    return Written(shape.id, shape.sync_token or "", shape.total_amt, shape.balance)


def _note(answer: HttpAnswer, operation: str) -> None:
    """Keep Intuit's trace id of every answer: their support asks for nothing else."""
    _log.debug(
        "quickbooks.answer", operation=operation, status=answer.status, intuit_tid=answer.headers.get("intuit_tid", "")
    )
