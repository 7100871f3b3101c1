"""Read a provider's own token answer as it stands in a file, without asking anyone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from avantto_qbo.errors import RefusedError
from avantto_qbo.model.grant import Tokens

_Seconds = Annotated[float, msgspec.Meta(ge=0, le=10 * 365 * 86_400)]


class _TokenFile(msgspec.Struct, frozen=True):
    """Both vendors' members; a private integration token has the first one only."""

    access_token: Annotated[str, msgspec.Meta(min_length=1)]
    refresh_token: str = ""
    expires_in: _Seconds | None = None
    x_refresh_token_expires_in: _Seconds | None = None
    scope: str = ""
    companyId: str = ""  # noqa: N815  # the vendor's spelling

    def __repr__(self) -> str:
        return "_TokenFile(…)"


def tokens_of(raw: bytes, field: str, now: datetime) -> Tokens:
    """Return the tokens of a token answer received at about `now`; raise RefusedError naming `field`."""
    try:
        found = msgspec.json.decode(raw, type=_TokenFile)
    except msgspec.DecodeError as error:
        raise RefusedError(
            f"this is not a token answer: {error}", 'JSON with at least {"access_token": "…"}', field=field
        ) from error
    return Tokens(
        access_token=found.access_token,
        refresh_token=found.refresh_token,
        expires_at=_after(now, found.expires_in) if found.refresh_token else None,
        refresh_expires_at=_after(now, found.x_refresh_token_expires_in),
        scope=found.scope,
        company_id=found.companyId,
    )


def _after(now: datetime, seconds: float | None) -> datetime | None:
    return None if seconds is None else now + timedelta(seconds=seconds)
