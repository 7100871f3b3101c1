"""Instants as the journal stores them: ISO 8601 in UTC with exactly six decimals, so that text order is time order."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import overload

from avantto_qbo.errors import InternalError


@overload
def to_text(instant: datetime) -> str: ...
@overload
def to_text(instant: None) -> None: ...
@overload
def to_text(instant: datetime | None) -> str | None: ...
def to_text(instant: datetime | None) -> str | None:
    """Write an instant of any time zone. Raises InternalError for one without a time zone."""
    if instant is None:
        return None
    if instant.tzinfo is None:
        raise InternalError("an instant without a time zone reached the journal")
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def to_instant(text: str) -> datetime:
    """Read an instant back, in UTC."""
    return datetime.fromisoformat(text)


def maybe_instant(text: str | None) -> datetime | None:
    """Read an instant back where there may be none."""
    return None if text is None else to_instant(text)
