"""What a request asks for: its address and parameters read into one value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from avantto_qbo.sandbox.http import NotJsonError, Request
from avantto_qbo.sandbox.quickbooks.refusals import unsupported

AUTHORIZE = "/connect/oauth2"
TOKEN = "/oauth2/v1/tokens/bearer"
REVOKE = "/v2/oauth2/tokens/revoke"
_COMPANY = re.compile(r"/v3/company/([^/]+)/(.+?)/?$")
_FROM = re.compile(r"\bfrom\s+(\w+)", re.IGNORECASE)
Verb = Literal["read", "query", "cdc", "batch", "create", "update", "delete", "void", "send", "unknown"]
READS: frozenset[str] = frozenset({"read", "query", "cdc"})


@dataclass(frozen=True, slots=True)
class Route:
    """A request to a company: who, which object, what is to be done; `entity` is as in the address."""

    realm: str
    verb: Verb
    entity: str = ""
    id: str = ""

    @property
    def operation(self) -> str:
        """Return the name faults and counters know it by, such as `invoice.create`."""
        return f"{self.entity}.{self.verb}" if self.entity else self.verb


def route_of(request: Request) -> Route | None:
    """Read a request's address, or return None when it is not of the accounting API."""
    matched = _COMPANY.match(request.path)
    if matched is None:
        return None
    realm, parts = matched.group(1), matched.group(2).split("/")
    head = parts[0].lower()
    if head == "query":
        named = _FROM.search(query_text(request))
        return Route(realm, "query", named.group(1).lower() if named else "")
    if head == "cdc":
        return Route(realm, "cdc")
    if head == "batch":
        return Route(realm, "batch")
    identifier = parts[1] if len(parts) > 1 else ""
    return Route(realm, _verb(request, parts), head, identifier)


def _verb(request: Request, parts: list[str]) -> Verb:
    if request.method == "GET":
        return "read" if len(parts) <= 2 else "unknown"
    if request.method != "POST":
        return "unknown"
    if len(parts) > 1:
        return "send" if parts[2:] == ["send"] else "unknown"
    operation, include = request.query.get("operation", ""), includes(request)
    if operation == "delete":
        return "delete"
    if operation == "void" or (operation == "update" and "void" in include):
        return "void"
    return "update" if operation == "update" or _names_an_object(request) else "create"


def _names_an_object(request: Request) -> bool:
    try:
        body = request.json()
    except NotJsonError:
        return False
    return isinstance(body, dict) and bool(body.get("Id"))


def includes(request: Request) -> frozenset[str]:
    """Return the words of the `include` parameter."""
    return frozenset(word for word in request.query.get("include", "").split(",") if word)


def query_text(request: Request) -> str:
    """Return the statement: the `query` parameter, or the body of a POST."""
    if request.method == "POST" and "query" not in request.query:
        return request.body.decode("utf-8", "replace")
    return request.query.get("query", "")


def oauth_operation(request: Request) -> str:
    """Name a request to the OAuth endpoints, or return `unknown`."""
    if request.path == AUTHORIZE:
        return "oauth.authorize"
    if request.path == REVOKE:
        return "oauth.revoke"
    if request.path == TOKEN:
        return "oauth.refresh" if b"grant_type=refresh_token" in request.body else "oauth.exchange"
    return "unknown"


def json_object(request: Request) -> dict[str, Any]:
    """Return the body as a JSON object; raise `RefusedError` 500 for bytes that are none."""
    try:
        request.body.decode("utf-8")
        body = request.json()
    except (NotJsonError, UnicodeDecodeError) as error:
        raise unsupported(f"Unsupported Operation: {error}") from error
    if not isinstance(body, dict):
        raise unsupported("The body must be an object")
    return body
