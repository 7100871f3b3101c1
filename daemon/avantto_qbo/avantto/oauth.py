"""Consent and tokens. Access tokens last a day; a refresh token is used once and brings the next one."""

from __future__ import annotations

import re
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import msgspec

from avantto_qbo.avantto import requests
from avantto_qbo.avantto.leaves import Wire, decoder, first, text
from avantto_qbo.avantto.limits import wait_after
from avantto_qbo.errors import AnswerLostError, AppRefusedError, AuthError, TransientError
from avantto_qbo.model.grant import Provider, Tokens
from avantto_qbo.model.http import HttpAnswer, HttpRequest, Transport
from avantto_qbo.model.ids import LocationId
from avantto_qbo.oauth_wording import OAuthWording, lifetime

_DIGITS: Final = 12  # of a lifetime in seconds: more would be no number of Python's
REFRESH_LIFETIME: Final = timedelta(days=365)  # documented: a year, or until used
_AUTHENTICATION: Final = "client_secret_post"
_FORM: Final = "application/x-www-form-urlencoded"
# OAuth's own codes (RFC 6749, 5.2), and the words used where there is no code.
_DEAD: Final = re.compile(r"invalid_grant|invalid grant|invalid refresh|refresh token is invalid", re.IGNORECASE)
_APP: Final = re.compile(r"invalid_client|unauthorized_client|client credentials|client_(id|secret)", re.IGNORECASE)
_PERHAPS_DONE: Final = frozenset({500, 502, 504})  # the answer of somebody in between, or of a service that fell over


class Clock(Protocol):
    """Tells the time in UTC."""

    def now(self) -> datetime: ...


class _Answer(Wire, frozen=True):
    access_token: Any = msgspec.field(name="access_token", default=None)
    refresh_token: Any = msgspec.field(name="refresh_token", default=None)
    expires_in: Any = msgspec.field(name="expires_in", default=None)
    scope: Any = None
    location_id: Any = None
    company_id: Any = None
    error: Any = None
    error_description: Any = msgspec.field(name="error_description", default=None)
    message: Any = None

    def __repr__(self) -> str:
        return "_Answer(…)"


_ANSWER = decoder(_Answer)


class AvanttoOAuth:
    """Avantto's OAuth endpoints for one app.

    `scopes` are asked for on the consent page only. There is nothing to revoke by API: a location's owner removes the
    app in Avantto. `timeout` is in seconds.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        client_id: str,
        client_secret: str,
        authorize_url: str,
        token_url: str,
        scopes: Sequence[str],
        clock: Clock,
        timeout: float = 30.0,
    ) -> None:
        self._transport = transport
        self._credentials = (client_id, client_secret)
        self._authorize_url = authorize_url
        self._token_url = token_url
        self._scopes = tuple(scopes)
        self._clock = clock
        self._timeout = timeout

    def authorize_url(self, state: str, redirect_uri: str) -> str:
        """Return the consent page's address."""
        url, _ = self._protocol().create_authorization_url(
            self._authorize_url, state=state, redirect_uri=redirect_uri, scope=" ".join(self._scopes)
        )
        # Only a space is written "+": "%20" is what every reader of a query understands.
        return str(url).replace("+", "%20")

    async def exchange(self, code: str, redirect_uri: str) -> tuple[Tokens, str]:
        """Trade a code for tokens and the location they are for ("" for an agency, named by `company_id`)."""
        asked = self._protocol().fetch_token(
            self._token_url, grant_type="authorization_code", code=code, redirect_uri=redirect_uri, user_type="Location"
        )
        found = await self._ask("", asked)
        return self._tokens(found, Tokens("")), text(found.location_id)

    async def refresh(self, subject: str, tokens: Tokens) -> Tokens:
        """Return the next tokens; the refresh token handed in is spent by this.

        A private integration token has none and cannot be refreshed: AuthError. A location token made from an agency
        token may have none either: `location_token` makes the next one.
        """
        if not tokens.refresh_token:
            raise AuthError(Provider.AVANTTO, subject, "no_refresh_token")
        kind = "Location" if subject != tokens.company_id else "Company"
        asked = self._protocol().refresh_token(self._token_url, refresh_token=tokens.refresh_token, user_type=kind)
        return self._tokens(await self._ask(subject, asked), tokens)

    async def location_token(self, company_tokens: Tokens, company_id: str, location: LocationId) -> Tokens:
        """Make a location's tokens from its agency's; AuthError means the agency's token was refused."""
        # Authlib has no such grant; the form is the vendor's own.
        url = self._token_url.rpartition("/")[0] + "/locationToken"
        body = requests.path(companyId=company_id, locationId=location).removeprefix("/?").encode()
        headers = requests.headers(company_tokens.access_token, content_type=_FORM)
        asked = self._transport.send(HttpRequest("POST", url, headers, body), self._timeout)
        found = await self._ask(company_id, asked, by_token=True)
        return self._tokens(found, Tokens("", company_id=company_id))

    async def revoke(self, tokens: Tokens) -> None:
        """Do nothing: the vendor has no such endpoint."""

    def _protocol(self) -> OAuthWording:
        return OAuthWording(
            self._transport,
            *self._credentials,
            timeout=self._timeout,
            authentication=_AUTHENTICATION,
            extra={"User-Agent": requests.USER_AGENT},
        )

    async def _ask(self, subject: str, asked: Coroutine[Any, Any, HttpAnswer], *, by_token: bool = False) -> _Answer:
        answer = await asked
        found = _read(answer)
        if 200 <= answer.status < 300:
            if not text(found.access_token):
                # The old refresh token may be spent by now, so this is not a plain refusal.
                raise AnswerLostError("the token answer could not be read")
            return found
        if by_token and answer.status == 401:
            raise AuthError(Provider.AVANTTO, subject, "unauthorized")
        raise _failure(subject, answer, found)

    def _tokens(self, found: _Answer, before: Tokens) -> Tokens:
        now = self._clock.now()
        refresh_token = first(found.refresh_token, before.refresh_token)
        seconds = text(found.expires_in)
        return Tokens(
            access_token=text(found.access_token),
            refresh_token=refresh_token,
            expires_at=now + lifetime(int(seconds[:_DIGITS])) if seconds.isdecimal() else None,
            refresh_expires_at=now + REFRESH_LIFETIME if refresh_token else None,
            scope=first(found.scope, before.scope),
            company_id=first(found.company_id, before.company_id),
        )


def _read(answer: HttpAnswer) -> _Answer:
    try:
        return _ANSWER.decode(answer.body)
    except (ValueError, RecursionError):
        return _Answer()


def _failure(subject: str, answer: HttpAnswer, found: _Answer) -> AuthError | TransientError:
    """Tell a dead grant from trouble that passes. Reasons are codes: descriptions may quote tokens."""
    said = found.message if isinstance(found.message, list) else [found.message]
    words = " ".join(map(text, (found.error, found.error_description, *said))).strip()
    dead = _DEAD.search(words)
    if answer.status in (400, 401, 403, 422) and dead:
        return AuthError(Provider.AVANTTO, subject, dead.group().lower().replace(" ", "_"))
    # RFC 6749, 5.2: a 401 is about the app. Without words of the vendor's own it is the network's.
    if _APP.search(words) if answer.status in (400, 403, 422) else answer.status == 401 and words:
        return AppRefusedError("invalid_client")
    if answer.status in _PERHAPS_DONE:
        return AnswerLostError(f"the token endpoint answered {answer.status}")
    asked = answer.status == 429 or (answer.status == 503 and "retry-after" in answer.headers)
    wait = wait_after(answer.headers) if asked else None
    return TransientError(f"the token endpoint answered {answer.status}", wait)
