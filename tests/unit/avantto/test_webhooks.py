"""Webhooks: whose they are and what they say."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from avantto_qbo.avantto.webhooks import MalformedWebhookError, PublicKey, load_key, parse, verify
from avantto_qbo.errors import ConfigError
from avantto_qbo.model.records import Topic

Sample = Callable[[str], bytes]
BODY = b'{"type":"InvoicePaid","_id":"66f1","altId":"L1","total":1.10}'
CURRENT = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NEXT = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


@pytest.fixture(scope="module")
def legacy() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


def signed(key: Ed25519PrivateKey, body: bytes = BODY) -> str:
    return base64.b64encode(key.sign(body)).decode()


def signed_by_rsa(key: RSAPrivateKey, body: bytes = BODY) -> str:
    return base64.b64encode(key.sign(body, PKCS1v15(), SHA256())).decode()


def keys(*private: Ed25519PrivateKey | RSAPrivateKey) -> tuple[PublicKey, ...]:
    return tuple(key.public_key() for key in private)


def test_a_signature_over_exactly_these_bytes_is_accepted() -> None:
    assert verify(BODY, {"X-GHL-Signature": signed(CURRENT)}, keys(CURRENT))
    assert verify(BODY, {"x-ghl-signature": signed(NEXT)}, keys(CURRENT, NEXT))


def test_the_same_json_in_other_bytes_is_refused() -> None:
    assert not verify(BODY.replace(b"1.10", b"1.1"), {"X-GHL-Signature": signed(CURRENT)}, keys(CURRENT))


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_any_changed_byte_is_refused(place: int, change: int) -> None:
    forged = bytearray(BODY)
    forged[place] ^= change
    assert not verify(bytes(forged), {"X-GHL-Signature": signed(CURRENT)}, keys(CURRENT))


@pytest.mark.parametrize("value", ["", "N/A", "n/a", " N/A "])
def test_a_missing_signature_is_refused_however_it_is_written(value: str) -> None:
    assert not verify(BODY, {"X-GHL-Signature": value}, keys(CURRENT))
    assert not verify(BODY, {}, keys(CURRENT))


@pytest.mark.parametrize("value", ["not base64!", "AAAA", base64.b64encode(bytes(64)).decode()])
def test_nonsense_is_refused(value: str) -> None:
    assert not verify(BODY, {"X-GHL-Signature": value}, keys(CURRENT))


def test_the_legacy_signature_counts_only_where_its_key_is_listed(legacy: RSAPrivateKey) -> None:
    headers = {"x-wh-signature": signed_by_rsa(legacy), "X-GHL-Signature": "N/A"}
    assert verify(BODY, headers, keys(CURRENT, legacy))
    assert not verify(BODY, headers, keys(CURRENT))


def test_a_legacy_signature_over_other_bytes_is_refused(legacy: RSAPrivateKey) -> None:
    assert not verify(BODY + b" ", {"x-wh-signature": signed_by_rsa(legacy)}, keys(legacy))


def test_a_wrong_current_signature_is_never_rescued_by_the_legacy_one(legacy: RSAPrivateKey) -> None:
    headers = {"x-wh-signature": signed_by_rsa(legacy), "X-GHL-Signature": signed(NEXT)}
    assert not verify(BODY, headers, keys(CURRENT, legacy))


def test_an_rsa_signature_in_the_current_header_is_refused(legacy: RSAPrivateKey) -> None:
    assert not verify(BODY, {"X-GHL-Signature": signed_by_rsa(legacy)}, keys(CURRENT, legacy))


def test_the_published_key_is_built_in() -> None:
    key = load_key("builtin")
    assert isinstance(key, Ed25519PublicKey)
    assert base64.b64encode(key.public_bytes_raw()) == b"i2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg="


def test_a_key_is_loaded_from_a_pem_file(tmp_path: Path) -> None:
    file = tmp_path / "next.pem"
    file.write_bytes(NEXT.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert verify(BODY, {"X-GHL-Signature": signed(NEXT)}, (load_key(str(file)),))


def test_a_key_that_cannot_be_used_is_a_mistake_in_the_configuration(tmp_path: Path) -> None:
    wrong_kind, no_key = tmp_path / "ec.pem", tmp_path / "note.txt"
    public = generate_ec_key(SECP256R1()).public_key()
    wrong_kind.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    no_key.write_text("the key is in the drawer")
    for file in (wrong_kind, no_key, tmp_path / "missing.pem"):
        with pytest.raises(ConfigError) as caught:
            load_key(str(file))
        assert caught.value.key == "avantto.webhook_keys"


def test_an_order_event_names_the_order_and_the_moment(sample: Sample) -> None:
    event = parse(sample("order_webhook"))
    assert (event.type, event.topic, event.object_id) == (
        "OrderStatusUpdate",
        Topic.ORDER,
        "6701b7a0c4d2e8f013572400",
    )
    assert (event.event_id, event.location) == ("7d6b2a2e-2f0a-4f5e-9f0e-2f4c6f0c9a51", "kLq81hTzVbN4pXwRcE2m")
    assert event.at == datetime(2026, 11, 11, 0, 0, 6, tzinfo=UTC)
    assert event.body == sample("order_webhook")


def test_an_invoice_event_without_an_envelope_is_told_by_its_document(sample: Sample) -> None:
    event = parse(sample("event_invoice_sparse"))
    assert (event.type, event.topic, event.location) == ("InvoiceDelete", Topic.INVOICE, "kLq81hTzVbN4pXwRcE2m")
    assert event.at is None
    sent = parse(sample("event_invoice_sparse").replace(b'"delete"', b'"sent"'))
    assert sent.type == "InvoiceUpdate"


def test_an_order_event_without_an_envelope_is_told_by_its_sums(sample: Sample) -> None:
    event = parse(sample("order_webhook").replace(b'"type": "OrderStatusUpdate",', b""))
    assert (event.type, event.topic) == ("OrderStatusUpdate", Topic.ORDER)


def test_a_moment_in_an_unknown_form_does_not_lose_the_event(sample: Sample) -> None:
    event = parse(sample("event_contact").replace(b"2026-11-11T00:00:06.000Z", b"just now"))
    assert (event.at, event.object_id) == (None, "q7Yc2WmPzK9dLr4TsA1v")


def test_an_event_without_an_id_is_known_by_its_bytes(sample: Sample) -> None:
    body = sample("event_invoice_sparse")
    assert parse(body).event_id == parse(body).event_id
    assert parse(body).event_id.startswith("sha256:")
    assert parse(body.replace(b"10:00:00", b"10:00:01")).event_id != parse(body).event_id


@pytest.mark.parametrize(
    ("name", "kind", "location", "object_id", "company"),
    [
        ("event_contact", "ContactUpdate", "kLq81hTzVbN4pXwRcE2m", "q7Yc2WmPzK9dLr4TsA1v", ""),
        ("event_location", "LocationUpdate", "kLq81hTzVbN4pXwRcE2m", "kLq81hTzVbN4pXwRcE2m", "cmp7Rt2Q"),
        ("event_uninstall", "UNINSTALL", "kLq81hTzVbN4pXwRcE2m", "kLq81hTzVbN4pXwRcE2m", ""),
        ("event_install_agency", "INSTALL", "", "cmp7Rt2Q", "cmp7Rt2Q"),
    ],
)
def test_other_events_are_placed_but_concern_no_document(
    sample: Sample, name: str, kind: str, location: str, object_id: str, company: str
) -> None:
    event = parse(sample(name))
    assert (event.type, event.location, event.object_id, event.company, event.topic) == (
        kind,
        location,
        object_id,
        company,
        None,
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"{}",
        b'{"type":"InvoicePaid","_id":"x"}',
        b'{"type":"InvoicePaid","altId":"L1"}',
        b'{"_id":"x","altId":"L1"}',
        b'{"type":{"$gt":""},"_id":["x"],"altId":"L1"}',
    ],
)
def test_a_body_that_cannot_be_placed_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedWebhookError):
        parse(body)


@given(st.binary(max_size=200))
def test_no_bytes_at_all_break_the_reading(body: bytes) -> None:
    with pytest.raises(MalformedWebhookError):
        parse(body)
