"""Authlib's OAuth 2 over our transport: it words and authenticates the requests, we send them and read the answers.

Authlib's own reading of token answers is left out, for it takes the time from the system's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.client import OAuth2Client

from avantto_qbo.model.http import HttpAnswer, HttpRequest, Transport

_LONGEST: Final = timedelta(days=3650)


def lifetime(seconds: int) -> timedelta:
    """Return how long a token lives by the endpoint's word; absurd figures must not cost the tokens they came with."""
    return timedelta(seconds=min(max(seconds, 0), int(_LONGEST.total_seconds())))


class OAuthWording(OAuth2Client):  # type: ignore[misc]  # authlib carries no types
    """One app's requests to one token endpoint. `extra` headers go with each; `timeout` is in seconds.

    `authentication` is how the app names itself: `client_secret_basic` or `client_secret_post` (RFC 6749, 2.3.1).
    """

    def __init__(
        self,
        transport: Transport,
        client_id: str,
        client_secret: str,
        *,
        timeout: float,
        authentication: str,
        extra: Mapping[str, str],
    ) -> None:
        super().__init__(transport, client_id, client_secret, token_endpoint_auth_method=authentication)
        self._timeout, self._extra = timeout, extra

    async def _fetch_token(
        self, url: str, body: str = "", headers: Any = None, auth: ClientAuth | None = None, **_: Any
    ) -> HttpAnswer:
        return await self._http_post(url, body, auth, headers)

    async def _refresh_token(
        self, url: str, refresh_token: Any = None, body: str = "", headers: Any = None, auth: Any = None, **_: Any
    ) -> HttpAnswer:
        del refresh_token  # it stands in the body already
        return await self._http_post(url, body, auth, headers)

    async def _http_post(
        self, url: str, body: str = "", auth: ClientAuth | None = None, headers: Any = None, **_: Any
    ) -> HttpAnswer:
        sent = {**(headers or {}), **self._extra}
        if auth is not None:
            url, sent, body = auth.prepare("POST", url, sent, body)
        answer: HttpAnswer = await self.session.send(HttpRequest("POST", url, sent, body.encode()), self._timeout)
        return answer
