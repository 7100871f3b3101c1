"""What a refusal says, whichever of Intuit's envelopes it comes in, and who can mend it.

Sources: Intuit's error code page; gateway and throttling answers as integrators recorded them (lower-case JSON, XML
even where JSON was asked for, HTML of a proxy). The detail of an error is read to classify it and then forgotten: it
quotes what the customer typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final
from xml.etree import ElementTree

import msgspec

from avantto_qbo.errors import AuthError, AvanttoQboError, RejectedError, TransientError
from avantto_qbo.model.http import HttpAnswer
from avantto_qbo.model.outcome import Fault, FaultClass
from avantto_qbo.rules.redacted import redacted

# All that decoding bytes from outside can raise; text that is no UTF-8 and bottomless nesting are not DecodeErrors.
UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
LONGEST_MESSAGE: Final = 200
LONGEST_WAIT: Final = timedelta(days=1)

THROTTLED: Final = frozenset({"3001"})
NO_ACCESS: Final = frozenset({"100", "110", "120", "3100", "3200", "3202"})
# The id was used before: our own earlier attempt may be in the books.
REPEATED_REQUEST: Final = "600"

_CLASSES: Final[dict[str, FaultClass]] = {
    **dict.fromkeys(("130", "140", "150", "3001"), FaultClass.PASSING),
    "610": FaultClass.GONE,
    "5010": FaultClass.STALE,
    "6140": FaultClass.NUMBER_TAKEN,
    **dict.fromkeys(("6190", "6200", "6210"), FaultClass.CLOSED),
    "6240": FaultClass.NAME_TAKEN,
}
# 6000 and 10000 stand for many things; only their text tells a collision of two writers from a broken rule.
_COLLISION: Final = re.compile(r"one (name|product or service) at a time|try again|deadlock", re.IGNORECASE)
_APPLICATION_ERROR: Final = "10000"
_INACTIVE: Final = "made inactive"
# A gateway gave up waiting, or an attempt with this very id may still be under way: no word on what became of it.
_TELLS_NOTHING: Final = frozenset({408, 409})
_EXISTING: Final = re.compile(r"(?:\bId=|customer ID is:?\s*)(\d+)")


class RawFault(msgspec.Struct, frozen=True):
    """A fault as it was sent. `detail` is for classification only and goes no further."""

    code: str = ""
    message: str = ""
    detail: str = ""
    element: str = ""
    type: str = ""

    def __repr__(self) -> str:
        return f"RawFault({self.code})"


def find_fault(body: bytes) -> RawFault | None:
    """Return the fault at the top of an answer, None where there is none or it cannot be read."""
    text = body.lstrip()
    if text.startswith(b"{"):
        return _in_json(text)
    return _in_xml(text) if text.startswith(b"<") else None


def fault_in(members: object) -> RawFault | None:
    """Return the fault of a decoded JSON object that may hold one under `Fault` or `fault`."""
    fault = _member(members, "Fault")
    if not isinstance(fault, dict):
        return None
    errors = _member(fault, "Error")
    first = errors[0] if isinstance(errors, list) and errors else errors
    return RawFault(
        code=_code(_text(first, "code")),
        message=_text(first, "Message"),
        detail=_text(first, "Detail"),
        element=_text(first, "element"),
        type=_text(fault, "type"),
    )


def fault_of(status: int, raw: RawFault | None) -> Fault:
    """Make the fault that travels through the house; an unreadable answer is named by its HTTP status."""
    if raw is None:
        kind = FaultClass.PASSING if status == 429 or status >= 500 else FaultClass.FINAL
        return Fault(f"http-{status}", f"HTTP {status} without a readable reason", kind, status)
    existing = _EXISTING.search(raw.detail)
    return Fault(
        code=raw.code or f"http-{status}",
        message=redacted(raw.message)[:LONGEST_MESSAGE],
        kind=classify(raw),
        status=status,
        field=raw.element,
        existing=existing[1] if existing else "",
    )


def classify(raw: RawFault) -> FaultClass:
    """Say who or what can mend this fault (Intuit's error code page, plus the texts of 6000 and 10000)."""
    if throttles(raw):
        return FaultClass.PASSING
    if raw.code == "6000" and _COLLISION.search(f"{raw.message} {raw.detail}"):
        return FaultClass.PASSING
    if raw.code == _APPLICATION_ERROR:
        return FaultClass.FINAL if _INACTIVE in raw.detail else FaultClass.PASSING
    return _CLASSES.get(raw.code, FaultClass.FINAL)


def throttles(raw: RawFault | None) -> bool:
    """Tell whether the request limit spoke; older answers carry it with 403, some with 200, in JSON or XML."""
    return raw is not None and (raw.code in THROTTLED or "ThrottleExceeded" in raw.message)


def unclear(status: int, raw: RawFault | None) -> bool:
    """Tell whether a refusal leaves open what became of the write.

    A system fault (10000) comes when something broke under way, whatever the HTTP status; only its text about an
    inactive object is a refusal.
    """
    if raw is None:
        return status in _TELLS_NOTHING
    broke = raw.code == _APPLICATION_ERROR or (raw.type == "SystemFault" and raw.code not in _CLASSES)
    return raw.code == REPEATED_REQUEST or (broke and _INACTIVE not in raw.detail)


def denies_access(status: int, raw: RawFault | None) -> bool:
    """Tell whether the token or the connection was refused rather than the request."""
    return status == 401 or (raw is not None and raw.code in NO_ACCESS)


def asked_to_wait(answer: HttpAnswer) -> timedelta | None:
    """Read Retry-After in seconds, at most a day; Intuit documents none (UNVERIFIED), so it is usually absent."""
    asked = answer.headers.get("retry-after", "")
    return min(timedelta(seconds=int(asked[:9])), LONGEST_WAIT) if asked.isdecimal() else None


def error_of(realm: str, status: int, raw: RawFault | None) -> AvanttoQboError:
    """Return what a read raises for this refusal."""
    fault, denied = fault_of(status, raw), denies_access(status, raw)
    if denied and status < 500:  # who fails has not looked at the token: no owner reconnects for that
        return AuthError("quickbooks", realm, fault.code)
    if denied or fault.kind is FaultClass.PASSING:
        return TransientError(fault.code)
    return RejectedError(fault.code, fault.message, status=status, field=fault.field)


def _in_json(text: bytes) -> RawFault | None:
    try:
        return fault_in(msgspec.json.decode(text, type=_Envelope).members())
    except UNREADABLE:
        return None


class _Envelope(msgspec.Struct, frozen=True):
    """Only the two spellings: everything else of a large answer is skipped unread."""

    upper: Any = msgspec.field(default=None, name="Fault")
    lower: Any = msgspec.field(default=None, name="fault")

    def members(self) -> dict[str, Any]:
        return {"Fault": self.upper or self.lower}


def _in_xml(text: bytes) -> RawFault | None:
    # Entities could be used to blow up the parser; no answer of Intuit declares any.
    if b"<!DOCTYPE" in text[:1024] or b"<!ENTITY" in text:
        return None
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - a document type was refused above
    except ElementTree.ParseError:
        return None
    fault = _element(root.iter(), "fault")
    error = None if fault is None else _element(fault, "error")
    if fault is None or error is None:
        return None
    return RawFault(
        code=_code(error.get("code", "")),
        message=_element_text(error, "message"),
        detail=_element_text(error, "detail"),
        element=error.get("element", ""),
        type=fault.get("type", ""),
    )


def _element(elements: Iterable[ElementTree.Element], name: str) -> ElementTree.Element | None:
    return next((one for one in elements if one.tag.rpartition("}")[2].lower() == name), None)


def _element_text(parent: ElementTree.Element, name: str) -> str:
    found = _element(parent, name)
    return "" if found is None else (found.text or "").strip()


def _member(members: object, name: str) -> Any:
    """Read a member by either spelling: Intuit's own upper case or the gateway's lower case."""
    if not isinstance(members, dict):
        return None
    return members.get(name, members.get(name.lower(), members.get(name.capitalize())))


def _text(members: object, name: str) -> str:
    value = _member(members, name)
    return "" if value is None else str(value).strip()


def _code(text: str) -> str:
    """003200 and 3200 are the same code."""
    return text.lstrip("0") or text
