"""Intuit's OAuth 2: consent, exchange, refresh and revocation. Authlib words the requests, our transport carries them.

Source: Intuit, OAuth 2.0. An access token lives an hour; a refresh token about 100 days from its last use and five
years at most, its value changes about daily, and then only the newest one works.
"""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import datetime
from typing import Annotated, Any, Final, Protocol

import msgspec

from avantto_qbo.errors import AnswerLostError, AppRefusedError, AuthError, TransientError
from avantto_qbo.model.grant import Provider, Tokens
from avantto_qbo.model.http import HttpAnswer, Transport
from avantto_qbo.oauth_wording import OAuthWording, lifetime
from avantto_qbo.quickbooks.faults import UNREADABLE, asked_to_wait

SCOPE: Final = "com.intuit.quickbooks.accounting"
_DEAD: Final = "invalid_grant"
# RFC 6749, 5.2: it is the app that is refused, not the grant.
_APP: Final = frozenset({"invalid_client", "unauthorized_client"})
_PERHAPS_DONE: Final = frozenset({500, 502, 504})  # the answer of somebody in between, or of a service that fell over
# Asks for the end of the five years, which is not in the answer otherwise.
_HARD_EXPIRY: Final = {"x-include-refresh-token-hard-expires-in": "true"}


class Clock(Protocol):
    """Tells the time in UTC."""

    def now(self) -> datetime: ...


class QuickBooksOAuth:
    """The OAuth endpoints for one app; satisfies the actors' TokenEndpoint. `timeout` is in seconds."""

    def __init__(
        self,
        transport: Transport,
        *,
        client_id: str,
        client_secret: str,
        authorize_url: str,
        token_url: str,
        revoke_url: str,
        clock: Clock,
        timeout: float = 30.0,
    ) -> None:
        self._transport, self._timeout, self._clock = transport, timeout, clock
        self._client = (client_id, client_secret)
        self._authorize_url, self._token_url, self._revoke_url = authorize_url, token_url, revoke_url

    def authorize_url(self, state: str, redirect_uri: str) -> str:
        """Return the consent page's address; Intuit adds the realm to the redirect."""
        url, _ = self._words().create_authorization_url(
            self._authorize_url, state=state, redirect_uri=redirect_uri, scope=SCOPE
        )
        return str(url)

    async def exchange(self, code: str, redirect_uri: str) -> tuple[Tokens, str]:
        """Trade a code for tokens. The subject is "": Intuit names the realm in the redirect only."""
        asked = self._words().fetch_token(
            self._token_url, grant_type="authorization_code", code=code, redirect_uri=redirect_uri
        )
        return await self._ask("", asked, Tokens("")), ""

    async def refresh(self, subject: str, tokens: Tokens) -> Tokens:
        """Return the next tokens; from then on only their refresh token may work.

        Raises AuthError on invalid_grant, AppRefusedError when our own id or secret is refused, AnswerLostError when it
        may have been done all the same, TransientError for anything else that passes.
        """
        asked = self._words().refresh_token(self._token_url, refresh_token=tokens.refresh_token)
        return await self._ask(subject, asked, tokens)

    async def revoke(self, tokens: Tokens) -> None:
        """End the connection; one that is already ended is fine. Raises TransientError."""
        answer = await self._words().revoke_token(self._revoke_url, token=tokens.refresh_token or tokens.access_token)
        if answer.status >= 300 and _error(answer) != "invalid_grant":
            raise _failure("", answer)

    def _words(self) -> OAuthWording:
        return OAuthWording(
            self._transport,
            *self._client,
            timeout=self._timeout,
            authentication="client_secret_basic",
            extra=_HARD_EXPIRY,
        )

    async def _ask(self, subject: str, asked: Coroutine[Any, Any, HttpAnswer], before: Tokens) -> Tokens:
        answer = await asked
        if not 200 <= answer.status < 300:
            raise _failure(subject, answer)
        try:
            found = msgspec.json.decode(answer.body, type=_Granted)
        except UNREADABLE as error:
            # The refresh token handed in may be spent by now, so this is not a plain failure.
            raise AnswerLostError("the token answer could not be read") from error
        return self._tokens(found, before)

    def _tokens(self, found: _Granted, before: Tokens) -> Tokens:
        now = self._clock.now()
        lives = [one for one in (found.x_refresh_token_expires_in, found.x_refresh_token_hard_expires_in) if one]
        return Tokens(
            access_token=found.access_token,
            refresh_token=found.refresh_token or before.refresh_token,
            expires_at=now + lifetime(found.expires_in),
            refresh_expires_at=now + lifetime(min(lives)) if lives else before.refresh_expires_at,
            scope=SCOPE,
        )


class _Granted(msgspec.Struct, frozen=True):
    access_token: Annotated[str, msgspec.Meta(min_length=1)]
    expires_in: int = 3600
    refresh_token: str | None = None
    x_refresh_token_expires_in: int | None = None
    x_refresh_token_hard_expires_in: int | None = None

    def __repr__(self) -> str:
        return "_Granted(…)"


class _Failed(msgspec.Struct, frozen=True):
    error: str = ""


def _error(answer: HttpAnswer) -> str:
    try:
        return msgspec.json.decode(answer.body, type=_Failed).error
    except UNREADABLE:
        return ""


def _failure(subject: str, answer: HttpAnswer) -> AuthError | TransientError:
    """Tell a dead grant from trouble that passes: only OAuth's own word for it means that a human must reconnect."""
    error = _error(answer)
    if answer.status in (400, 401) and error == _DEAD:
        return AuthError(Provider.QUICKBOOKS, subject, error)
    if answer.status in (400, 401) and error in _APP:
        return AppRefusedError(error)
    if answer.status in _PERHAPS_DONE:
        return AnswerLostError(f"the token endpoint answered {answer.status}")
    return TransientError(f"the token endpoint answered {answer.status}", asked_to_wait(answer))
