"""Contacts: duplicates, overwriting, tags, and the index that lags."""

from __future__ import annotations

from typing import Any

import pytest

from avantto_qbo.sandbox.http import Reply
from unit.sandbox.avantto_desk import ANN, PLACE, Desk


def create(desk: Desk, **fields: Any) -> Reply:
    return desk.call("POST", "/contacts/", body={"locationId": PLACE, **fields})


def made(desk: Desk, **fields: Any) -> dict[str, Any]:
    reply = create(desk, **fields)
    assert reply.status == 201, reply.body
    return dict(reply.json()["contact"])


def found(desk: Desk, **query: str) -> Any:
    return desk.get("/contacts/search/duplicate", locationId=PLACE, **query)["contact"]


def search(desk: Desk, **body: Any) -> Any:
    return desk.call("POST", "/contacts/search", body={"locationId": PLACE, "pageLimit": 100, **body}).json()


def test_a_created_contact_can_be_read_back() -> None:
    desk = Desk()
    contact = made(desk, **ANN)
    assert len(contact["id"]) == 20
    assert desk.get(f"/contacts/{contact['id']}")["contact"] == contact
    assert (contact["firstName"], contact["lastName"]) == ("Ann", "Lee")


def test_phones_are_kept_in_e164() -> None:
    assert made(Desk(), name="Bo", phone="(212) 555-0199")["phone"] == "+12125550199"


def test_a_location_may_refuse_impossible_phones() -> None:
    desk = Desk()
    assert create(desk, name="Bo", phone="12").status == 201
    desk.play.set(PLACE, strict_phones=True)
    assert create(desk, name="Bo", phone="12").status == 400


@pytest.mark.parametrize(
    ("again", "field"),
    [({"email": "ANN@Example.com"}, "email"), ({"phone": "212-555-0123"}, "phone")],
)
def test_a_duplicate_is_refused_naming_the_contact_that_has_it(again: dict[str, str], field: str) -> None:
    desk = Desk()
    ann = made(desk, **ANN)
    reply = create(desk, name="Somebody", **again)
    assert reply.status == 400
    assert reply.json()["message"] == "This location does not allow duplicated contacts."
    assert reply.json()["meta"]["contactId"] == ann["id"]
    assert reply.json()["meta"]["matchingField"] == field


def test_a_location_can_allow_duplicates() -> None:
    desk = Desk()
    desk.play.add_location(PLACE, "Lenient", allow_duplicate_contact=True)
    assert made(desk, **ANN)["id"] != made(desk, **ANN)["id"]


def test_contacts_without_email_and_phone_are_never_duplicates() -> None:
    desk = Desk()
    assert made(desk, name="Walk-in")["id"] != made(desk, name="Walk-in")["id"]


def test_unknown_members_are_refused() -> None:
    reply = create(Desk(), name="Bo", emial="typo@example.com")
    assert (reply.status, reply.json()["message"]) == (422, ["property emial should not exist"])


def test_an_update_keeps_what_it_does_not_name_and_overwrites_tags() -> None:
    desk = Desk()
    ann = made(desk, **ANN, tags=["vip", "bakery"])
    desk.clock.advance(5)
    reply = desk.call("PUT", f"/contacts/{ann['id']}", body={"city": "Oslo", "tags": ["new"]})
    changed = reply.json()["contact"]
    assert (changed["email"], changed["city"], changed["tags"]) == ("ann@example.com", "Oslo", ["new"])
    assert changed["dateUpdated"] > ann["dateUpdated"]


def test_an_update_to_somebody_elses_email_is_a_duplicate() -> None:
    desk = Desk()
    ann, bo = made(desk, **ANN), made(desk, name="Bo", email="bo@example.com")
    reply = desk.call("PUT", f"/contacts/{bo['id']}", body={"email": "Ann@example.com"})
    assert (reply.status, reply.json()["meta"]["contactId"]) == (400, ann["id"])
    assert desk.call("PUT", f"/contacts/{ann['id']}", body={"email": "ANN@example.com"}).status == 200


def test_an_email_given_up_is_free_again() -> None:
    desk = Desk()
    ann = made(desk, **ANN)
    desk.call("PUT", f"/contacts/{ann['id']}", body={"email": "new@example.com"})
    assert create(desk, name="Bo", email="ann@example.com").status == 201


def test_tags_are_added_beside_the_others_in_lower_case() -> None:
    desk = Desk()
    ann = made(desk, **ANN, tags=["vip"])
    reply = desk.call("POST", f"/contacts/{ann['id']}/tags", body={"tags": ["QuickBooks", "vip"]})
    assert (reply.status, reply.json()["tags"]) == (201, ["vip", "quickbooks"])
    removed = desk.call("DELETE", f"/contacts/{ann['id']}/tags", body={"tags": ["vip"]})
    assert removed.json()["tags"] == ["quickbooks"]


def test_upsert_updates_by_email_and_overwrites_tags() -> None:
    desk = Desk()
    ann = made(desk, **ANN, tags=["vip"])
    reply = desk.call(
        "POST",
        "/contacts/upsert",
        body={"locationId": PLACE, "email": "ANN@example.com", "tags": ["x"], "city": "Oslo"},
    ).json()
    assert (reply["new"], reply["contact"]["id"], reply["contact"]["tags"]) == (False, ann["id"], ["x"])


def test_upsert_creates_whom_it_does_not_find() -> None:
    reply = Desk().call("POST", "/contacts/upsert", body={"locationId": PLACE, **ANN}).json()
    assert reply["new"] is True


def test_upsert_by_phone_overwrites_the_other_persons_name() -> None:
    desk = Desk()
    ann = made(desk, **ANN)
    body = {"locationId": PLACE, "name": "Cy Roe", "phone": ANN["phone"]}
    reply = desk.call("POST", "/contacts/upsert", body=body).json()
    assert (reply["contact"]["id"], reply["contact"]["name"]) == (ann["id"], "Cy Roe")


def test_upsert_with_email_and_phone_of_two_people_changes_the_first_match_only() -> None:
    desk = Desk()
    ann = made(desk, **ANN)
    bo = made(desk, name="Bo", phone="+12125550177")
    body = {"locationId": PLACE, "email": ann["email"], "phone": bo["phone"], "city": "Oslo"}
    reply = desk.call("POST", "/contacts/upsert", body=body).json()
    assert (reply["contact"]["id"], reply["contact"]["phone"]) == (ann["id"], ann["phone"])
    assert "city" not in desk.get(f"/contacts/{bo['id']}")["contact"]


def test_the_duplicate_look_up_sees_a_write_at_once() -> None:
    desk = Desk()
    ann = made(desk, **ANN)
    assert found(desk, email="Ann@Example.com")["id"] == ann["id"]
    assert found(desk, number="+12125550123")["id"] == ann["id"]
    assert found(desk, email="nobody@example.com") is None


def test_the_search_index_lags_behind() -> None:
    desk = Desk()
    ann = made(desk, **ANN)
    assert search(desk)["total"] == 0
    desk.clock.advance(30)
    assert [contact["id"] for contact in search(desk)["contacts"]] == [ann["id"]]
    desk.call("DELETE", f"/contacts/{ann['id']}")
    assert search(desk)["total"] == 1
    desk.clock.advance(30)
    assert search(desk)["total"] == 0


def test_search_filters_sorts_and_pages() -> None:
    desk = Desk()
    for place, name in enumerate(["Ann", "Bo", "Cy"]):
        made(desk, name=name, tags=["vip"] if place else [])
        desk.clock.advance(60)
    tagged = search(desk, filters=[{"field": "tags", "operator": "contains", "value": "vip"}])
    assert [contact["name"] for contact in tagged["contacts"]] == ["Cy", "Bo"]
    since = {"field": "dateAdded", "operator": "range", "value": {"gte": "2026-11-02T15:01:00.000Z"}}
    oldest_first = [{"field": "dateAdded", "direction": "asc"}]
    assert [contact["name"] for contact in search(desk, filters=[since], sort=oldest_first)["contacts"]] == ["Bo", "Cy"]
    page = search(desk, page=2, pageLimit=2)
    assert ([contact["name"] for contact in page["contacts"]], page["total"]) == (["Ann"], 3)


def test_search_refuses_pages_above_a_hundred() -> None:
    assert Desk().call("POST", "/contacts/search", body={"locationId": PLACE, "pageLimit": 101}).status == 422


def test_a_deleted_contact_is_gone_and_its_email_free() -> None:
    desk = Desk()
    ann = made(desk, **ANN)
    assert desk.call("DELETE", f"/contacts/{ann['id']}").status == 200
    assert desk.call("GET", f"/contacts/{ann['id']}").status == 404
    assert found(desk, email=ANN["email"]) is None
    assert create(desk, **ANN).status == 201


def test_a_contact_joins_a_published_workflow() -> None:
    desk = Desk()
    ann = made(desk, **ANN)
    flow, draft = desk.play.add_workflow(PLACE, "Review"), desk.play.add_workflow(PLACE, "Draft", status="draft")
    assert desk.call("POST", f"/contacts/{ann['id']}/workflow/{flow['id']}", body={}).json() == {"succeded": True}
    assert desk.call("POST", f"/contacts/{ann['id']}/workflow/{draft['id']}", body={}).status == 400
    enrolled = desk.play.state(PLACE)["enrolments"]
    assert [(row["contactId"], row["workflowId"]) for row in enrolled] == [(ann["id"], flow["id"])]
    assert [row["name"] for row in desk.get("/workflows/", locationId=PLACE)["workflows"]] == ["Review", "Draft"]


def test_contact_changes_are_announced() -> None:
    desk = Desk()
    ann = made(desk, **ANN)
    desk.call("PUT", f"/contacts/{ann['id']}", body={"city": "Oslo"})
    desk.call("POST", f"/contacts/{ann['id']}/tags", body={"tags": ["x"]})
    desk.play.set_dnd(PLACE, ann["id"], sms=True)
    desk.call("DELETE", f"/contacts/{ann['id']}")
    assert desk.event_types() == [
        "ContactCreate",
        "ContactUpdate",
        "ContactTagUpdate",
        "ContactDndUpdate",
        "ContactDelete",
    ]


def test_the_deprecated_list_walks_on_after_an_id() -> None:
    desk = Desk()
    for name in ("Ann", "Bo", "Cy"):
        made(desk, name=name)
        desk.clock.advance(60)
    first = desk.get("/contacts/", locationId=PLACE, limit="2")
    assert [contact["name"] for contact in first["contacts"]] == ["Ann", "Bo"]
    rest = desk.get("/contacts/", locationId=PLACE, limit="2", startAfterId=first["meta"]["startAfterId"])
    assert [contact["name"] for contact in rest["contacts"]] == ["Cy"]
    assert desk.get("/contacts/", locationId=PLACE, query="bo")["count"] == 1
