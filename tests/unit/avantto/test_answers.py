"""What the vendor's answers mean for a write and for a read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from avantto_qbo.avantto import answers, encode, faults, reads
from avantto_qbo.avantto.limits import Limits, read_limits
from avantto_qbo.errors import AuthError, RejectedError, TransientError
from avantto_qbo.model.drafts import ContactDraft, MessageDraft
from avantto_qbo.model.http import HttpAnswer
from avantto_qbo.model.ids import ContactId, LocationId
from avantto_qbo.model.operation import Call
from avantto_qbo.model.outcome import Fault, FaultClass, InDoubt, NoAccess, NotSent, Refused, Written

Sample = Callable[[str], bytes]
LOCATION, CONTACT = LocationId("L1"), ContactId("C1")
CREATE = encode.contact_create(LOCATION, ContactDraft(name="Rosa"))
UPDATE = encode.contact_update(CONTACT, ContactDraft(phone="+12515550177"))
TAG = encode.contact_tag(CONTACT, ("quickbooks",))
SEND = encode.message_send(MessageDraft(CONTACT, "sms", "Hello"))
READ = reads.contact(CONTACT)


@pytest.mark.parametrize(
    ("call", "status", "body", "object_id"),
    [
        (CREATE, 201, b'{"contact":{"id":"C9"}}', "C9"),
        (UPDATE, 200, b'{"succeded":true,"contact":{"id":"C1"}}', "C1"),
        (TAG, 201, b'{"tags":["quickbooks"]}', "C1"),
        (SEND, 200, b'{"conversationId":"V1","messageId":"M1","msg":"queued"}', "M1"),
        (SEND, 201, b'{"conversationId":"V1","emailMessageId":"E1"}', "E1"),
    ],
)
def test_an_accepted_write_names_its_object(call: Call, status: int, body: bytes, object_id: str) -> None:
    assert answers.outcome("L1", call, HttpAnswer(status, {}, body)) == Written(object_id)


@pytest.mark.parametrize("body", [b"", b"<html>ok</html>", b"{}", b'{"contact":null}', b'{"contact":{}}', b"[]"])
@pytest.mark.parametrize("call", [CREATE, UPDATE, TAG, SEND])
def test_a_success_without_the_entity_is_in_doubt(call: Call, body: bytes) -> None:
    assert isinstance(answers.outcome("L1", call, HttpAnswer(201, {}, body)), InDoubt)


@pytest.mark.parametrize("status", [302, 408, 500, 502, 503, 504, 524])
def test_trouble_after_the_request_was_taken_is_in_doubt(status: int) -> None:
    body = b'{"statusCode":500,"message":"Contact validation failed: not found"}'
    assert isinstance(answers.outcome("L1", SEND, HttpAnswer(status, {}, body)), InDoubt)
    with pytest.raises(TransientError):
        answers.result("L1", READ, HttpAnswer(status, {}, body))


def test_a_duplicate_names_the_contact_that_is_already_there(sample: Sample) -> None:
    outcome = answers.outcome("L1", CREATE, HttpAnswer(400, {}, sample("error_duplicate")))
    assert outcome == Refused(
        Fault("duplicate", "another contact has this", FaultClass.DUPLICATE, 400, "phone", "w8Uq3NcLkJ5hGf2DsZ0x")
    )


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("error_dnd", "dnd"),
        ("error_unsubscribed", "unsubscribed"),
        ("error_no_phone", "no_phone"),
        ("error_bad_email", "bad_email"),
    ],
)
def test_a_person_who_cannot_be_written_to_is_a_final_refusal(sample: Sample, name: str, code: str) -> None:
    outcome = answers.outcome("L1", SEND, HttpAnswer(400, {}, sample(name)))
    assert isinstance(outcome, Refused)
    assert (outcome.fault.code, outcome.fault.kind) == (code, FaultClass.FINAL)
    assert "Rosa" not in outcome.fault.message


@pytest.mark.parametrize(("status", "name"), [(404, "error_order_404"), (400, "error_order_400")])
def test_what_is_not_there_is_gone_whichever_status_says_so(sample: Sample, status: int, name: str) -> None:
    with pytest.raises(RejectedError) as caught:
        answers.result("L1", READ, HttpAnswer(status, {}, sample(name)))
    assert (caught.value.code, caught.value.message, caught.value.status) == ("gone", "Order not found", status)
    outcome = answers.outcome("L1", UPDATE, HttpAnswer(status, {}, sample(name)))
    assert isinstance(outcome, Refused)
    assert outcome.fault.kind is FaultClass.GONE


def test_a_list_of_complaints_is_kept_without_anybodys_address(sample: Sample) -> None:
    fault = faults.fault(HttpAnswer(422, {}, sample("error_422")))
    assert (fault.code, fault.kind) == ("invalid", FaultClass.FINAL)
    assert fault.message == "property nickname should not exist; … is not an email"


def test_phone_numbers_are_blotted_out_of_a_refusal() -> None:
    fault = faults.fault(HttpAnswer(400, {}, b'{"message":"Cannot dial +1 (251) 555-0177 today"}'))
    assert fault.message == "Cannot dial … today"


WRONG_KIND = b'{"statusCode":401,"message":"This authClass type is not allowed to access this scope."}'
REVOKED = b'{"statusCode":403,"message":"The token was revoked"}'


@pytest.mark.parametrize(("status", "body"), [(401, None), (401, b"{}"), (401, WRONG_KIND), (403, REVOKED)])
def test_a_refused_token_is_no_access(sample: Sample, status: int, body: bytes | None) -> None:
    answer = HttpAnswer(status, {}, sample("error_401") if body is None else body)
    outcome = answers.outcome("L1", CREATE, answer)
    assert isinstance(outcome, NoAccess)
    assert (outcome.provider, outcome.subject) == ("avantto", "L1")
    with pytest.raises(AuthError) as caught:
        answers.result("L1", READ, answer)
    assert caught.value.reason == outcome.reason


@pytest.mark.parametrize(("status", "name"), [(401, "error_scope"), (403, "error_foreign")])
def test_a_missing_permission_refuses_this_request_only(sample: Sample, status: int, name: str) -> None:
    answer = HttpAnswer(status, {}, sample(name))
    outcome = answers.outcome("L1", CREATE, answer)
    assert isinstance(outcome, Refused)
    assert (outcome.fault.code, outcome.fault.kind) == ("scope", FaultClass.FINAL)
    assert "a permission is missing" in outcome.fault.message
    with pytest.raises(RejectedError) as caught:
        answers.result("L1", READ, answer)
    assert (caught.value.code, caught.value.message) == ("scope", outcome.fault.message)


@pytest.mark.parametrize(
    "body",
    [
        b'{"type":"https://developers.cloudflare.com/1010","title":"Error 1010: Access denied","status":403}',
        b"<!DOCTYPE html><title>Access denied</title>",
        b"",
    ],
)
def test_the_networks_own_403_never_asks_for_a_reconnection(sample: Sample, body: bytes) -> None:
    for answer in (HttpAnswer(403, {}, body), HttpAnswer(403, {}, sample("error_1010.txt"))):
        assert answers.outcome("L1", CREATE, answer) == NotSent("blocked")
        with pytest.raises(TransientError, match="blocked"):
            answers.result("L1", READ, answer)


def test_a_missing_version_header_is_our_fault_not_the_tokens(sample: Sample) -> None:
    outcome = answers.outcome("L1", CREATE, HttpAnswer(401, {}, sample("error_version")))
    assert isinstance(outcome, Refused)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, 10),
        ({"x-ratelimit-daily-remaining": "512", "x-ratelimit-remaining": "0"}, 10),
        ({"x-ratelimit-daily-remaining": "0"}, 3600),
        ({"retry-after": "45"}, 45),
        ({"retry-after": "2"}, 10),
        ({"retry-after": "Fri, 31 Dec 2027 23:59:59 GMT"}, 10),
    ],
)
def test_a_throttled_request_was_not_carried_out_and_waits(headers: dict[str, str], wait: int, sample: Sample) -> None:
    answer = HttpAnswer(429, headers, sample("error_429"))
    assert answers.outcome("L1", CREATE, answer) == NotSent("throttled", timedelta(seconds=wait))
    with pytest.raises(TransientError) as caught:
        answers.result("L1", READ, answer)
    assert caught.value.retry_after == timedelta(seconds=wait)


def test_an_answer_that_is_not_json_passes_but_an_unknown_shape_needs_somebody() -> None:
    with pytest.raises(TransientError):
        answers.result("L1", READ, HttpAnswer(200, {}, b"<html>moved</html>"))
    for body in (b'{"contact":[]}', b'{"contact":{"name":"Rosa"}}'):
        with pytest.raises(RejectedError) as caught:
            answers.result("L1", READ, HttpAnswer(200, {}, body))
        assert caught.value.code == "unreadable"


def test_limits_are_read_from_the_headers() -> None:
    headers = {
        "x-ratelimit-limit-daily": "200000",
        "x-ratelimit-daily-remaining": "199990",
        "x-ratelimit-interval-milliseconds": "10000",
        "x-ratelimit-max": "100",
        "x-ratelimit-remaining": "93",
    }
    assert read_limits(headers) == Limits(199990, 93, 200000, 100, timedelta(seconds=10))
    assert read_limits({"x-ratelimit-remaining": "many"}) is None
