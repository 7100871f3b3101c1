"""QuickBooks Online without a socket: routing, authorisation, limits, metering, the answers' envelopes."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from avantto_qbo.sandbox.faults import FaultPlan
from avantto_qbo.sandbox.http import Reply, Request, json_reply
from avantto_qbo.sandbox.quickbooks import ledger
from avantto_qbo.sandbox.quickbooks.batch import run_batch
from avantto_qbo.sandbox.quickbooks.changes import capture
from avantto_qbo.sandbox.quickbooks.company import SERVER_ZONE, Company, Kind
from avantto_qbo.sandbox.quickbooks.entities import BY_PATH, Entity
from avantto_qbo.sandbox.quickbooks.events import SILENT, notification, signed_headers
from avantto_qbo.sandbox.quickbooks.fields import Json
from avantto_qbo.sandbox.quickbooks.knobs import Knobs
from avantto_qbo.sandbox.quickbooks.oauth import Authority
from avantto_qbo.sandbox.quickbooks.play import Play
from avantto_qbo.sandbox.quickbooks.refusals import RefusedError, gateway_forbidden, not_found, throttled, unsupported
from avantto_qbo.sandbox.quickbooks.replays import Replays, check_id
from avantto_qbo.sandbox.quickbooks.routes import (
    AUTHORIZE,
    READS,
    REVOKE,
    TOKEN,
    Route,
    includes,
    json_object,
    oauth_operation,
    query_text,
    route_of,
)
from avantto_qbo.sandbox.quickbooks.search import answer
from avantto_qbo.sandbox.quickbooks.seed import plant
from avantto_qbo.sandbox.quickbooks.statement import parse
from avantto_qbo.sandbox.quickbooks.throttle import Throttle
from avantto_qbo.sandbox.traffic import Traffic
from avantto_qbo.sandbox.webhooks import Outbox, RetryPolicy

CLIENT_ID = "sandbox-quickbooks"
CLIENT_SECRET = "sandbox-quickbooks-secret"
# Intuit: 10 s, 20 s, 30 s, 5 min, 20 min, 2 h, 4 h, then 6 h; an answer within 3 s.
RETRIES = RetryPolicy(
    delays=(10.0, 20.0, 30.0, 300.0, 1200.0, 7200.0, 14_400.0, 21_600.0),
    timeout=3.0,
    failed=lambda status: status is None or not 200 <= status < 300,
)


class QuickBooks:
    """The stand-in service.

    `now` gives the instant as an aware datetime, `rng` every random choice; the OAuth client is fixed. `handle`
    answers one request at once; `play` is the control interface; `faults` and `outbox` are for whoever serves it.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        rng: random.Random,
        client_id: str = CLIENT_ID,
        client_secret: str = CLIENT_SECRET,
    ) -> None:
        self.now = now
        self._rng = rng
        self.companies: dict[str, Company] = {}
        self.consenting: str | None = ""
        self.workspace_read_quota: int | None = None
        self.faults = FaultPlan(rng)
        self.outbox = Outbox(rng, RETRIES)
        self.traffic = Traffic()
        self.authority = Authority(now, rng, (client_id, client_secret), self._knobs_of)
        self._throttle = Throttle(now)
        self._replays = Replays()
        self.play = Play(self)

    # -- what a server needs ---------------------------------------------------------------------------------------

    def handle(self, request: Request) -> Reply:
        """Answer one request and commit what it asks for."""
        route = route_of(request)
        tid = self._tid()
        bare = self._oauth(request) if route is None else self._accounting(route, request)
        reply = replace(bare, headers={**bare.headers, "intuit_tid": tid})
        self.traffic.record(
            self.now(),
            route.realm if route else "",
            route.operation if route else oauth_operation(request),
            request,
            reply,
        )
        self.announce_changes()
        return reply

    def operation(self, request: Request) -> str:
        """Name what a request asks for: `invoice.create`, `customer.query`, `cdc`, `batch`, `oauth.refresh`."""
        route = route_of(request)
        return route.operation if route else oauth_operation(request)

    def commit_delay(self, request: Request) -> float:
        """Return the seconds a write takes before it is committed (knob `commit_delay`)."""
        route = route_of(request)
        company = self.companies.get(route.realm) if route and route.verb not in READS else None
        return company.knobs.commit_delay if company else 0.0

    # -- for the control interface ---------------------------------------------------------------------------------

    def open_company(self, realm: str, kind: Kind, name: str) -> Company:
        """Make a new company with its usual contents."""
        company = Company(realm, kind, name, self.now)
        plant(company)
        self.companies[realm] = company
        return company

    def announce_changes(self) -> None:
        """Put the changes of all companies into one signed webhook."""
        changes = [change for company in self.companies.values() for change in company.take_changes()]
        told = [change for change in changes if change.entity not in SILENT]
        if told:
            settings = self.outbox.settings
            body = notification(told, self._rng, legacy=settings.legacy)
            self.outbox.announce(body, signed_headers(body, settings.verifier, self.now(), self._tid()))

    def time(self) -> str:
        """Return the envelope's time."""
        return self.now().astimezone(SERVER_ZONE).isoformat(timespec="milliseconds")

    # -- inside ----------------------------------------------------------------------------------------------------

    def _tid(self) -> str:
        return f"1-{self._rng.getrandbits(128):032x}"

    def _knobs_of(self, realm: str) -> Knobs:
        company = self.companies.get(realm)
        return company.knobs if company else Knobs()

    def _oauth(self, request: Request) -> Reply:
        if request.path == AUTHORIZE and request.method == "GET":
            realm = next(iter(self.companies), None) if self.consenting == "" else self.consenting
            return self.authority.authorize(request.query, realm)
        if request.path == TOKEN and request.method == "POST":
            return self.authority.token(request)
        if request.path == REVOKE and request.method == "POST":
            return self.authority.revoke(request)
        return json_reply(404, {"error": "not found"})

    def _accounting(self, route: Route, request: Request) -> Reply:
        try:
            spoken_for = self.authority.realm_of(request.headers.get("authorization", ""))
            company = self.companies.get(route.realm)
            if company is None or spoken_for != route.realm:
                return gateway_forbidden(self.time(), {})
            if not self._admitted(company, route):
                self.traffic.of(route.realm).throttled += 1
                return throttled(self.time(), {})
            reply = self._once(company, route, request)
        except RefusedError as refusal:
            return refusal.reply(self.time())
        self._meter(route, reply)
        return reply

    def _admitted(self, company: Company, route: Route) -> bool:
        if company.knobs.rate_limits and not self._throttle.admits(company.realm, batch=route.verb == "batch"):
            return False
        if route.verb not in READS:
            return True
        quota, spent = company.knobs.read_quota, self.traffic.of(company.realm).metered_reads
        if quota is not None and spent >= quota:
            return False
        return self.workspace_read_quota is None or self.traffic.total().metered_reads < self.workspace_read_quota

    def _meter(self, route: Route, reply: Reply) -> None:
        """Count a successful call: reads are metered, writes are free. Batches count as writes (UNVERIFIED)."""
        if reply.status != 200:
            return
        counters = self.traffic.of(route.realm)
        if route.verb in READS:
            counters.metered_reads += 1
        else:
            counters.writes += 1

    def _once(self, company: Company, route: Route, request: Request) -> Reply:
        identifier = request.query.get("requestid", "")
        if not identifier or route.verb in READS:
            return self._carry_out(company, route, request)
        check_id(identifier, batch=route.verb == "batch")
        kept = self._replays.recall(route.realm, identifier, company.knobs, self.now())
        if kept is not None:
            return kept
        reply = self._carry_out(company, route, request)
        self._replays.keep(route.realm, identifier, reply, self.now())
        return reply

    def _carry_out(self, company: Company, route: Route, request: Request) -> Reply:
        if route.verb == "query":
            content: Json = {"QueryResponse": answer(company, parse(query_text(request)))}
        elif route.verb == "cdc":
            query = request.query
            content = {"CDCResponse": capture(company, query.get("entities", ""), query.get("changedSince", ""))}
        elif route.verb == "batch":
            content = {"BatchItemResponse": run_batch(company, json_object(request), self._rng)}
        else:
            entity = BY_PATH.get(route.entity)
            if entity is None or route.verb == "unknown":
                raise unsupported(f"Operation {request.method} {route.entity} is not supported")
            content = {entity.name: self._one(company, entity, route, request)}
        return json_reply(200, {**content, "time": self.time()})

    def _one(self, company: Company, entity: Entity, route: Route, request: Request) -> Json:
        if route.verb == "read":
            return _read(company, entity, route.id)
        if route.verb == "send":
            return _send(company, entity, route.id)
        body = json_object(request)
        if route.verb == "delete":
            return ledger.delete(company, entity.name, body)
        if route.verb == "void":
            form = "operation" if request.query.get("operation") == "void" else "include"
            if entity.void != form:
                raise unsupported(f"Operation void is not supported for {entity.name} in this form")
            return ledger.void(company, entity.name, body)
        write = ledger.update if route.verb == "update" else ledger.create
        return write(company, entity.name, body, includes(request))


def _read(company: Company, entity: Entity, identifier: str) -> Json:
    if entity.name in {"CompanyInfo", "Preferences"}:
        identifier = "1"
    body = company.find(entity.name, identifier)
    if body is None:
        raise not_found(f"{entity.name} {identifier}")
    return body


def _send(company: Company, entity: Entity, identifier: str) -> Json:
    if entity.name not in {"Invoice", "SalesReceipt", "CreditMemo", "RefundReceipt"}:
        raise unsupported(f"Operation send is not supported for {entity.name}")
    return company.update(entity.name, {**_read(company, entity, identifier), "EmailStatus": "EmailSent"}, "emailed")
