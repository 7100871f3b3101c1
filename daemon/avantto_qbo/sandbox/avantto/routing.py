"""One endpoint as a value: where it is, what it demands, who answers; and the checks all endpoints share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from avantto_qbo.sandbox.avantto.documents import Json, refuse, unprocessable
from avantto_qbo.sandbox.avantto.world import Grant, Location, World
from avantto_qbo.sandbox.http import Request

LARGEST_LIMIT = 100
CONVERSATIONS_VERSION = "2021-04-15"
VERSION = "2021-07-28"
_PUBLISHED = frozenset({VERSION, CONVERSATIONS_VERSION, "2023-02-21", "v3"})


@dataclass(frozen=True, slots=True)
class Call:
    """One admitted request: path parameters, checked query and body, and the location of its token."""

    world: World
    location: Location
    grant: Grant
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, Any]

    def trace(self) -> str:
        """Return a fresh trace id."""
        return self.world.ids.uuid()

    def page(self, default: int = 10) -> tuple[int, int]:
        """Return limit and offset of the query; 422 when they are not numbers or too large."""
        limit, offset = whole(self.query, "limit", default), whole(self.query, "offset", 0)
        if not 1 <= limit <= LARGEST_LIMIT:
            unprocessable([f"limit must not be greater than {LARGEST_LIMIT}"])
        return limit, offset


@dataclass(frozen=True, slots=True)
class AgencyCall:
    """One admitted request with an agency's token."""

    world: World
    grant: Grant
    request: Request


@dataclass(frozen=True, slots=True)
class Members:
    """Which members a query or body may and must have; `anything` switches the check off."""

    allowed: frozenset[str] = frozenset()
    required: tuple[str, ...] = ()
    anything: bool = False

    def complaints(self, given: Mapping[str, Any]) -> list[str]:
        """Return the vendor's sentences about what is missing and what is not known."""
        if self.anything:
            return []
        missing = [f"{name} should not be empty" for name in self.required if given.get(name) in (None, "")]
        known = self.allowed | set(self.required)
        return missing + [f"property {name} should not exist" for name in given if name not in known]


def members(*required: str, optional: str = "") -> Members:
    """Name the required members, and the optional ones in one space-separated text."""
    return Members(frozenset(optional.split()), required)


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint. `template` parts in braces are path parameters; `status` is that of success.

    `answer` takes a `Call`; that of an `agency` endpoint takes an `AgencyCall`.
    """

    method: str
    template: str
    operation: str
    answer: Callable[..., Any]
    scope: str
    query: Members = field(default_factory=Members)
    body: Members | None = None
    status: int = 200
    version: str = VERSION
    agency: bool = False

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """Return the path parameters when the route is meant, else None; a trailing slash does not matter."""
        if method != self.method:
            return None
        pattern, given = self.template.strip("/").split("/"), path.strip("/").split("/")
        if len(pattern) != len(given):
            return None
        pairs = list(zip(pattern, given, strict=True))
        if any(part != value for part, value in pairs if not part.startswith("{")):
            return None
        return {part.strip("{}"): value for part, value in pairs if part.startswith("{")}

    def check(self, query: Mapping[str, str], body: Mapping[str, Any]) -> None:
        """Raise 422 with every complaint about query and body at once."""
        complaints = self.query.complaints(query)
        if self.body is not None:
            complaints += self.body.complaints(body)
        if complaints:
            unprocessable(complaints)

    def check_version(self, given: str | None, *, strict: bool) -> None:
        """Refuse a missing or unknown Version header; `strict` wants the one documented for this endpoint."""
        if not given:
            refuse(401, "version header was not found.")
        if given not in ({self.version} if strict else _PUBLISHED):
            refuse(401, "version header is invalid")


def whole(query: Mapping[str, str], name: str, default: int) -> int:
    """Return a whole number of the query; 422 when it is something else."""
    given = query.get(name, str(default))
    if not given.isdigit():
        unprocessable([f"{name} must be a number string"])
    return int(given)


def same_location(location: Location, *named: object) -> None:
    """Refuse with 403 unless every location named is the token's own."""
    if any(name not in (None, "", location.id) for name in named):
        refuse(403, "The token does not have access to this location.", "Forbidden")


def owned(call: Call, documents: Mapping[str, Json], name: str) -> Json | None:
    """Return a document of the token's location, None when there is none; 403 when it is another location's."""
    owner = call.world.owner(name)
    if owner is not None:
        same_location(call.location, owner.id)
    return documents.get(name)
