"""A client's view of the stand-in Avantto service, with a clock that tests move."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from avantto_qbo.sandbox.avantto import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, Avantto
from avantto_qbo.sandbox.http import Reply, Request, decode_json, encode_json

PLACE = "Loc00000000000000001"
OTHER_PLACE = "Loc00000000000000002"
VERSION = "2021-07-28"
CONVERSATIONS = "2021-04-15"
ALT = {"altId": PLACE, "altType": "location"}
GST = {"name": "GST", "rate": 10}
ANN = {"name": "Ann Lee", "email": "ann@example.com", "phone": "+12125550123"}


@dataclass
class Clock:
    moment: datetime = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Desk:
    """One sandbox with two locations and a token for the first."""

    def __init__(self, seed: int = 7) -> None:
        self.clock = Clock()
        self.service = Avantto(self.clock, random.Random(seed))
        self.play = self.service.play
        self.play.add_location(PLACE, "Ann's Bakery")
        self.play.add_location(OTHER_PLACE, "Elsewhere")
        self.play.webhooks(url="http://listener.invalid/hook")
        self.tokens = self.play.mint_tokens(PLACE)

    def call(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        body: object = None,
        *,
        token: str = "",
        version: str = VERSION,
        agent: str = "test-client/1",
    ) -> Reply:
        headers = {"authorization": f"Bearer {token or self.tokens['access_token']}", "user-agent": agent}
        if version:
            headers["version"] = version
        data = b"" if body is None else encode_json(body)
        return self.service.handle(Request(method, path, query or {}, headers, data))

    def get(self, path: str, **query: str) -> Any:
        reply = self.call("GET", path, query)
        assert reply.status == 200, reply.body
        return reply.json()

    def pass_days(self, days: int) -> None:
        """Let days go by, and get a token that is still good then."""
        self.clock.advance(days * 86_400)
        self.tokens = self.play.mint_tokens(PLACE)

    def token(self, **form: str) -> Reply:
        client = {"client_id": DEFAULT_CLIENT_ID, "client_secret": DEFAULT_CLIENT_SECRET}
        headers = {"content-type": "application/x-www-form-urlencoded", "user-agent": "test-client/1"}
        return self.service.handle(Request("POST", "/oauth/token", {}, headers, urlencode({**client, **form}).encode()))

    def consent(self, **query: str) -> dict[str, str]:
        wanted = {"response_type": "code", "client_id": DEFAULT_CLIENT_ID, "redirect_uri": "http://app.test/cb"}
        request = Request("GET", "/v2/oauth/chooselocation", {**wanted, **query})
        reply = self.service.handle(request)
        assert reply.status == 302, reply.body
        return dict(parse_qsl(urlsplit(reply.headers["location"]).query))

    def message(self, body: dict[str, Any]) -> Reply:
        return self.call("POST", "/conversations/messages", body=body, version=CONVERSATIONS)

    def events(self) -> list[Any]:
        """Take the webhooks announced since the last call."""
        return [decode_json(delivery.body) for delivery in self.service.outbox.take()]

    def event_types(self) -> list[str]:
        return [event["type"] for event in self.events()]


def money(value: str) -> Decimal:
    return Decimal(value)
