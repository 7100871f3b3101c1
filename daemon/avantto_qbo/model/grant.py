"""OAuth grants: the tokens of one realm, one location or one agency."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class Provider(StrEnum):
    AVANTTO = "avantto"
    QUICKBOOKS = "quickbooks"


class Tokens(msgspec.Struct, frozen=True):
    """One token answer. `refresh_token` is "" for a private integration token, which never expires by itself."""

    access_token: str
    refresh_token: str = ""
    expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None
    scope: str = ""
    company_id: str = ""  # Avantto: the agency the location belongs to

    def __repr__(self) -> str:
        return f"Tokens(expires_at={self.expires_at})"


class Grant(msgspec.Struct, frozen=True):
    """What is kept of a grant: the newest tokens, and the refresh token before until the new one worked."""

    provider: Provider
    subject: str  # realm id or location id
    tokens: Tokens
    previous_refresh_token: str = ""
    dead: str = ""  # why it needs a human to reconnect; "" while alive
    granted_at: datetime | None = None  # when the owner agreed; None where that was not noted

    def __repr__(self) -> str:
        return f"Grant({self.provider} {self.subject})"
