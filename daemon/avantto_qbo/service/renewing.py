"""Renew the tokens somebody connects with, so that a connection that fails half-way does not lose them.

The refresh token in the person's file is spent by this. What it brought is kept under its hash at once, and found again
when the same file is used for the next try.
"""

from __future__ import annotations

import hashlib

import anyio
import msgspec

from avantto_qbo.actors.house import House
from avantto_qbo.actors.ports import Edge, TokenEndpoint
from avantto_qbo.errors import AnswerLostError
from avantto_qbo.journal import cursors, renewals
from avantto_qbo.journal.sealing import Sealer
from avantto_qbo.model.grant import Provider, Tokens


class Vendor(msgspec.Struct, frozen=True):
    """One provider: where to send and where its tokens come from."""

    provider: Provider
    edge: Edge
    endpoint: TokenEndpoint


class Renewing:
    """Renews tokens that are no grant of ours yet."""

    def __init__(self, house: House, sealer: Sealer) -> None:
        self._house, self._sealer = house, sealer
        self._one_at_a_time = anyio.Lock()

    async def renew(self, vendor: Vendor, subject: str, tokens: Tokens) -> Tokens:
        """Return the next tokens, durable before anybody uses them. Raises as `TokenEndpoint.refresh`."""
        mark = hashlib.sha256(tokens.refresh_token.encode()).hexdigest()[:32]
        renewed = tokens
        async with self._one_at_a_time:
            with anyio.CancelScope(shield=True):
                renewed = await self._renew(vendor, subject, tokens, mark)
        return renewed

    async def _renew(self, vendor: Vendor, subject: str, tokens: Tokens, mark: str) -> Tokens:
        journal, provider = self._house.journal, vendor.provider
        before = await journal.read(lambda db: renewals.get(db, self._sealer, provider, subject, mark))
        now = self._house.clock.now()
        if before is not None and before.expires_at is not None and before.expires_at > now:
            return before
        # A disk that is full now could not keep the answer, and the token would be spent for nothing.
        await journal.write(lambda db: cursors.put(db, subject, f"refreshing.{provider}", now.isoformat(), now))
        renewed = await self._ask(vendor, subject, before or tokens)
        await journal.write(lambda db: renewals.put(db, self._sealer, provider, subject, mark, renewed, now=now))
        return renewed

    async def _ask(self, vendor: Vendor, subject: str, tokens: Tokens) -> Tokens:
        try:
            return await vendor.endpoint.refresh(subject, tokens)
        except AnswerLostError:
            return await vendor.endpoint.refresh(subject, tokens)
