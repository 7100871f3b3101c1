"""Connect in a browser: a signed, single-use link, Avantto's consent, QuickBooks' consent, done.

Only the last step changes anything. What is known between the steps lives in memory; a restart in between means
opening the link again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from avantto_qbo.actors.house import House
from avantto_qbo.errors import AppRefusedError, AuthError, AvanttoQboError, RefusedError, TransientError
from avantto_qbo.journal import activity, inbox
from avantto_qbo.model.grant import Tokens
from avantto_qbo.model.ids import LocationId, RealmId
from avantto_qbo.model.records import Activity
from avantto_qbo.server.api import ConnectAnswer, LinkAnswer
from avantto_qbo.server.ports import Redirect
from avantto_qbo.service.connecting import Connecting, Order, Vendor

_GOOD_FOR: Final = timedelta(hours=24)


class _Ticket(msgspec.Struct, frozen=True):
    """What a link carries, signed."""

    location: LocationId
    nonce: str
    expires_at: datetime


class Browser:
    """The three steps behind a connect link. `key` signs links; `public_url` is where the vendors send people back."""

    def __init__(
        self, house: House, connecting: Connecting, *, avantto: Vendor, quickbooks: Vendor, key: bytes, public_url: str
    ) -> None:
        self._house, self._connecting = house, connecting
        self._avantto, self._quickbooks = avantto, quickbooks
        self._key = key
        self._public_url = public_url
        self._halfway: dict[str, Tokens] = {}

    async def link(self, location: LocationId, actor: str) -> LinkAnswer:
        """Make a link that connects `location` once within a day; who asked for it stands in the activity."""
        now = self._house.clock.now()
        expires_at = now + _GOOD_FOR
        line = Activity(now, location, "location.link", "a connect link was made", actor=actor)
        await self._house.journal.write(lambda db: activity.record(db, line))
        token = self._sign(_Ticket(location, secrets.token_urlsafe(18), expires_at))
        return LinkAnswer(location, f"{self._public_url}/connect/{token}", expires_at)

    async def begin_connect(self, token: str) -> Redirect:
        """The link was opened: on to Avantto's consent."""
        ticket = await self._ticket(token)
        url = self._avantto.endpoint.authorize_url(ticket.nonce, self._callback("avantto"))
        return Redirect(url, cookie=token)

    async def avantto_callback(self, params: Mapping[str, str], cookie: str) -> Redirect:
        """Avantto consented: keep its tokens and go on to QuickBooks."""
        ticket = await self._ticket(cookie)
        if params.get("state", ticket.nonce) != ticket.nonce:  # Avantto may not echo it; if it does, it must be ours
            raise RefusedError("this answer belongs to another link", "open the link again")
        tokens, subject = await self._exchange(self._avantto, params)
        if subject and subject != ticket.location:
            problem = f"you chose location {subject}, but this link is for {ticket.location}"
            raise RefusedError(problem, "open the link again and choose that location")
        self._halfway[ticket.nonce] = tokens
        return Redirect(self._quickbooks.endpoint.authorize_url(ticket.nonce, self._callback("quickbooks")), cookie)

    async def quickbooks_callback(self, params: Mapping[str, str], cookie: str) -> ConnectAnswer:
        """QuickBooks consented: connect, and use the link up."""
        ticket = await self._ticket(cookie)
        avantto = self._halfway.get(ticket.nonce)
        if params.get("state") != ticket.nonce or avantto is None:
            raise RefusedError("this answer belongs to another link", "open the link again")
        realm = RealmId(params.get("realmId", ""))
        if params.get("code") and not realm:
            raise RefusedError("quickbooks named no company", "open the link again")
        tokens, _ = await self._exchange(self._quickbooks, params)
        order = Order(
            location=ticket.location,
            realm=realm,
            avantto=avantto,
            quickbooks=tokens,
            since=None,
            share=False,
            actor="browser",
        )
        answer = await self._connecting.connect(order)
        self._halfway.pop(ticket.nonce, None)
        now = self._house.clock.now()
        await self._house.journal.write(lambda db: inbox.deliver(db, "connect-link", ticket.nonce, now))
        return answer

    async def _exchange(self, vendor: Vendor, params: Mapping[str, str]) -> tuple[Tokens, str]:
        code = params.get("code", "")
        if not code:
            raise RefusedError(
                f"{vendor.provider} did not agree ({params.get('error', 'no code')})", "open the link again"
            )
        try:
            return await vendor.endpoint.exchange(code, self._callback(vendor.provider))
        except AppRefusedError as error:
            raise RefusedError(
                f"{vendor.provider} refuses this program's own client id or secret", "tell whoever runs it"
            ) from error
        except (AuthError, TransientError) as error:
            raise RefusedError(
                f"{vendor.provider} did not accept the consent ({error})", "open the link again"
            ) from error

    def _callback(self, provider: str) -> str:
        return f"{self._public_url}/oauth/{provider}/callback"

    def _sign(self, ticket: _Ticket) -> str:
        body = msgspec.json.encode(ticket)
        return _text(body) + "." + _text(hmac.digest(self._key, body, hashlib.sha256))

    async def _ticket(self, token: str) -> _Ticket:
        ticket = self._verified(token)
        if ticket.expires_at < self._house.clock.now():
            raise RefusedError("this link is too old", f"avantto-qbo connect {ticket.location}")
        if await self._house.journal.read(lambda db: inbox.delivered(db, "connect-link", ticket.nonce)):
            raise RefusedError("this link was used already", f"avantto-qbo connect {ticket.location}")
        return ticket

    def _verified(self, token: str) -> _Ticket:
        body, _, signature = token.partition(".")
        try:
            raw = _bytes(body)
            if hmac.compare_digest(hmac.digest(self._key, raw, hashlib.sha256), _bytes(signature)):
                return msgspec.json.decode(raw, type=_Ticket)
        except (ValueError, AvanttoQboError):
            pass
        raise RefusedError("this is not a link of ours", "ask for a new one: avantto-qbo connect LOCATION")


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
