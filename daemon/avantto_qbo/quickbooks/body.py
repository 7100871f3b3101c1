"""The body of a write: only what is given, money as exact JSON numbers, always the same bytes for the same draft."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from avantto_qbo.model.operation import Call
from avantto_qbo.quickbooks import text

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def post(path: str, body: dict[str, Any]) -> Call:
    """Make the call that posts `body` to `path`, which is relative to the company."""
    return Call("POST", path, _ENCODER.encode(body))


def target(object_id: str, sync_token: str) -> dict[str, Any]:
    """Name the object a change is about, as it stood when it was read last (5010 otherwise)."""
    return {"Id": object_id, "SyncToken": sync_token}


def given(body: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is empty: QuickBooks takes its own default there."""
    return {name: value for name, value in body.items() if value not in (None, "", {}, [])}


def email_address(address: str) -> dict[str, str] | None:
    """State an e-mail address, None for one QuickBooks might refuse."""
    sendable = text.sendable_email(address)
    return {"Address": sendable} if sendable else None
