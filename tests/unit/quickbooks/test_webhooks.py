"""Signed deliveries in both envelopes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest

from avantto_qbo.errors import AvanttoQboError
from avantto_qbo.quickbooks.webhooks import MalformedEventsError, parse, verify
from quickbooks_material import sample

_CLOUD = '{"id":"1","type":"qbo.customer.merged.v1","time":"2026-11-20T15:00:00Z","intuitaccountid":"9",'
MERGED_CLOUD = (
    f'[{_CLOUD}"intuitentityid":"7","data":{{"deletedId":58}}}},{_CLOUD}"intuitentityid":"8","data":[]}}]'.encode()
)
_LEGACY = '{"name":"Customer","id":"7","operation":"Merge","lastUpdated":"2026-11-20T15:00:00Z"'
_ENTITIES = f'{_LEGACY},"deletedId":"58"}},{_LEGACY},"deletedID":59}},{_LEGACY}}}'
MERGED_LEGACY = f'{{"eventNotifications":[{{"realmId":"9","dataChangeEvent":{{"entities":[{_ENTITIES}]}}}}]}}'.encode()
VERIFIER = "31a1c6b2-verifier"


def signature(body: bytes) -> str:
    return base64.b64encode(hmac.new(VERIFIER.encode(), body, hashlib.sha256).digest()).decode()


def test_the_signature_of_the_exact_body_is_accepted() -> None:
    body = sample("events_cloud.json")
    assert verify(body, signature(body), VERIFIER)
    assert not verify(body + b" ", signature(body), VERIFIER)
    assert not verify(body, signature(body), VERIFIER + "x")


@pytest.mark.parametrize("header", ["", "x", "é", "\ud800", "AAAA"])
def test_a_strange_signature_is_refused(header: str) -> None:
    assert not verify(b"{}", header, VERIFIER)


def test_without_a_verifier_nothing_is_accepted() -> None:
    empty = base64.b64encode(hmac.new(b"", b"{}", hashlib.sha256).digest()).decode()
    assert not verify(b"{}", empty, "")


def test_cloud_events_may_mix_companies_and_unknown_types_are_left_out() -> None:
    first, second = parse(sample("events_cloud.json"))
    assert first.event_id == "88cd52aa-33b6-4351-9aa4-47572edbd068"
    assert (first.realm, first.entity, first.entity_id, first.operation) == ("310687", "customer", "1234", "created")
    assert first.at == datetime(2025, 9, 10, 21, 31, 25, 179852, tzinfo=UTC)
    assert (second.realm, second.entity, second.operation) == ("310688", "salesreceipt", "voided")


def test_the_legacy_envelope_says_the_same_in_other_words() -> None:
    events = parse(sample("events_legacy.json"))
    assert [(one.realm, one.entity, one.entity_id, one.operation) for one in events] == [
        ("310687", "customer", "1234", "created"),
        ("310687", "customer", "15", "merged"),
        ("310688", "invoice", "9", "emailed"),
    ]


def test_a_merge_names_the_customer_that_is_gone_in_both_envelopes() -> None:
    assert [one.loser for one in parse(MERGED_CLOUD)] == ["58", ""]
    assert [one.loser for one in parse(MERGED_LEGACY)] == ["58", "59", ""]


def test_a_repeated_legacy_event_has_the_same_id_and_another_one_has_not() -> None:
    once, again = parse(sample("events_legacy.json")), parse(sample("events_legacy.json"))
    assert [one.event_id for one in once] == [one.event_id for one in again]
    assert len({one.event_id for one in once}) == 3


def test_an_empty_delivery_is_no_event() -> None:
    assert parse(b"[]") == ()
    assert parse(b'{"eventNotifications":[]}') == ()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{}",
        b"[1]",
        b'"x"',
        b'[{"id":"1"}]',
        b'{"eventNotifications":[{}]}',
        b"\xff",
        b'[{"id":"\xff"}]',
        b"[" * 100_000,
    ],
)
def test_a_malformed_delivery_is_refused_as_a_value(body: bytes) -> None:
    with pytest.raises(MalformedEventsError) as refused:
        parse(body)
    assert isinstance(refused.value, ValueError)
    assert isinstance(refused.value, AvanttoQboError)


CLOUD = {"id": "e1", "type": "qbo.customer.created.v1", "time": "2026-11-20T10:00:00Z"}
WHOLE = CLOUD | {"intuitaccountid": "9130", "intuitentityid": "7", "data": {}}
NO_TIME = WHOLE | {"time": "0001-01-01T00:00:00+23:59"}


@pytest.mark.parametrize("odd", [NO_TIME, CLOUD, 7, None, [], WHOLE | {"id": 5}])
def test_an_event_that_makes_no_sense_costs_only_itself(odd: object) -> None:
    [event] = parse(json.dumps([odd, WHOLE]).encode())
    assert event.entity_id == "7"
    with pytest.raises(MalformedEventsError, match="no event can be read"):
        parse(json.dumps([odd]).encode())


def test_a_change_of_the_old_envelope_that_makes_no_sense_costs_only_itself() -> None:
    change = {"id": "7", "name": "Customer", "operation": "Create", "lastUpdated": "2026-11-20T10:00:00Z"}
    entities = [change | {"lastUpdated": "yesterday"}, change]
    body = {"eventNotifications": [{"realmId": "9130", "dataChangeEvent": {"entities": entities}}]}
    assert [event.entity_id for event in parse(json.dumps(body).encode())] == ["7"]
