"""What a refresh made of a grant."""

from __future__ import annotations

from typing import Self

import msgspec

from avantto_qbo.model.grant import Grant, Tokens


class Renewal(msgspec.Struct, frozen=True):
    """An answer to a refresh: the grant it began with, the refresh token that was spent, and what came of it."""

    before: Grant
    spent: str
    after: Grant

    def __repr__(self) -> str:
        return f"Renewal({self.after.provider} {self.after.subject})"

    @classmethod
    def of(cls, before: Grant, tokens: Tokens, spent: str) -> Self:
        """Put `tokens` in place: what the answer left out stays, and the token spent is kept if there is a new one."""
        old = before.tokens
        new = msgspec.structs.replace(
            tokens,
            refresh_token=tokens.refresh_token or old.refresh_token,
            refresh_expires_at=tokens.refresh_expires_at or old.refresh_expires_at,
            company_id=tokens.company_id or old.company_id,
        )
        previous = "" if spent == new.refresh_token else spent
        after = msgspec.structs.replace(before, tokens=new, previous_refresh_token=previous, dead="")
        return cls(before, spent, after)


def secret_of(tokens: Tokens) -> str:
    """What tells one consent's tokens from another's: a private integration token has no refresh token."""
    return tokens.refresh_token or tokens.access_token
