"""Intuit's OAuth 2: authorize, token and revoke endpoints, rotation of refresh tokens, expiry.

Source: Intuit's OAuth page and its published SDKs. An access token lives 3,600 s, a refresh token 101 days from its
last use; the refresh token changes about daily (knob `rotation`), and the old one dies at once or when the new access
token is first used (knob `old_refresh`).
"""

from __future__ import annotations

import base64
import binascii
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from avantto_qbo.sandbox.http import NotJsonError, Reply, Request, json_reply
from avantto_qbo.sandbox.quickbooks.knobs import Knobs
from avantto_qbo.sandbox.quickbooks.refusals import unauthenticated

ACCESS_SECONDS = 3600
REFRESH_SECONDS = 8_726_400
HARD_REFRESH_SECONDS = 5 * 365 * 86_400
ROTATION_PERIOD = timedelta(hours=24)
CODE_LIFETIME = timedelta(minutes=10)


@dataclass(slots=True)
class Grant:
    """A company's consent and the refresh tokens issued under it."""

    realm: str
    refresh: str
    rotated: datetime
    expires: datetime
    previous: str = ""
    access: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Access:
    grant: Grant
    expires: datetime


@dataclass(frozen=True, slots=True)
class _Code:
    realm: str
    redirect: str
    expires: datetime


class Authority:
    """Issues, rotates, checks and revokes tokens."""

    def __init__(
        self,
        now: Callable[[], datetime],
        rng: random.Random,
        client: tuple[str, str],
        knobs_of: Callable[[str], Knobs],
    ) -> None:
        self._now = now
        self._rng = rng
        self._client_id, self._client_secret = client
        self._knobs_of = knobs_of
        self._codes: dict[str, _Code] = {}
        self._access: dict[str, _Access] = {}
        self._refresh: dict[str, Grant] = {}

    # -- endpoints -----------------------------------------------------------------------------------------------

    def authorize(self, query: Mapping[str, str], realm: str | None) -> Reply:
        """Grant at once and redirect with a code; without a realm the person has refused."""
        redirect = query.get("redirect_uri", "")
        if query.get("client_id") != self._client_id or not redirect:
            return json_reply(400, {"error": "invalid_request"})
        answer = {"state": query.get("state", "")}
        if realm is None:
            answer["error"] = "access_denied"
        else:
            code = f"AB{self._secret(20)}"
            self._codes[code] = _Code(realm, redirect, self._now() + CODE_LIFETIME)
            answer |= {"code": code, "realmId": realm}
        separator = "&" if "?" in redirect else "?"
        return Reply(302, {"location": f"{redirect}{separator}{urlencode(answer)}"})

    def token(self, request: Request) -> Reply:
        """Answer the token endpoint: authorization_code or refresh_token."""
        if not self._client_known(request):
            return json_reply(401, {"error": "invalid_client"})
        form = request.form()
        if form.get("grant_type") == "authorization_code":
            grant = self._exchange(form)
        elif form.get("grant_type") == "refresh_token":
            grant = self._refreshed(form)
        else:
            return json_reply(400, {"error": "unsupported_grant_type"})
        if grant is None:
            detail = "Incorrect or invalid refresh token" if "refresh_token" in form else "Token invalid"
            return json_reply(400, {"error": "invalid_grant", "error_description": detail})
        answer = self._answer(grant)
        if request.headers.get("x-include-refresh-token-hard-expires-in") == "true":
            answer["x_refresh_token_hard_expires_in"] = HARD_REFRESH_SECONDS
        return json_reply(200, answer)

    def revoke(self, request: Request) -> Reply:
        """Answer the revoke endpoint: either token ends the whole connection."""
        if not self._client_known(request):
            return json_reply(401, {"error": "invalid_client"})
        token = self._token_to_revoke(request)
        access = self._access.get(token)
        grant = access.grant if access else self._refresh.get(token)
        if grant is None:
            return json_reply(400, {"error": "invalid_grant"})
        self.disconnect(grant.realm)
        return Reply(200)

    # -- for the service and the control interface -----------------------------------------------------------------

    def realm_of(self, authorization: str) -> str:
        """Return the realm a bearer token speaks for; raise `RefusedError` 3200."""
        kind, _, token = authorization.partition(" ")
        access = self._access.get(token)
        if kind.lower() != "bearer" or access is None:
            raise unauthenticated("Malformed bearer token: too short or too long")
        if access.expires <= self._now():
            raise unauthenticated("Token expired")
        if access.grant.previous and token == access.grant.access[-1]:
            self._refresh.pop(access.grant.previous, None)
            access.grant.previous = ""
        return access.grant.realm

    def mint(self, realm: str) -> dict[str, object]:
        """Return a token response as if a person had just connected the realm."""
        return {**self._answer(self._new_grant(realm)), "realmId": realm}

    def expire(self, realm: str, *, refresh: bool) -> None:
        """End the life of a realm's access tokens now, and with `refresh` of its refresh tokens."""
        for token, access in self._access.items():
            if access.grant.realm == realm:
                self._access[token] = _Access(access.grant, self._now())
        if refresh:
            self._refresh = {token: grant for token, grant in self._refresh.items() if grant.realm != realm}

    def disconnect(self, realm: str) -> None:
        """Forget every token of a realm."""
        self._access = {token: access for token, access in self._access.items() if access.grant.realm != realm}
        self._refresh = {token: grant for token, grant in self._refresh.items() if grant.realm != realm}

    # -- inside ------------------------------------------------------------------------------------------------------

    def _client_known(self, request: Request) -> bool:
        kind, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            decoded = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        return kind.lower() == "basic" and decoded == f"{self._client_id}:{self._client_secret}"

    def _exchange(self, form: Mapping[str, str]) -> Grant | None:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or code.expires <= self._now() or code.redirect != form.get("redirect_uri"):
            return None
        return self._new_grant(code.realm)

    def _refreshed(self, form: Mapping[str, str]) -> Grant | None:
        sent = form.get("refresh_token", "")
        grant = self._refresh.get(sent)
        now = self._now()
        if grant is None or grant.expires <= now:
            return None
        knobs = self._knobs_of(grant.realm)
        due = knobs.rotation == "every" or now - grant.rotated >= ROTATION_PERIOD
        if due and sent != grant.previous:
            self._rotate(grant, keep_old=knobs.old_refresh == "until_used")
        grant.expires = now + timedelta(seconds=REFRESH_SECONDS)
        return grant

    def _rotate(self, grant: Grant, *, keep_old: bool) -> None:
        if grant.previous:
            self._refresh.pop(grant.previous, None)
        old, grant.previous = grant.refresh, ""
        if keep_old:
            grant.previous = old
        else:
            self._refresh.pop(old, None)
        grant.refresh = self._new_refresh()
        grant.rotated = self._now()
        self._refresh[grant.refresh] = grant

    def _new_grant(self, realm: str) -> Grant:
        now = self._now()
        grant = Grant(realm, self._new_refresh(), now, now + timedelta(seconds=REFRESH_SECONDS))
        self._refresh[grant.refresh] = grant
        return grant

    def _new_refresh(self) -> str:
        return f"AB11{self._secret(23)}"

    def _answer(self, grant: Grant) -> dict[str, object]:
        token = f"eyJ{self._secret(40)}"
        self._access[token] = _Access(grant, self._now() + timedelta(seconds=ACCESS_SECONDS))
        grant.access.append(token)
        return {
            "token_type": "bearer",
            "access_token": token,
            "expires_in": ACCESS_SECONDS,
            "refresh_token": grant.refresh,
            "x_refresh_token_expires_in": int((grant.expires - self._now()).total_seconds()),
        }

    def _token_to_revoke(self, request: Request) -> str:
        try:
            body = request.json()
        except NotJsonError:
            return request.form().get("token", "")
        return str(body.get("token", "")) if isinstance(body, dict) else ""

    def _secret(self, length: int) -> str:
        return f"{self._rng.getrandbits(length * 4):0{length}x}"
