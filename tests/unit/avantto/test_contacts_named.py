"""Contacts that only a name tells."""

from __future__ import annotations

import json

from avantto_qbo.avantto.reads import contacts_named
from avantto_qbo.model.ids import LocationId

LOC = LocationId("loc1")


def test_a_name_is_asked_for_and_compared_without_regard_to_case() -> None:
    read = contacts_named(LOC, " Walk In ")
    assert read.path == "/contacts/?locationId=loc1&query=Walk%20In&limit=100"
    rows = [{"id": "c1", "contactName": "WALK IN"}, {"id": "c2", "contactName": "Walk Inn"}]
    assert [one.id for one in read.decode(json.dumps({"contacts": rows}).encode())] == ["c1"]


def test_no_contacts_are_none() -> None:
    assert contacts_named(LOC, "Walk In").decode(b"{}") == ()
