"""Endpoints for an agency's token: which locations have the app, and tokens for them."""

from __future__ import annotations

from avantto_qbo.sandbox.avantto import oauth
from avantto_qbo.sandbox.avantto.documents import Json, refuse
from avantto_qbo.sandbox.avantto.routing import AgencyCall, Route, members, whole


def _installed_locations(call: AgencyCall) -> Json:
    rows = [
        {
            "_id": location.id,
            "name": location.profile["name"],
            "address": location.profile["address"],
            "isInstalled": location.installed,
        }
        for location in call.world.locations.values()
    ]
    wanted = call.request.query.get("isInstalled")
    if wanted is not None:
        rows = [row for row in rows if row["isInstalled"] == (wanted == "true")]
    limit, skip = whole(call.request.query, "limit", 20), whole(call.request.query, "skip", 0)
    return {"locations": rows[skip : skip + limit], "count": len(rows), "installToFutureLocations": False}


def _location_token(call: AgencyCall) -> Json:
    form = call.request.form()
    location = call.world.locations.get(form.get("locationId", ""))
    if location is None or form.get("companyId") != call.grant.company:
        refuse(400, "Location not found", "Bad Request")
    return oauth.for_location(call.world, call.grant, location)


ROUTES = (
    Route("POST", "/oauth/locationToken", "oauth.location_token", _location_token, "oauth.write", agency=True),
    Route(
        "GET",
        "/oauth/installedLocations",
        "oauth.installed_locations",
        _installed_locations,
        "oauth.readonly",
        query=members(
            "companyId", "appId", optional="skip limit query isInstalled versionId onTrial planId locationId"
        ),
        agency=True,
    ),
)
