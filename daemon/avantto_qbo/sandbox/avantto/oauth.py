"""Consent and tokens: access tokens last a day, a refresh token is used once and brings the next one."""

from __future__ import annotations

from datetime import timedelta
from typing import NoReturn
from urllib.parse import urlencode

from avantto_qbo.sandbox.avantto.documents import Json, VendorError, refuse, unprocessable
from avantto_qbo.sandbox.avantto.events import announce_app
from avantto_qbo.sandbox.avantto.world import Code, Grant, Location, World
from avantto_qbo.sandbox.http import Reply, Request, json_reply

SCOPES = frozenset(
    {
        "contacts.readonly",
        "contacts.write",
        "invoices.readonly",
        "payments/orders.readonly",
        "payments/transactions.readonly",
        "payments/subscriptions.readonly",
        "products.readonly",
        "products/prices.readonly",
        "locations.readonly",
        "locations/customValues.readonly",
        "conversations.readonly",
        "conversations/message.readonly",
        "conversations/message.write",
        "workflows.readonly",
        "oauth.readonly",
        "oauth.write",
    }
)


def choose_location(world: World, request: Request) -> Reply:
    """Answer the consent page as if somebody picked the chosen location and agreed: 302 with a code."""
    query = request.query
    redirect = query.get("redirect_uri", "")
    if query.get("response_type") != "code" or query.get("client_id") not in world.clients or not redirect:
        return json_reply(400, {"statusCode": 400, "message": "Invalid authorize request", "error": "Bad Request"})
    location = query.get("locationId") or world.chosen
    if location not in world.locations:
        return json_reply(404, {"statusCode": 404, "message": "No location to choose"})
    scopes = frozenset(query.get("scope", "").split()) & SCOPES
    code = world.ids.secret()
    world.codes[code] = Code(location, query["client_id"], redirect, scopes)
    answer = {"code": code}
    # Not documented: whether the vendor hands the state back.
    if world.app.echo_state and "state" in query:
        answer["state"] = query["state"]
    return Reply(302, {"location": redirect + ("&" if "?" in redirect else "?") + urlencode(answer)})


def exchange(world: World, request: Request) -> Json:
    """Answer `POST /oauth/token`, a form; raise `VendorError` with an OAuth error body."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        unprocessable(["client_id must be a string", "client_secret must be a string"])
    form = request.form()
    if world.clients.get(form.get("client_id", "")) != form.get("client_secret", ""):
        _oauth_error(401, "UnAuthorized!", "Invalid client credentials!")
    grant_type = form.get("grant_type", "")
    if grant_type == "authorization_code":
        return _by_code(world, form)
    if grant_type != "refresh_token":
        unprocessable(["grant_type must be one of: authorization_code, refresh_token"])
    return _by_refresh(world, form.get("refresh_token", ""))


def mint(world: World, location: Location, scopes: frozenset[str] = SCOPES) -> Json:
    """Issue a token pair for a location, as the token endpoint answers it."""
    location.installed = True
    grant = Grant(scopes=scopes, location=location.id, company=world.company)
    return {**_issue(world, grant), "userType": "Location", "locationId": location.id}


def mint_agency(world: World) -> Json:
    """Issue a token pair for the agency, from which location tokens can be made."""
    issued = _issue(world, Grant(scopes=SCOPES, company=world.company))
    approved = list(world.locations)
    return {**issued, "userType": "Company", "approvedLocations": approved, "isBulkInstallation": True}


def mint_private(world: World, location: Location, scopes: frozenset[str] = SCOPES) -> Json:
    """Issue a private integration token: it does not expire, has no refresh token and brings no webhooks."""
    token = "pit-" + world.ids.uuid()
    world.access[token] = Grant(scopes=scopes, location=location.id, private=True)
    return {"access_token": token}


def for_location(world: World, grant: Grant, location: Location) -> Json:
    """Turn an agency token into a location token; the older answer carries no refresh token."""
    location.installed = True
    issued = _issue(world, Grant(scopes=grant.scopes, location=location.id, company=world.company))
    del issued["refresh_token"]
    return {**issued, "userType": "Location", "locationId": location.id}


def authenticate(world: World, header: str) -> Grant:
    """Return what a bearer token stands for; 401 when it is missing, unknown or expired."""
    kind, _, token = header.partition(" ")
    grant = world.access.get(token.strip()) if kind.lower() == "bearer" else None
    if grant is None or (grant.expires_at is not None and grant.expires_at <= world.now()):
        refuse(401, "Invalid token: access token is invalid", "Unauthorized")
    return grant


def expire(world: World, location: str) -> int:
    """Let every access token of a location (empty: of all) expire now; return how many."""
    expired = [
        grant for grant in world.access.values() if not grant.private and (not location or grant.location == location)
    ]
    for grant in expired:
        grant.expires_at = world.now()
    return len(expired)


def revoke(world: World, location: Location) -> None:
    """Forget every token of a location and uninstall the app there."""
    for tokens in (world.access, world.refresh):
        for token in [token for token, grant in tokens.items() if grant.location == location.id]:
            del tokens[token]
    announce_app(world, location, "UNINSTALL")
    location.installed = False


def _by_code(world: World, form: dict[str, str]) -> Json:
    code = world.codes.pop(form.get("code", ""), None)
    if code is None or code.client_id != form["client_id"]:
        _oauth_error(400, "invalid_grant", "Invalid grant: authorization code is invalid")
    if form.get("redirect_uri", code.redirect_uri) != code.redirect_uri:
        _oauth_error(400, "invalid_grant", "Invalid grant: redirect_uri does not match")
    location = world.location(code.location)
    tokens = mint(world, location, code.scopes)
    announce_app(world, location, "INSTALL")
    return tokens


def _by_refresh(world: World, token: str) -> Json:
    grant = world.refresh.get(token)
    if grant is None or _spent(world, grant):
        _oauth_error(400, "invalid_grant", "Invalid refresh token")
    if grant.used_at is None:
        grant.used_at = world.now()
    fresh = Grant(scopes=grant.scopes, location=grant.location, company=grant.company)
    kind = {"userType": "Location", "locationId": grant.location} if grant.location else {"userType": "Company"}
    return {**_issue(world, fresh), **kind}


def _spent(world: World, grant: Grant) -> bool:
    now = world.now()
    if grant.expires_at is not None and grant.expires_at <= now:
        return True
    return grant.used_at is not None and now >= grant.used_at + timedelta(seconds=world.app.refresh_grace)


def _issue(world: World, grant: Grant) -> Json:
    access, refresh = world.ids.secret(), world.ids.secret()
    now, app = world.now(), world.app
    for tokens, token, seconds in (
        (world.access, access, app.access_seconds),
        (world.refresh, refresh, app.refresh_seconds),
    ):
        expires_at = now + timedelta(seconds=seconds)
        tokens[token] = Grant(grant.scopes, grant.location, grant.company, expires_at)
    return {
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": app.access_seconds,
        "refresh_token": refresh,
        "scope": " ".join(sorted(grant.scopes)),
        "companyId": world.company,
        "userId": world.ids.short(),
        "traceId": world.ids.uuid(),
    }


def _oauth_error(status: int, error: str, description: str) -> NoReturn:
    body = {"statusCode": status, "error": error, "error_description": description, "message": description}
    raise VendorError(status, body)
