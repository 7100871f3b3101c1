"""Understanding refusals: Avantto has no error codes and no single shape, so its words are matched.

Seen: `statusCode` or `status`; `message` as text or as a list of texts; OAuth's `error`; the network's own pages. The
codes are ours and stable. Messages are ours where known, else the vendor's with addresses and numbers blotted out.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from avantto_qbo.avantto.leaves import Wire, decoder, first, text
from avantto_qbo.model.http import HttpAnswer
from avantto_qbo.model.outcome import Fault, FaultClass
from avantto_qbo.rules.redacted import redacted

_LONGEST_MESSAGE: Final = 200

# 400s of the conversations endpoint that no repetition will change; most telling words first.
_UNREACHABLE: Final = (
    ("dnd", re.compile(r"\bDND\b|do.not.disturb", re.IGNORECASE), "the contact is under do-not-disturb"),
    ("unsubscribed", re.compile(r"unsubscribed", re.IGNORECASE), "the contact has unsubscribed"),
    ("no_phone", re.compile(r"(missing|no) phone", re.IGNORECASE), "the contact has no phone"),
    ("no_email", re.compile(r"(missing|no) e-?mail", re.IGNORECASE), "the contact has no e-mail"),
    (
        "bad_email",
        re.compile(r"e-?mail.*\binvalid\b|\binvalid e-?mail|e-?mail must be", re.IGNORECASE),
        "the e-mail is invalid",
    ),
    (
        "bad_phone",
        re.compile(r"phone.*\binvalid\b|\binvalid phone|phone must be", re.IGNORECASE),
        "the phone is invalid",
    ),
)
_GONE: Final = re.compile(r"\bnot found\b", re.IGNORECASE)
_DUPLICATE: Final = re.compile(r"duplicated? contact", re.IGNORECASE)
_VERSION: Final = re.compile(r"version header", re.IGNORECASE)
_ACCESS: Final = re.compile(r"\btoken\b|authclass", re.IGNORECASE)
# A live token that may not do this one thing, or is asked about another location's object.
_SCOPE: Final = re.compile(r"\bscopes?\b|\bpermissions?\b|does not have access", re.IGNORECASE)
_WRONG_KIND: Final = re.compile(r"authclass", re.IGNORECASE)  # an agency's token where a location's is needed
_BLOCKED: Final = re.compile(rb"cloudflare|error code: 1\d{3}|error 1\d{3}", re.IGNORECASE)


class _Body(Wire, frozen=True):
    message: Any = None
    error: Any = None
    error_description: Any = msgspec.field(name="error_description", default=None)
    meta: Any = None


_BODY = decoder(_Body)


def fault(answer: HttpAnswer) -> Fault:
    """Read the refusal out of a 4xx answer other than 429."""
    body = _read(answer)
    said = _said(body)
    if answer.status == 404:
        return Fault("gone", _shown(said, "not found"), FaultClass.GONE, answer.status)
    if answer.status == 400:
        return _bad_request(body, said)
    if answer.status == 403 and blocked(answer):
        return Fault("blocked", "the network in front of Avantto refused us", FaultClass.PASSING, answer.status)
    if _lacks_permission(answer, said):
        message = f"a permission is missing in Avantto: {_shown(said, 'refused')}"
        return Fault("scope", message, FaultClass.FINAL, answer.status)
    code = {403: "denied", 409: "conflict", 422: "invalid"}.get(answer.status, f"http_{answer.status}")
    return Fault(code, _shown(said, "refused"), FaultClass.FINAL, answer.status)


def access_refused(answer: HttpAnswer) -> str:
    """Return why the token was refused, "" if the answer says nothing about the token.

    A missing Version header and a missing scope are also answered with 401, and the network's own 403 looks like a
    missing permission: none of them means that the connection is dead.
    """
    said = _said(_read(answer))
    if _lacks_permission(answer, said):
        return ""
    if answer.status == 401 and not _VERSION.search(said):
        return _shown(said, "the access token was refused")
    if answer.status == 403 and not blocked(answer) and _ACCESS.search(said):
        return _shown(said, "access was refused")
    return ""


def readable(answer: HttpAnswer) -> bool:
    """Say whether a refusal gives a reason at all."""
    return bool(_said(_read(answer)))


def _lacks_permission(answer: HttpAnswer, said: str) -> bool:
    refused = answer.status in {401, 403} and bool(_SCOPE.search(said))
    return refused and not _WRONG_KIND.search(said)


def blocked(answer: HttpAnswer) -> bool:
    """Say whether a 403 comes from the network in front of the API, not from the API."""
    return bool(_BLOCKED.search(answer.body)) or not _said(_read(answer))


def _bad_request(body: _Body, said: str) -> Fault:
    meta = body.meta if isinstance(body.meta, dict) else {}
    existing, field = text(meta.get("contactId")), text(meta.get("matchingField"))
    if existing or _DUPLICATE.search(said):
        return Fault("duplicate", "another contact has this", FaultClass.DUPLICATE, 400, field, existing)
    for code, words, message in _UNREACHABLE:
        if words.search(said):
            return Fault(code, message, FaultClass.FINAL, 400)
    # Orders and transactions that are not there are documented as 400, seen as 404.
    if _GONE.search(said):
        return Fault("gone", _shown(said, "not found"), FaultClass.GONE, 400)
    return Fault("refused", _shown(said, "refused"), FaultClass.FINAL, 400)


def _read(answer: HttpAnswer) -> _Body:
    try:
        return _BODY.decode(answer.body)
    except (ValueError, RecursionError):
        return _Body()


def _said(body: _Body) -> str:
    nested = body.error if isinstance(body.error, dict) else {}
    return first(_joined(body.message), nested.get("message"), body.error_description, body.error)


def _joined(message: Any) -> str:
    return "; ".join(filter(None, map(text, message))) if isinstance(message, list) else text(message)


def _shown(said: str, default: str) -> str:
    return redacted(said)[:_LONGEST_MESSAGE] or default
