"""Keep one grant alive: one refresher, the new refresh token durable before the new access token is used.

Intuit rotates refresh tokens about daily, Avantto at every use; whoever loses the newest one is locked out. Hence the
order here: see that the journal takes writes, refresh, commit, use. The token before is kept until the new one has
worked, because an answer to a refresh can be lost on its way to us.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final

import anyio
import msgspec

from avantto_qbo.actors.app_standing import accepted, refused
from avantto_qbo.actors.patience import Patience
from avantto_qbo.actors.ports import Clock, Journal, TokenEndpoint
from avantto_qbo.actors.renewal import Renewal, secret_of
from avantto_qbo.errors import AnswerLostError, AppRefusedError, AuthError, ConfigError, TransientError
from avantto_qbo.journal import cursors, grants
from avantto_qbo.journal.connection import Connection
from avantto_qbo.journal.sealing import Sealer
from avantto_qbo.model.grant import Grant, Provider, Tokens

_EARLY: Final = timedelta(minutes=5)  # refresh ahead of expiry: both vendors count seconds from issue, not from arrival
_LATE: Final = timedelta(seconds=30)  # a token with less life than that may die on its way


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
        self._unsaved: Renewal | None = None
        self._worked = False  # the newest access token was accepted, so that the token before is of no more use
        self._patience = Patience(clock)
        self._one_refresher = anyio.Lock()

    async def access_token(self) -> str:
        """Return a token that is good for some minutes, refreshing it first where needed.

        While the token endpoint cannot answer, the one at hand serves to its end. Raises AuthError when only a human
        can reconnect, TransientError when there is no token now but will be.
        """
        if self._worked:
            await self._drop_previous()
        grant = await self._current()
        if self._lasts(grant.tokens, _EARLY):
            return grant.tokens.access_token
        try:
            return await self.renew(grant.tokens.access_token, early=True)
        except TransientError:
            if self._lasts(grant.tokens, _LATE):
                return grant.tokens.access_token
            raise

    async def renew(self, refused: str, *, early: bool = False) -> str:
        """Replace the access token `refused`, once, however many callers ask at the same time.

        `early`: it was not refused yet. Else an answer that waited for the journal may have ended along with it.

        A caller that is cancelled meanwhile leaves after the answer has come and is stored: it cannot be had twice.
        """
        token = refused
        async with self._one_refresher:
            with anyio.CancelScope(shield=True):
                token = await self._renew(refused, early)
        return token

    async def _renew(self, refused: str, early: bool) -> str:
        waited = self._unsaved
        if waited is not None:
            await self._save(waited)
        grant = await self._current()
        if grant.tokens.access_token != refused and (early or waited is None):
            return grant.tokens.access_token
        if not grant.tokens.refresh_token:
            raise await self._bury("the token was refused and cannot be refreshed", [grant.tokens])
        self._patience.check()
        return await self._refresh(grant)

    async def freshen(self) -> None:
        """Renew whatever its age: a grant that nobody uses ends one day. Raises as `access_token`."""
        await self.renew((await self._current()).tokens.access_token)

    async def save(self) -> None:
        """Store an answer that could not be stored when it came. Raises TransientError when it still cannot."""
        async with self._one_refresher:
            if self._unsaved is not None:
                with anyio.CancelScope(shield=True):
                    await self._save(self._unsaved)

    def worked(self, token: str) -> None:
        """A request with the access token `token` was accepted."""
        grant = self._grant
        if grant is not None and grant.previous_refresh_token and grant.tokens.access_token == token:
            self._worked = True

    def forget(self) -> None:
        """Read the grant again at the next use: it was replaced by a reconnect."""
        self._grant, self._worked = None, False
        self._patience.reset()

    def _lasts(self, tokens: Tokens, span: timedelta) -> bool:
        return tokens.expires_at is None or tokens.expires_at - self._clock.now() > span

    async def _current(self) -> Grant:
        if self._grant is None:
            self._grant = await self._stored()
        if self._grant.dead:
            raise self._dead(self._grant.dead)
        return self._grant

    async def _stored(self) -> Grant:
        try:
            grant = await self._journal.read(lambda db: grants.get(db, self._sealer, self._provider, self._subject))
        except ConfigError as error:
            raise self._dead("the stored tokens cannot be opened") from error
        if grant is None:
            raise self._dead("not connected")
        return grant

    async def _refresh(self, grant: Grant) -> str:
        await self._journal.write(self._begin)
        try:
            tokens, spent = await self._ask(grant)
        except TransientError as error:
            self._patience.lose(error.retry_after)
            self._count(f"refresh.failed.{self._provider}")
            if isinstance(error, AppRefusedError):
                await refused(self._journal, self._clock, self._provider, error.reason)
            raise
        self._patience.reset()
        self._unsaved = Renewal.of(grant, tokens, spent)
        return await self._save(self._unsaved)

    def _begin(self, db: Connection) -> None:
        """Write something before a token is spent: a disk that is full now could not keep the answer."""
        if not grants.exists(db, self._provider, self._subject):
            raise self._dead("disconnected")
        now = self._clock.now()
        cursors.put(db, self._subject, f"refreshing.{self._provider}", now.isoformat(), now)

    async def _save(self, renewal: Renewal) -> str:
        """Make an answer durable; until then nobody gets its access token, and it is kept in memory."""
        try:
            self._grant = await self._journal.write(lambda db: self._keep(db, renewal))
        except AuthError:
            self._unsaved = self._grant = None
            raise
        self._unsaved, self._worked = None, False
        self._count(f"refresh.ok.{self._provider}")
        return self._grant.tokens.access_token

    def _keep(self, db: Connection, renewal: Renewal) -> Grant:
        """Store what a refresh brought, unless the owner connected anew while it was under way."""
        now = self._clock.now()
        stored = grants.get(db, self._sealer, self._provider, self._subject)
        if stored is None:
            raise self._dead("disconnected")
        accepted(db, self._provider, now)
        if stored.tokens.refresh_token not in {renewal.spent, renewal.before.tokens.refresh_token}:
            return stored
        after = msgspec.structs.replace(renewal.after, granted_at=stored.granted_at)
        grants.put(db, self._sealer, after, now)
        return after

    async def _ask(self, grant: Grant) -> tuple[Tokens, str]:
        """Refresh with the newest token; when it is refused, try what the store and the token before still offer.

        Returns the answer and the refresh token it was asked with.
        """
        try:
            return await self._answer(grant.tokens), grant.tokens.refresh_token
        except AuthError as refusal:
            others = await self._others(grant)
            for candidate in others:
                try:
                    return await self._answer(candidate), candidate.refresh_token
                except AuthError:
                    continue
            self._count(f"refresh.refused.{self._provider}")
            raise await self._bury(refusal.reason, [grant.tokens, *others]) from refusal

    async def _answer(self, tokens: Tokens) -> Tokens:
        """Ask, and once more at once when the answer is lost: the token is most likely to be good again right now."""
        try:
            return await self._endpoint.refresh(self._subject, tokens)
        except AnswerLostError:
            self._count(f"refresh.lost.{self._provider}")
            return await self._endpoint.refresh(self._subject, tokens)

    async def _others(self, grant: Grant) -> list[Tokens]:
        stored = await self._stored()
        newer = [stored.tokens] if stored.tokens.refresh_token not in {"", grant.tokens.refresh_token} else []
        if self._worked or not grant.previous_refresh_token:
            return newer
        return [*newer, msgspec.structs.replace(grant.tokens, refresh_token=grant.previous_refresh_token)]

    async def _bury(self, reason: str, tried: list[Tokens]) -> AuthError | TransientError:
        """Mark the grant dead, unless the owner connected anew while its tokens were tried."""
        known = {secret_of(tokens) for tokens in tried}

        def bury(db: Connection) -> bool:
            stored = grants.get(db, self._sealer, self._provider, self._subject)
            if stored is not None and secret_of(stored.tokens) not in known:
                return False
            return grants.mark_dead(db, self._provider, self._subject, reason, self._clock.now())

        self._grant = None
        if await self._journal.write(bury):
            return self._dead(reason)
        return TransientError("the connection was made anew meanwhile")

    async def _drop_previous(self) -> None:
        """Forget the token before: the new one works. Nobody waits for that, and it fails without harm."""
        grant = self._grant
        if grant is None or self._one_refresher.locked():
            return
        async with self._one_refresher:
            self._worked = False
            with suppress(TransientError):
                self._grant = await self._journal.write(lambda db: self._without_previous(db, grant))

    def _without_previous(self, db: Connection, grant: Grant) -> Grant | None:
        stored = grants.get(db, self._sealer, self._provider, self._subject)
        if stored is None or stored.tokens != grant.tokens:
            return None
        alone = msgspec.structs.replace(stored, previous_refresh_token="")
        grants.put(db, self._sealer, alone, self._clock.now())
        return alone

    def _dead(self, reason: str) -> AuthError:
        return AuthError(self._provider, self._subject, reason)
