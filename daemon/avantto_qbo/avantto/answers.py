"""What an answer means: the outcome of a write, or why a read brought nothing."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec

from avantto_qbo.avantto import faults
from avantto_qbo.avantto.leaves import Wire, decoder, first, text
from avantto_qbo.avantto.limits import wait_after
from avantto_qbo.errors import AuthError, AvanttoQboError, RejectedError, TransientError
from avantto_qbo.model.grant import Provider
from avantto_qbo.model.http import HttpAnswer, Read
from avantto_qbo.model.operation import Call
from avantto_qbo.model.outcome import FaultClass, InDoubt, NoAccess, NotSent, Outcome, Refused, Written

T = TypeVar("T")
_THROTTLED: Final = 429
_TIMED_OUT: Final = 408
_CONFLICT: Final = 409
_TOO_EARLY: Final = 425  # RFC 8470: refused unread, to be sent again


class _Named(Wire, frozen=True):
    id: Any = None


class _Accepted(Wire, frozen=True):
    contact: _Named | None = None
    tags: list[Any] | None = None
    message_id: Any = None
    email_message_id: Any = None
    conversation_id: Any = None
    succeded: Any = None  # the vendor's own spelling


_ACCEPTED = decoder(_Accepted)


def outcome(subject: str, call: Call, answer: HttpAnswer) -> Outcome:
    """Say what became of a write; a success without the entity it is about is in doubt."""
    if 200 <= answer.status < 300:
        written = _object(call, answer.body)
        return Written(written) if written else InDoubt(f"answer {answer.status} could not be read")
    if answer.status == _THROTTLED:
        return NotSent("throttled", wait_after(answer.headers))
    if not 400 <= answer.status < 500 or answer.status == _TIMED_OUT:
        return InDoubt(f"answer {answer.status}")
    if answer.status == _TOO_EARLY:
        return NotSent("too early")
    if answer.status == _CONFLICT and not faults.readable(answer):
        return InDoubt(f"answer {answer.status} without a reason")
    reason = faults.access_refused(answer)
    if reason:
        return NoAccess(Provider.AVANTTO, subject, reason)
    fault = faults.fault(answer)
    return NotSent(fault.code) if fault.kind is FaultClass.PASSING else Refused(fault)


def result(subject: str, read: Read[T], answer: HttpAnswer) -> T:
    """Return what a read brought, or raise as `Edge.read` promises."""
    if not 200 <= answer.status < 300:
        raise failure(subject, answer)
    try:
        return read.decode(answer.body)
    except msgspec.ValidationError as error:
        raise RejectedError("unreadable", str(error), status=answer.status) from error
    except (msgspec.DecodeError, RecursionError) as error:
        # Not JSON at all: somebody in front of the API answered.
        raise TransientError("the answer was not JSON") from error
    except ValueError as error:
        raise RejectedError("unreadable", str(error), status=answer.status) from error


def failure(subject: str, answer: HttpAnswer) -> AvanttoQboError:
    """Return the error an unsuccessful answer to a read stands for."""
    if answer.status == _THROTTLED:
        return TransientError("throttled", wait_after(answer.headers))
    if not 400 <= answer.status < 500 or answer.status == _TIMED_OUT:
        return TransientError(f"answer {answer.status}")
    reason = faults.access_refused(answer)
    if reason:
        return AuthError(Provider.AVANTTO, subject, reason)
    fault = faults.fault(answer)
    if fault.kind is FaultClass.PASSING:
        return TransientError(fault.code)
    return RejectedError(fault.code, fault.message, status=fault.status, field=fault.field)


def _object(call: Call, body: bytes) -> str:
    """Return the id of what the write made or changed, "" when the answer does not hold the expected entity."""
    try:
        accepted = _ACCEPTED.decode(body)
    except (ValueError, RecursionError):  # bottomless nesting is no ValueError
        return ""
    if call.path.startswith("/conversations/"):
        return first(accepted.message_id, accepted.email_message_id, accepted.conversation_id)
    if call.path.endswith("/tags"):
        # The answer lists the tags only; the contact is the one in the path.
        return call.path.split("/")[2] if accepted.tags is not None else ""
    if "/workflow/" in call.path:
        return call.path.split("/")[2] if accepted.succeded is not False else ""
    return text(accepted.contact.id) if accepted.contact else ""
