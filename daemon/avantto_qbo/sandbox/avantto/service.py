"""The stand-in Avantto service without sockets: routing, tokens, limits and refusals as the vendor does them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from avantto_qbo.sandbox.avantto import (
    agency_endpoints,
    contact_endpoints,
    invoice_endpoints,
    message_endpoints,
    oauth,
    payment_endpoints,
)
from avantto_qbo.sandbox.avantto.documents import VendorError, refuse, unprocessable
from avantto_qbo.sandbox.avantto.events import RETRIES
from avantto_qbo.sandbox.avantto.knobs import Knobs
from avantto_qbo.sandbox.avantto.limits import Limits
from avantto_qbo.sandbox.avantto.play import Play
from avantto_qbo.sandbox.avantto.routing import AgencyCall, Call, Route, same_location
from avantto_qbo.sandbox.avantto.world import Grant, World
from avantto_qbo.sandbox.faults import FaultPlan
from avantto_qbo.sandbox.http import NotJsonError, Reply, Request, json_reply
from avantto_qbo.sandbox.traffic import Traffic
from avantto_qbo.sandbox.webhooks import Outbox

ROUTES = (
    *contact_endpoints.ROUTES,
    *message_endpoints.ROUTES,
    *invoice_endpoints.ROUTES,
    *payment_endpoints.ROUTES,
    *agency_endpoints.ROUTES,
)
_CONSENT = ("/oauth/chooselocation", "/v2/oauth/chooselocation")
_LIBRARY_AGENT = re.compile(r"python[-/ ]", re.IGNORECASE)


class Avantto:
    """One vendor with its locations. `handle` answers the API, `play` acts as people in the vendor's UI."""

    def __init__(self, now: Callable[[], datetime], rng: random.Random) -> None:
        self.faults = FaultPlan(rng)
        self.outbox = Outbox(rng, RETRIES)
        self.traffic = Traffic()
        self.world = World(now, rng, self.outbox)
        self.play = Play(self.world, self.faults, self.traffic)
        self._limits = Limits()

    @property
    def public_key(self) -> str:
        """The Ed25519 key that verifies this sandbox's webhooks, as PEM."""
        return self.world.signer.public_key

    def operation(self, request: Request) -> str:
        """Name what the request asks for, such as `contacts.create`; `unknown` when nothing fits."""
        if request.path in _CONSENT:
            return "oauth.choose_location"
        if request.path == "/oauth/token":
            return "oauth.token"
        route, _ = _find(request)
        return route.operation if route else "unknown"

    def commit_delay(self, _request: Request, /) -> float:
        """Return how many seconds pass before the request is committed: none."""
        return 0.0

    def handle(self, request: Request) -> Reply:
        """Answer one request and note it in the journal."""
        account, reply = self._answer(request)
        counters = self.traffic.of(account)
        if reply.status == 429:
            counters.throttled += 1
        elif request.method != "GET" and reply.status < 300:
            counters.writes += 1
        self.traffic.record(self.world.now(), account, self.operation(request), request, reply)
        return reply

    def _answer(self, request: Request) -> tuple[str, Reply]:
        if request.method == "GET" and request.path in _CONSENT:
            return "", oauth.choose_location(self.world, request)
        agent = request.headers.get("user-agent", "")
        if self.world.app.refuse_library_agents and _LIBRARY_AGENT.match(agent):
            # The network in front of the API answers library defaults itself, in plain text.
            return "", Reply(403, {"content-type": "text/plain; charset=UTF-8"}, b"error code: 1010")
        try:
            if request.method == "POST" and request.path == "/oauth/token":
                return "", json_reply(200, oauth.exchange(self.world, request))
            return self._authorized(request)
        except VendorError as error:
            return "", json_reply(error.status, error.body)

    def _authorized(self, request: Request) -> tuple[str, Reply]:
        route, path = _find(request)
        if route is None:
            refuse(404, f"Cannot {request.method} {request.path}", "Not Found")
        grant = oauth.authenticate(self.world, request.headers.get("authorization", ""))
        account = grant.location or grant.company
        location = self.world.locations.get(grant.location)
        knobs = location.knobs if location else Knobs()
        admitted, headers = self._limits.admit(account, knobs, self.world.now())
        try:
            route.check_version(request.headers.get("version"), strict=knobs.strict_versions)
            if not admitted:
                refuse(429, "Too Many Requests")
            payload = self._carry_out(route, path, grant, request)
        except VendorError as error:
            return account, json_reply(error.status, error.body, headers)
        return account, json_reply(route.status, payload, headers)

    def _carry_out(self, route: Route, path: Mapping[str, str], grant: Grant, request: Request) -> Any:
        if route.scope not in grant.scopes:
            refuse(401, "The token is not authorized for this scope.", "Unauthorized")
        if route.agency:
            return self._carry_out_for_agency(route, grant, request)
        location = self.world.locations.get(grant.location)
        if location is None:
            refuse(401, "This authClass type is not allowed to access this scope.", "Unauthorized")
        body = _body(request) if route.body is not None else {}
        query = request.query
        route.check(query, body)
        same_location(location, query.get("altId"), query.get("locationId"), body.get("locationId"))
        if query.get("altType", "location") != "location":
            unprocessable(["altType must be one of the following values: location"])
        return route.answer(Call(self.world, location, grant, path, query, body))

    def _carry_out_for_agency(self, route: Route, grant: Grant, request: Request) -> Any:
        if grant.location:
            refuse(401, "The token is not authorized for this scope.", "Unauthorized")
        route.check(request.query, {})
        return route.answer(AgencyCall(self.world, grant, request))


def _find(request: Request) -> tuple[Route | None, Mapping[str, str]]:
    for route in ROUTES:
        path = route.match(request.method, request.path)
        if path is not None:
            return route, path
    return None, {}


def _body(request: Request) -> Mapping[str, Any]:
    if not request.body.strip():
        return {}
    try:
        body = request.json()
    except NotJsonError:
        refuse(400, "Unexpected token in JSON", "Bad Request")
    if not isinstance(body, dict):
        refuse(400, "The body must be an object", "Bad Request")
    return body
