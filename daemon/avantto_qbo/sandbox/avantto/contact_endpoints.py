"""Endpoints about people: contacts, their workflows, and the location's own profile."""

from __future__ import annotations

from typing import Any

from avantto_qbo.sandbox.avantto import contacts, search
from avantto_qbo.sandbox.avantto.documents import Json, refuse, unprocessable
from avantto_qbo.sandbox.avantto.routing import (
    Call,
    Members,
    Route,
    members,
    owned,
    same_location,
)

_CONTACT = " ".join(sorted(contacts.WRITABLE))


def _create(call: Call) -> Json:
    return {"contact": contacts.create(call.world, call.location, call.body)}


def _read(call: Call) -> Json:
    return {"contact": _contact(call)}


def _update(call: Call) -> Json:
    # The vendor's own spelling of "succeeded".
    return {"succeded": True, "contact": contacts.update(call.world, call.location, _contact(call), call.body)}


def _delete(call: Call) -> Json:
    contacts.delete(call.world, call.location, _contact(call))
    return {"succeded": True}


def _upsert(call: Call) -> Json:
    always_new = bool(call.body.get("createNewIfDuplicateAllowed"))
    contact, new = contacts.upsert(call.world, call.location, call.body, always_new=always_new)
    return {"new": new, "contact": contact, "traceId": call.trace()}


def _add_tags(call: Call) -> Json:
    return {"tags": contacts.add_tags(call.world, call.location, _contact(call), _tags(call))}


def _remove_tags(call: Call) -> Json:
    return {"tags": contacts.remove_tags(call.world, call.location, _contact(call), _tags(call))}


def _duplicate(call: Call) -> Json:
    found = search.duplicate(call.location, call.query.get("email", ""), call.query.get("number", ""))
    return {"contact": found, "traceId": call.trace()}


def _search(call: Call) -> Json:
    found, total = search.find(call.location, call.body, call.world.now())
    return {"contacts": found, "total": total, "traceId": call.trace()}


def _browse(call: Call) -> Json:
    size, _ = call.page(default=20)
    query, after = call.query.get("query", ""), call.query.get("startAfterId", "")
    found, total = search.browse(call.location, query, size, after, call.world.now())
    last = found[-1]["id"] if found else None
    return {"contacts": found, "count": total, "meta": {"total": total, "startAfterId": last}, "traceId": call.trace()}


def _enrol(call: Call) -> Json:
    contact, workflow = _contact(call), call.location.workflows.get(call.path["workflowId"])
    if workflow is None or workflow["status"] != "published":
        refuse(400, "Workflow not found or not published", "Bad Request")
    moment = call.world.stamp()
    call.location.enrolments.append({"contactId": contact["id"], "workflowId": workflow["id"], "dateAdded": moment})
    return {"succeded": True}


def _workflows(call: Call) -> Json:
    return {"workflows": list(call.location.workflows.values())}


def _profile(call: Call) -> Json:
    same_location(call.location, call.path["locationId"])
    return {"location": call.location.profile}


def _custom_values(call: Call) -> Json:
    same_location(call.location, call.path["locationId"])
    return {"customValues": list(call.location.custom_values.values())}


def _contact(call: Call) -> Json:
    found = owned(call, call.location.contacts, call.path["contactId"])
    if found is None:
        refuse(404, "Contact not found", "Not Found")
    return found


def _tags(call: Call) -> list[str]:
    tags: Any = call.body["tags"]
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        unprocessable(["each value in tags must be a string", "tags must be an array"])
    return tags


READ, WRITE = "contacts.readonly", "contacts.write"
ROUTES = (
    Route(
        "GET",
        "/contacts/search/duplicate",
        "contacts.duplicate",
        _duplicate,
        READ,
        query=members("locationId", optional="email number"),
    ),
    Route("POST", "/contacts/search", "contacts.search", _search, READ, body=Members(anything=True)),
    Route(
        "POST",
        "/contacts/upsert",
        "contacts.upsert",
        _upsert,
        WRITE,
        body=members("locationId", optional=_CONTACT + " createNewIfDuplicateAllowed"),
    ),
    Route(
        "GET",
        "/contacts",
        "contacts.list",
        _browse,
        READ,
        query=members("locationId", optional="startAfterId startAfter query limit"),
    ),
    Route(
        "POST",
        "/contacts",
        "contacts.create",
        _create,
        WRITE,
        status=201,
        body=members("locationId", optional=_CONTACT),
    ),
    Route("GET", "/contacts/{contactId}", "contacts.read", _read, READ),
    Route("PUT", "/contacts/{contactId}", "contacts.update", _update, WRITE, body=members(optional=_CONTACT)),
    Route("DELETE", "/contacts/{contactId}", "contacts.delete", _delete, WRITE),
    Route("POST", "/contacts/{contactId}/tags", "contacts.tags", _add_tags, WRITE, status=201, body=members("tags")),
    Route("DELETE", "/contacts/{contactId}/tags", "contacts.untag", _remove_tags, WRITE, body=members("tags")),
    Route(
        "POST",
        "/contacts/{contactId}/workflow/{workflowId}",
        "contacts.workflow",
        _enrol,
        WRITE,
        body=members(optional="eventStartTime"),
    ),
    Route("GET", "/workflows", "workflows.list", _workflows, "workflows.readonly", query=members("locationId")),
    Route("GET", "/locations/{locationId}", "locations.read", _profile, "locations.readonly"),
    Route(
        "GET",
        "/locations/{locationId}/customValues",
        "locations.custom_values",
        _custom_values,
        "locations/customValues.readonly",
    ),
)
