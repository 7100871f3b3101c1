"""When a grant ends, and when its owner is told.

Sources: Intuit, OAuth 2.0: a refresh token lives about 100 days from its last use and five years from the consent.
Avantto: a year, or until it is used. Both vendors' answers say it more exactly, which then counts.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from avantto_qbo.model.grant import Grant, Provider

WARN_AHEAD: Final = timedelta(days=14)
# Renewed by housekeeping when nothing else used it for so long: a small part of the shortest life.
IDLE_AFTER: Final = timedelta(days=7)
_FIRST_LIFE: Final = {Provider.QUICKBOOKS: timedelta(days=100), Provider.AVANTTO: timedelta(days=365)}
_LONGEST: Final = {Provider.QUICKBOOKS: timedelta(days=5 * 365)}
NAMES: Final = {Provider.QUICKBOOKS: "QuickBooks", Provider.AVANTTO: "Avantto"}


def lapses_at(grant: Grant) -> datetime | None:
    """When the grant ends unless it is renewed or given anew; None for one that does not end by itself."""
    if not grant.tokens.refresh_token:
        return None
    ends = grant.tokens.refresh_expires_at
    if grant.granted_at is None:
        return ends
    if ends is None:  # as it was given, and the answer did not say
        ends = grant.granted_at + _FIRST_LIFE[grant.provider]
    longest = _LONGEST.get(grant.provider)
    return ends if longest is None else min(ends, grant.granted_at + longest)


def days_left(end: datetime, now: datetime) -> int:
    """Whole days until `end`, never less than 0."""
    return max(0, (end - now).days)


def warning(provider: Provider, end: datetime, now: datetime) -> str:
    """Return what an owner reads about a grant that ends soon."""
    days = days_left(end, now)
    when = "today" if days == 0 else "in 1 day" if days == 1 else f"in {days} days"
    return f"{NAMES[provider]} lets us in only until {end:%Y-%m-%d} ({when}); connect again before."
