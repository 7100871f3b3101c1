"""Planted bugs in whose tokens are used, and in how they are kept alive."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import msgspec

from avantto_qbo.actors.access import Access
from avantto_qbo.actors.keeper import TokenKeeper
from avantto_qbo.actors.keepers import Keepers
from avantto_qbo.actors.renewal import Renewal
from avantto_qbo.errors import AuthError, TransientError
from avantto_qbo.journal import grants
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.grant import Grant, Provider
from avantto_qbo.model.http import Read
from avantto_qbo.model.operation import Call
from avantto_qbo.model.outcome import NoAccess, NotSent, Outcome
from simulation.narrowed import Patch, together


def anybodys_token() -> Patch:
    """Tokens are kept by provider: there is one QuickBooks, after all."""
    of = Keepers.of

    def kept(self: Keepers, provider: Provider, subject: str) -> TokenKeeper:
        first = next((known for known in self._keepers if known[0] is provider), (provider, subject))
        return of(self, *first)

    return patch.object(Keepers, "of", kept)


def kept_in_memory() -> Patch:
    """New tokens are used at once and kept in memory; the store has those of the day of the connection."""

    async def save(self: TokenKeeper, renewal: Any) -> str:
        self._grant, self._unsaved, self._worked = renewal.after, None, False
        return str(self._grant.tokens.access_token)

    return patch.object(TokenKeeper, "_save", save)


def previous_thrown_away() -> Patch:
    """The answer is stored, with a refresh token that is good from now on: the one before only lies about."""
    keep = TokenKeeper._keep

    def kept(self: TokenKeeper, db: Connection, renewal: Renewal) -> Grant:
        alone = msgspec.structs.replace(renewal.after, previous_refresh_token="")
        return keep(self, db, msgspec.structs.replace(renewal, after=alone))

    return patch.object(TokenKeeper, "_keep", kept)


def spent_thrown_away() -> Patch:
    """A refresh token counts once: it is taken out of the store when it is sent, and the answer brings the next."""
    begin, keep = TokenKeeper._begin, TokenKeeper._keep

    def begun(self: TokenKeeper, db: Connection) -> None:
        begin(self, db)
        stored = grants.get(db, self._sealer, self._provider, self._subject)
        if stored is not None:
            self._grant = _without_refresh(stored)
            grants.put(db, self._sealer, self._grant, self._clock.now())

    def kept(self: TokenKeeper, db: Connection, renewal: Renewal) -> Grant:
        stored = grants.get(db, self._sealer, self._provider, self._subject)
        if stored is not None and not stored.tokens.refresh_token:
            grants.put(db, self._sealer, renewal.before, self._clock.now())
        return keep(self, db, renewal)

    return together(patch.object(TokenKeeper, "_begin", begun), patch.object(TokenKeeper, "_keep", kept))


def _without_refresh(grant: Grant) -> Grant:
    return msgspec.structs.replace(grant, tokens=msgspec.structs.replace(grant.tokens, refresh_token=""))


def refused_is_over() -> Patch:
    """401 means that the owner must connect again."""

    async def write(self: Access, call: Call, request_id: str, *, key: str = "") -> Outcome:
        try:
            return await self._send(await self.keeper.access_token(), call, request_id, key)
        except AuthError as error:
            return NoAccess(error.provider, error.subject, error.reason)
        except TransientError as error:
            return NotSent(error.reason, error.retry_after)

    async def read(self: Access, read: Read[Any], *, key: str = "") -> Any:
        if self._gate is not None:
            self._gate.admit()
        return await self._ask(await self.keeper.access_token(), read, key)

    return together(patch.object(Access, "write", write), patch.object(Access, "read", read))


def trouble_is_over() -> Patch:
    """When tokens cannot be refreshed, the owner must connect again."""
    ask = TokenKeeper._answer

    async def answer(self: TokenKeeper, tokens: Any) -> Any:
        try:
            return await ask(self, tokens)
        except TransientError as error:
            raise AuthError(self._provider, self._subject, str(error)) from error

    return patch.object(TokenKeeper, "_answer", answer)
