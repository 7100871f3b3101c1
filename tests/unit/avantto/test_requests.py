"""What goes out: addresses, headers and bytes, held against the vendor's own description."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

import vendor_openapi
from avantto_qbo import __version__
from avantto_qbo.avantto import encode, reads
from avantto_qbo.avantto.requests import read_request, write_request
from avantto_qbo.model.avantto import Address
from avantto_qbo.model.drafts import ContactDraft, MessageDraft
from avantto_qbo.model.http import Read
from avantto_qbo.model.ids import ContactId, LocationId
from avantto_qbo.model.operation import Call

API = "https://services.leadconnectorhq.com"
LOCATION = LocationId("kLq81hTzVbN4pXwRcE2m")
CONTACT = ContactId("q7Yc2WmPzK9dLr4TsA1v")
ROSA = ContactDraft(
    name="Rosa Marsh",
    first_name="Rosa",
    last_name="Marsh",
    email="rosa@marsh.example",
    phone="+12515550177",
    company="Marsh Pottery",
    address=Address("7 Dune Walk", "Flat 2", "Mobile", "AL", "36603", "us"),
    tags=("quickbooks",),
)
EMAIL = MessageDraft(CONTACT, "email", "Hello Rosa", "How did we do?")
SMS = MessageDraft(CONTACT, "sms", "Hello Rosa & co")

READS: dict[str, Read[Any]] = {
    "location": reads.location(LOCATION),
    "custom_values": reads.custom_values(LOCATION),
    "invoice": reads.invoice(LOCATION, "66f1a0c2"),
    "invoices": reads.invoices_page(LOCATION, 0),
    "sent_invoices": reads.invoices_page(LOCATION, 200, 50, "sent"),
    "transactions": reads.transactions_page(LOCATION, 0),
    "transactions_of": reads.transactions_page(
        LOCATION, 100, 20, datetime(2026, 11, 1, tzinfo=UTC), date(2026, 11, 30), "66f1", "sub_1"
    ),
    "transaction": reads.transaction(LOCATION, "6701b7a9"),
    "order": reads.order(LOCATION, "6701b7a0"),
    "contact": reads.contact(CONTACT),
    "find_by_email": reads.find_contact(LOCATION, email="rosa+shop@marsh.example"),
    "find_by_phone": reads.find_contact(LOCATION, phone="+12515550177"),
}
WRITES: dict[str, tuple[Call, frozenset[str]]] = {
    "create": (encode.contact_create(LOCATION, ROSA), frozenset()),
    # The vendor's endpoint takes it, only its description forgot it.
    "update": (encode.contact_update(CONTACT, ROSA), frozenset({"body.companyName"})),
    "tag": (encode.contact_tag(CONTACT, ("quickbooks",)), frozenset()),
    # Described as required; public clients leave them out and succeed.
    "email": (encode.message_send(EMAIL), frozenset({"body.status", "body.subType"})),
    "sms": (encode.message_send(SMS), frozenset({"body.status", "body.subType"})),
}
described = pytest.mark.skipif(not vendor_openapi.DESCRIPTION.exists(), reason="the vendor's description is not here")


@described
@pytest.mark.parametrize("name", READS)
def test_every_read_is_as_the_vendor_describes_it(name: str) -> None:
    assert vendor_openapi.complaints(read_request(API, "t", READS[name])) == []


@described
@pytest.mark.parametrize("name", WRITES)
def test_every_write_is_as_the_vendor_describes_it(name: str) -> None:
    call, excused = WRITES[name]
    assert vendor_openapi.complaints(write_request(API, "t", call), excused) == []


@described
@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (Call("POST", "/contacts/", b'{"firstName":"Rosa"}'), "body.locationId is required"),
        (Call("POST", "/contacts/", b'{"locationId":"x","nickname":"R"}'), "body.nickname is not described"),
        (Call("POST", "/contacts/c1/tags", b'{"tags":"quickbooks"}'), "body.tags is not a array"),
        (Call("PATCH", "/contacts/c1", b"{}"), "no such operation: PATCH /contacts/c1"),
    ],
)
def test_the_check_against_the_description_can_fail(call: Call, complaint: str) -> None:
    assert vendor_openapi.complaints(write_request(API, "t", call)) == [complaint]


@described
def test_the_check_notices_a_wrong_version_and_an_unknown_parameter() -> None:
    read: Read[None] = Read("/invoices/?altId=x&altType=company&limit=1&offset=0&since=1", lambda _: None, version="v9")
    assert vendor_openapi.complaints(read_request(API, "t", read)) == [
        "header Version is not one of ['2021-07-28']",
        "query altType is not one of ['location']",
        "query since is not described",
    ]


def test_every_request_names_us_the_token_and_the_version() -> None:
    request = read_request(API + "/", "secret", reads.contact(CONTACT))
    assert request.url == f"{API}/contacts/{CONTACT}"
    assert request.headers == {
        "Authorization": "Bearer secret",
        "Version": "2021-07-28",
        "Accept": "application/json",
        "User-Agent": f"avantto-qbo/{__version__}",
    }


def test_messages_go_out_under_their_own_version() -> None:
    assert write_request(API, "t", encode.message_send(SMS)).headers["Version"] == "2021-04-15"


def test_a_plus_sign_survives_in_a_query_and_ids_cannot_leave_their_segment() -> None:
    assert reads.find_contact(LOCATION, phone="+1251").path.endswith("&number=%2B1251")
    assert reads.contact(ContactId("a/../b?c")).path == "/contacts/a%2F..%2Fb%3Fc"


def test_a_window_is_sent_as_the_instant_or_the_day_it_was_given_as() -> None:
    path = READS["transactions_of"].path
    assert "startAt=2026-11-01T00%3A00%3A00.000Z" in path
    assert "endAt=2026-11-30&" in path


def test_a_new_contact_carries_its_tags_and_only_what_is_known() -> None:
    call = encode.contact_create(LOCATION, ContactDraft(name="Rosa", tags=("quickbooks",)))
    assert (call.method, call.path) == ("POST", "/contacts/")
    assert call.body == b'{"locationId":"kLq81hTzVbN4pXwRcE2m","name":"Rosa","tags":["quickbooks"]}'


def test_an_update_fills_only_the_given_fields_and_never_touches_tags() -> None:
    call = encode.contact_update(CONTACT, ContactDraft(phone="+12515550177", tags=("quickbooks",)))
    assert (call.method, call.path, call.body) == ("PUT", f"/contacts/{CONTACT}", b'{"phone":"+12515550177"}')


def test_an_address_becomes_one_line_and_a_country_code() -> None:
    members = msgspec.json.decode(encode.contact_update(CONTACT, ROSA).body)
    assert (members["address1"], members["country"]) == ("7 Dune Walk, Flat 2", "US")
    abroad = ContactDraft(address=Address(city="Lyon", country="France"))
    assert encode.contact_update(CONTACT, abroad).body == b'{"city":"Lyon"}'


def test_an_e_mail_is_sent_as_the_html_it_was_rendered_as() -> None:
    draft = MessageDraft(CONTACT, "email", '<p>Hi Rosa, <a href="https://r.example/a">here</a></p>', "Hi")
    members = msgspec.json.decode(encode.message_send(draft).body)
    assert members["html"] == '<p>Hi Rosa, <a href="https://r.example/a">here</a></p>'
    assert (members["type"], members["subject"]) == ("Email", "Hi")


def test_a_text_message_is_sent_as_it_is_written() -> None:
    assert encode.message_send(SMS).body == (
        b'{"type":"SMS","contactId":"q7Yc2WmPzK9dLr4TsA1v","message":"Hello Rosa & co"}'
    )


def test_an_unknown_channel_is_refused() -> None:
    with pytest.raises(ValueError, match="no such channel: fax"):
        encode.message_send(MessageDraft(CONTACT, "fax", "Hello"))
