"""Every envelope a refusal comes in, and who can mend it."""

from __future__ import annotations

import pytest

from avantto_qbo.errors import AuthError, RejectedError, TransientError
from avantto_qbo.model.outcome import FaultClass
from avantto_qbo.quickbooks.faults import RawFault, classify, denies_access, error_of, fault_of, find_fault, throttles
from quickbooks_material import sample


@pytest.mark.parametrize(
    ("name", "code", "kind"),
    [
        ("fault_stale.json", "5010", FaultClass.STALE),
        ("fault_name_taken.json", "6240", FaultClass.NAME_TAKEN),
        ("fault_number_taken.json", "6140", FaultClass.NUMBER_TAKEN),
        ("fault_gone.json", "610", FaultClass.GONE),
        ("fault_closed.json", "6210", FaultClass.CLOSED),
        ("fault_collision.json", "6000", FaultClass.PASSING),
        ("fault_business.json", "6000", FaultClass.FINAL),
        ("fault_application.json", "10000", FaultClass.PASSING),
        ("fault_inactive.json", "10000", FaultClass.FINAL),
        ("fault_throttled.xml", "3001", FaultClass.PASSING),
    ],
)
def test_each_recorded_refusal_has_its_class(name: str, code: str, kind: FaultClass) -> None:
    fault = fault_of(400, find_fault(sample(name)))
    assert (fault.code, fault.kind, fault.status) == (code, kind, 400)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (code, FaultClass.FINAL)
        for code in "500 620 800 1040 2010 2050 2210 2500 4001 5020 6070 6100 6250 6540 9999".split()
    ]
    + [(code, FaultClass.PASSING) for code in "130 140 150".split()]
    + [(code, FaultClass.CLOSED) for code in "6190 6200".split()],
)
def test_each_code_of_the_error_page_has_its_class(code: str, kind: FaultClass) -> None:
    assert classify(RawFault(code)) is kind


def test_the_detail_goes_no_further() -> None:
    for name in ("fault_stale.json", "fault_business.json"):
        raw = find_fault(sample(name))
        assert raw is not None
        assert "jane@example.com" not in repr(raw)
        assert "jane@example.com" not in repr(fault_of(400, raw))
        assert "jane@example.com" not in str(error_of("9001", 400, raw))


def test_the_id_a_taken_name_points_at_is_kept() -> None:
    fault = fault_of(400, find_fault(sample("fault_name_taken.json")))
    assert (fault.existing, fault.field) == ("58", "DisplayName")


@pytest.mark.parametrize(
    ("name", "status", "code"), [("fault_token.json", 401, "3200"), ("fault_gateway.json", 403, "3100")]
)
def test_the_gateways_lower_case_refusals_deny_access(name: str, status: int, code: str) -> None:
    raw = find_fault(sample(name))
    assert raw is not None
    assert raw.code == code
    assert denies_access(status, raw)
    assert isinstance(error_of("9001", status, raw), AuthError)


def test_the_request_limit_is_known_by_its_text_whatever_the_envelope() -> None:
    assert throttles(find_fault(sample("fault_throttled.xml")))
    as_json = b'{"Fault":{"Error":[{"Message":"message=ThrottleExceeded; errorCode=003001; statusCode=403"}]}}'
    assert throttles(find_fault(as_json))
    assert not throttles(find_fault(sample("fault_business.json")))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"<html>",
        b"{}",
        b'{"Fault":null}',
        b'{"Fault":"no"}',
        b"\xff\xfe",
        sample("gateway.html"),
    ],
)
def test_a_body_without_a_fault_is_no_fault(body: bytes) -> None:
    assert find_fault(body) is None


def test_a_fault_may_lack_everything() -> None:
    raw = find_fault(b'{"Fault":{"Error":[]}}')
    assert raw == RawFault()
    assert fault_of(400, raw).code == "http-400"
    assert find_fault(b'{"fault":{"error":{"code":"003200"}}}') == RawFault("3200")


def test_a_document_type_in_an_answer_is_not_parsed() -> None:
    assert find_fault(b'<!DOCTYPE a [<!ENTITY x "y">]><Fault><Error code="610"/></Fault>') is None


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, RejectedError), (404, RejectedError), (401, AuthError), (429, TransientError), (503, TransientError)],
)
def test_an_unreadable_refusal_is_judged_by_its_status(status: int, error: type[Exception]) -> None:
    assert isinstance(error_of("9001", status, None), error)


@pytest.mark.parametrize("code", [b"100", b"120", b"3200"])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_who_fails_has_not_looked_at_the_token(status: int, code: bytes) -> None:
    raw = find_fault(b'{"fault":{"error":[{"message":"AuthenticationFailed","code":"' + code + b'"}]}}')
    assert isinstance(error_of("9001", status, raw), TransientError)
