"""The exact address and headers of a request."""

from __future__ import annotations

import pytest

from avantto_qbo.errors import InternalError
from avantto_qbo.model.http import Read
from avantto_qbo.model.ids import RealmId
from avantto_qbo.model.operation import Call
from avantto_qbo.quickbooks.requests import read_request, write_request

API = "https://quickbooks.api.intuit.com/"
REALM = RealmId("9001")


def test_a_write_carries_its_request_id_and_the_minor_version() -> None:
    sent = write_request(API, REALM, "eyJ", Call("POST", "invoice?operation=void", b"{}"), "op 1")
    assert sent.url == (
        "https://quickbooks.api.intuit.com/v3/company/9001/invoice?operation=void&minorversion=75&requestid=op%201"
    )
    assert sent.headers["Authorization"] == "Bearer eyJ"
    assert (sent.headers["Accept"], sent.headers["Content-Type"]) == ("application/json", "application/json")
    assert (sent.method, sent.body) == ("POST", b"{}")


def test_a_read_without_a_body_names_no_content_type() -> None:
    sent = read_request(API, REALM, "eyJ", Read("customer/1", bytes))
    assert sent.url == "https://quickbooks.api.intuit.com/v3/company/9001/customer/1?minorversion=75"
    assert "Content-Type" not in sent.headers


@pytest.mark.parametrize("request_id", ["", "x" * 51])
def test_a_request_id_that_intuit_would_refuse_is_our_mistake(request_id: str) -> None:
    with pytest.raises(InternalError):
        write_request(API, REALM, "eyJ", Call("POST", "invoice"), request_id)
