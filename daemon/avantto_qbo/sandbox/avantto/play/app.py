"""Control actions about locations, the app's tokens, knobs, and what the sandbox has seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from avantto_qbo.sandbox.avantto import oauth
from avantto_qbo.sandbox.avantto.documents import Json
from avantto_qbo.sandbox.avantto.knobs import turned, turned_app
from avantto_qbo.sandbox.avantto.play.base import PlayBase
from avantto_qbo.sandbox.avantto.world import Location

_DOCUMENTS = (
    "contacts",
    "invoices",
    "deleted_invoices",
    "orders",
    "transactions",
    "subscriptions",
    "products",
    "workflows",
    "custom_values",
    "messages",
    "inbound",
    "enrolments",
)


class AppPlay(PlayBase):
    """Locations, tokens, knobs, state."""

    def add_location(
        self,
        location: str,
        name: str,
        timezone: str = "America/New_York",
        country: str = "US",
        currency: str = "USD",
        allow_duplicate_contact: bool = False,
        google_place_id: str = "",
        custom_values: Mapping[str, str] | None = None,
        company: str = "",
    ) -> Json:
        """Add a sub-account and return its profile; `company` is the business's name, default `name`.

        `custom_values` maps names such as `review_link` to values.
        """
        profile = {
            "id": location,
            "companyId": self._world.company,
            "name": name,
            "address": "1 Sandbox Street",
            "city": "Springfield",
            "state": "NY" if country == "US" else "",
            "country": country,
            "postalCode": "10001",
            "website": "https://example.com",
            "logoUrl": "",
            "timezone": timezone,
            "email": "owner@example.com",
            "phone": "+12125550100",
            "business": {"name": company or name, "country": country, "timezone": timezone},
            "social": {"googlePlacesId": google_place_id} if google_place_id else {},
            "settings": {
                "allowDuplicateContact": allow_duplicate_contact,
                "allowDuplicateOpportunity": False,
                "allowFacebookNameMerge": False,
                "disableContactTimezone": False,
            },
        }
        self._world.locations[location] = Location(location, profile, currency)
        self._world.chosen = self._world.chosen or location
        for value_name, value in (custom_values or {}).items():
            self.set_custom_value(location, value_name, value)
        return profile

    def set_custom_value(self, location: str, name: str, value: str) -> Json:
        """Set a custom value by name and return it."""
        place = self._world.location(location)
        key = name.strip().lower().replace(" ", "_")
        earlier = next((entry["id"] for entry in place.custom_values.values() if entry["name"] == name), None)
        entry = {
            "id": earlier or self._world.ids.short(),
            "name": name,
            "fieldKey": f"{{{{ custom_values.{key} }}}}",
            "value": value,
            "locationId": location,
        }
        place.custom_values[entry["id"]] = entry
        return entry

    def add_workflow(self, location: str, name: str, status: str = "published") -> Json:
        """Add a workflow (`published` or `draft`) and return it."""
        now, ids = self._world.stamp(), self._world.ids
        workflow = {"id": ids.uuid(), "name": name, "status": status, "version": 1}
        workflow |= {"createdAt": now, "updatedAt": now, "locationId": location}
        self._world.location(location).workflows[str(workflow["id"])] = workflow
        return workflow

    def choose(self, location: str) -> Json:
        """Pick the location that the next consent page hands out."""
        self._world.chosen = self._world.location(location).id
        return {"chosen": location}

    def mint_tokens(self, location: str, scopes: list[str] | None = None) -> Json:
        """Install the app at a location and return the token response."""
        granted = oauth.SCOPES if scopes is None else frozenset(scopes)
        return oauth.mint(self._world, self._world.location(location), granted)

    def mint_private_token(self, location: str) -> Json:
        """Return a private integration token, `{"access_token"}`; such a location gets no webhooks."""
        return oauth.mint_private(self._world, self._world.location(location))

    def mint_agency_tokens(self) -> Json:
        """Return a token response of the agency that owns all locations."""
        return oauth.mint_agency(self._world)

    def expire_tokens(self, location: str = "") -> Json:
        """Let the access tokens of a location (default: of all) expire now."""
        return {"expired": oauth.expire(self._world, location)}

    def revoke(self, location: str) -> Json:
        """Uninstall the app at a location: tokens die, an UNINSTALL webhook goes out."""
        oauth.revoke(self._world, self._world.location(location))
        return {"revoked": location}

    def public_key(self) -> Json:
        """Return the PEM that verifies the webhooks, and the legacy one when legacy signing is on."""
        signer = self._world.signer
        keys = {"public_key": signer.public_key}
        if self._world.app.legacy_signature:
            keys["legacy_public_key"] = signer.legacy_public_key
        return keys

    def set(self, location: str = "", **knobs: Any) -> Json:
        """Turn knobs of a location (`Knobs`), or without one of the app (`AppKnobs`); return them all."""
        if not location:
            self._world.app = turned_app(self._world.app, knobs)
            return msgspec.structs.asdict(self._world.app)
        place = self._world.location(location)
        place.knobs = turned(place.knobs, knobs)
        return msgspec.structs.asdict(place.knobs)

    def counters(self, location: str | None = None) -> Json:
        """Return counters of one location, or of everything."""
        return (self._traffic.total() if location is None else self._traffic.of(location)).plain()

    def state(self, location: str = "") -> Json:
        """Return everything remembered about a location, or `{"locations": {id: …}}` for all; documents by id."""
        if location:
            return self._told(self._world.location(location))
        return {"locations": {name: self._told(place) for name, place in self._world.locations.items()}}

    def _told(self, place: Location) -> Json:
        told: Json = {"profile": place.profile, "currency": place.currency, "installed": place.installed}
        told["knobs"] = msgspec.structs.asdict(place.knobs)
        return {**told, **{name: getattr(place, name) for name in _DOCUMENTS}}
