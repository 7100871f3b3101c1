"""A desk with a QuickBooks stand-in on it: a clock to move, a company, short ways to post, ask and be refused."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from avantto_qbo.sandbox.http import Reply, Request, encode_json
from avantto_qbo.sandbox.quickbooks import QuickBooks

REALM = "4620816365000000001"


class Clock:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Desk:
    """One company and an app connected to it; each request comes one second after the last."""

    def __init__(self, kind: Any = "us", **knobs: Any) -> None:
        self.clock = Clock()
        self.service = QuickBooks(self.clock, random.Random(7))
        self.play = self.service.play
        self.play.add_company(REALM, kind, **knobs)
        self.tokens: Any = {}
        self.reconnect()

    def reconnect(self) -> None:
        self.tokens = self.play.mint_tokens(REALM)

    def send(self, method: str, path: str, body: Any = None, *, pause: float = 1.0, **query: str) -> Reply:
        self.clock.advance(pause)
        headers = {"authorization": f"Bearer {self.tokens['access_token']}"}
        data = b"" if body is None else encode_json(body)
        return self.service.handle(Request(method, f"/v3/company/{REALM}/{path}", query, headers, data))

    def post(self, entity: str, body: Any, **query: str) -> Any:
        reply = self.send("POST", entity.lower(), body, **query)
        assert reply.status == 200, reply.body
        return reply.json()[entity]

    def refused(self, entity: str, body: Any, **query: str) -> str:
        reply = self.send("POST", entity.lower(), body, **query)
        assert reply.status == 400, reply.body
        return str(reply.json()["Fault"]["Error"][0]["code"])

    def read(self, entity: str, identifier: str) -> Any:
        return self.send("GET", f"{entity.lower()}/{identifier}").json()[entity]

    def ask(self, statement: str) -> Any:
        reply = self.send("GET", "query", query=statement)
        assert reply.status == 200, reply.body
        return reply.json()["QueryResponse"]

    def query_refused(self, statement: str) -> str:
        reply = self.send("GET", "query", query=statement)
        assert reply.status == 400, reply.body
        return str(reply.json()["Fault"]["Error"][0]["code"])

    def cdc(self, entities: str, since: datetime) -> Any:
        reply = self.send("GET", "cdc", entities=entities, changedSince=since.isoformat())
        return reply.json()["CDCResponse"][0]["QueryResponse"]

    def customer(self, name: str = "Anna Berg", **members: Any) -> Any:
        return self.post("Customer", {"DisplayName": name, **members})

    def invoice(self, customer: Any, *lines: Any, **members: Any) -> Any:
        return self.post("Invoice", invoice(customer, *lines, **members))

    def payment(self, customer: Any, total: str, *links: tuple[Any, str], **members: Any) -> Any:
        return self.post("Payment", payment(customer, total, *links, **members))


def ref(body: Any) -> dict[str, str]:
    return {"value": body["Id"]}


def version(body: Any, **members: Any) -> dict[str, Any]:
    return {"Id": body["Id"], "SyncToken": body["SyncToken"], "sparse": True, **members}


def line(amount: str = "100.00", **detail: Any) -> dict[str, Any]:
    return {
        "DetailType": "SalesItemLineDetail",
        "Amount": Decimal(amount),
        "SalesItemLineDetail": {"ItemRef": {"value": "1"}, **detail},
    }


def taxed(amount: str = "100.00", code: str = "TAX", **detail: Any) -> dict[str, Any]:
    return line(amount, TaxCodeRef={"value": code}, **detail)


def discount(amount: str) -> dict[str, Any]:
    return {"DetailType": "DiscountLineDetail", "Amount": Decimal(amount), "DiscountLineDetail": {}}


def with_tax(price: str, code: str, net: str = "") -> dict[str, Any]:
    """A line whose price includes tax, stated alone or beside its net amount."""
    if not net:
        return taxed(price, code)
    return taxed(net, code, TaxInclusiveAmt=Decimal(price))


def of_rate(rate: str, amount: str) -> dict[str, Any]:
    """The tax line of one rate."""
    detail = {"TaxRateRef": {"value": rate}, "PercentBased": True}
    return {"Amount": Decimal(amount), "DetailType": "TaxLineDetail", "TaxLineDetail": detail}


def percent_off(rate: str) -> dict[str, Any]:
    detail = {"PercentBased": True, "DiscountPercent": Decimal(rate)}
    return {"DetailType": "DiscountLineDetail", "DiscountLineDetail": detail}


def invoice(customer: Any, *lines: Any, **members: Any) -> dict[str, Any]:
    return {"CustomerRef": ref(customer), "Line": list(lines) or [line()], **members}


def payment(customer: Any, total: str, *links: tuple[Any, str], **members: Any) -> dict[str, Any]:
    rows = [{"Amount": Decimal(paid), "LinkedTxn": [{"TxnId": to["Id"], "TxnType": "Invoice"}]} for to, paid in links]
    return {"CustomerRef": ref(customer), "TotalAmt": Decimal(total), "Line": rows, **members}
