"""Keep one grant alive: one refresher, the new refresh token durable before the new access token is used.

Intuit rotates refresh tokens about daily, Avantto at every use; whoever loses the newest one is locked out. Hence the
order here: refresh, commit, use. The token before is kept until the new one has worked, because an answer to a refresh
can be lost on its way to us.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import anyio
import msgspec

from avantto_qbo.actors.ports import Clock, Journal, TokenEndpoint
from avantto_qbo.errors import AuthError, TransientError
from avantto_qbo.journal import grants
from avantto_qbo.journal.connection import Connection
from avantto_qbo.journal.sealing import Sealer
from avantto_qbo.model.grant import Grant, Provider, Tokens

_EARLY: Final = timedelta(minutes=5)  # refresh ahead of expiry: both vendors count seconds from issue, not from arrival


class TokenKeeper:
    """The tokens of one realm or one location."""

    def __init__(
        self,
        provider: Provider,
        subject: str,
        *,
        journal: Journal,
        sealer: Sealer,
        endpoint: TokenEndpoint,
        clock: Clock,
        count: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._provider, self._subject = provider, subject
        self._journal, self._sealer, self._endpoint, self._clock = journal, sealer, endpoint, clock
        self._count = count
        self._grant: Grant | None = None
        self._one_refresher = anyio.Lock()

    async def access_token(self) -> str:
        """Return a token that is good for some minutes, refreshing it first where needed.

        Raises AuthError when only a human can reconnect, TransientError when the token endpoint cannot answer now.
        """
        grant = await self._current()
        if self._fresh(grant.tokens):
            return grant.tokens.access_token
        return await self.renew(grant.tokens.access_token)

    async def renew(self, refused: str) -> str:
        """Replace the access token `refused`, once, however many callers ask at the same time."""
        async with self._one_refresher:
            grant = await self._current()
            if grant.tokens.access_token != refused:
                return grant.tokens.access_token
            if not grant.tokens.refresh_token:
                raise self._dead("the token was refused and cannot be refreshed")
            return await self._refresh(grant)

    def forget(self) -> None:
        """Read the grant again at the next use: it was replaced by a reconnect."""
        self._grant = None

    def _fresh(self, tokens: Tokens) -> bool:
        return tokens.expires_at is None or tokens.expires_at - self._clock.now() > _EARLY

    async def _current(self) -> Grant:
        if self._grant is None:
            self._grant = await self._stored()
        if self._grant.dead:
            raise AuthError(self._provider, self._subject, self._grant.dead)
        return self._grant

    async def _stored(self) -> Grant:
        grant = await self._journal.read(lambda db: grants.get(db, self._sealer, self._provider, self._subject))
        if grant is None:
            raise AuthError(self._provider, self._subject, "not connected")
        return grant

    async def _refresh(self, grant: Grant) -> str:
        tokens, used = await self._ask(grant)
        renewed = msgspec.structs.replace(
            grant, tokens=_inherit(tokens, grant.tokens), previous_refresh_token=used, dead=""
        )
        self._grant = await self._journal.write(lambda db: self._keep(db, grant, used, renewed))
        self._count(f"refresh.ok.{self._provider}")
        return self._grant.tokens.access_token

    def _keep(self, db: Connection, before: Grant, used: str, renewed: Grant) -> Grant:
        """Store what a refresh brought, unless the owner connected anew while it was under way."""
        stored = grants.get(db, self._sealer, self._provider, self._subject)
        if stored is None:
            raise self._dead("disconnected")
        if stored.tokens.refresh_token not in {used, before.tokens.refresh_token}:
            return stored
        grants.put(db, self._sealer, renewed, self._clock.now())
        return renewed

    async def _ask(self, grant: Grant) -> tuple[Tokens, str]:
        """Refresh with the newest token; when it is refused, try what the store and the token before still offer.

        Returns the answer and the refresh token it was asked with.
        """
        try:
            return await self._endpoint.refresh(self._subject, grant.tokens), grant.tokens.refresh_token
        except AuthError as refusal:
            others = await self._others(grant)
            for candidate in others:
                try:
                    return await self._endpoint.refresh(self._subject, candidate), candidate.refresh_token
                except AuthError:
                    continue
            self._count(f"refresh.refused.{self._provider}")
            raise await self._bury(refusal, {tokens.refresh_token for tokens in (grant.tokens, *others)}) from refusal

    async def _others(self, grant: Grant) -> list[Tokens]:
        stored = await self._stored()
        newer = [stored.tokens] if stored.tokens.refresh_token != grant.tokens.refresh_token else []
        if not grant.previous_refresh_token:
            return newer
        return [*newer, msgspec.structs.replace(grant.tokens, refresh_token=grant.previous_refresh_token)]

    async def _bury(self, refusal: AuthError, tried: set[str]) -> AuthError | TransientError:
        """Mark the grant dead, unless the owner connected anew while its tokens were tried."""

        def bury(db: Connection) -> bool:
            stored = grants.get(db, self._sealer, self._provider, self._subject)
            if stored is not None and stored.tokens.refresh_token not in tried:
                return False
            return grants.mark_dead(db, self._provider, self._subject, refusal.reason, self._clock.now())

        self._grant = None
        if await self._journal.write(bury):
            return self._dead(refusal.reason)
        return TransientError("the connection was made anew meanwhile")

    def _dead(self, reason: str) -> AuthError:
        return AuthError(self._provider, self._subject, reason)


def _inherit(new: Tokens, old: Tokens) -> Tokens:
    """Keep what a refresh answer may leave out."""
    return msgspec.structs.replace(
        new,
        refresh_token=new.refresh_token or old.refresh_token,
        refresh_expires_at=new.refresh_expires_at or old.refresh_expires_at,
        company_id=new.company_id or old.company_id,
    )
