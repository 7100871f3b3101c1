"""The stand-in's answers against the vendor's own OpenAPI files and webhook samples, when they are at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from avantto_qbo.sandbox.http import decode_json
from unit.sandbox.avantto_desk import ALT, ANN, GST, PLACE, Desk

TEA = {"name": "Tea", "amount": 20, "taxes": [GST]}


@pytest.fixture(scope="module")
def reference() -> Path:
    """The folder of the vendor's published files, beside the project."""
    folder = Path(__file__).resolve().parents[3].parent / "shared" / "reference"
    if not folder.is_dir():
        pytest.skip("the vendor's reference files are not beside the project")
    return folder


class Schemas:
    """One OpenAPI file, able to list what a document lacks."""

    def __init__(self, file: Path) -> None:
        self._document = decode_json(file.read_bytes())

    def answer(self, method: str, path: str, status: str = "200") -> Any:
        content = self._document["paths"][path][method]["responses"][status]["content"]
        return content["application/json"]["schema"]

    def faults(self, schema: Any, value: Any, at: str = "answer") -> list[str]:
        schema = self._resolved(schema)
        if isinstance(value, list):
            items = schema.get("items", {})
            # Arrays of objects are often declared as arrays of strings in these files.
            inner = {} if items.get("type") == "string" else items
            return [fault for place, entry in enumerate(value) for fault in self.faults(inner, entry, f"{at}[{place}]")]
        if not isinstance(value, dict):
            allowed = schema.get("enum")
            return [f"{at}: {value!r} is not one of {allowed}"] if allowed and value not in allowed else []
        missing = [f"{at}.{name} is missing" for name in schema.get("required", []) if name not in value]
        known = schema.get("properties", {})
        deeper = [
            fault
            for name in known.keys() & value.keys()
            for fault in self.faults(known[name], value[name], f"{at}.{name}")
        ]
        return missing + deeper

    def _resolved(self, schema: Any) -> Any:
        if "allOf" in schema:
            schema = schema["allOf"][0]
        name = schema.get("$ref")
        return self._document["components"]["schemas"][name.rsplit("/", 1)[-1]] if name else schema


def bought(desk: Desk) -> dict[str, str]:
    begun = desk.play.start_subscription(PLACE, ANN, [TEA], setup_fee=5)
    return {
        "orderId": begun["order"]["_id"],
        "transactionId": begun["transaction"]["_id"],
        "subscriptionId": begun["subscription"]["_id"],
        "invoiceId": desk.play.create_invoice(PLACE, ANN, [TEA])["_id"],
    }


@pytest.mark.parametrize(
    ("file", "path", "extra"),
    [
        ("invoices", "/invoices/", {"limit": "10", "offset": "0", "altType": "location"}),
        ("invoices", "/invoices/{invoiceId}", {"altType": "location"}),
        ("payments", "/payments/transactions", {"altType": "location"}),
        ("payments", "/payments/transactions/{transactionId}", {"altType": "location"}),
        ("payments", "/payments/orders", {}),
        ("payments", "/payments/orders/{orderId}", {}),
        ("payments", "/payments/subscriptions", {"altType": "location"}),
        ("payments", "/payments/subscriptions/{subscriptionId}", {"altType": "location"}),
    ],
)
def test_money_answers_have_every_required_member(reference: Path, file: str, path: str, extra: dict[str, str]) -> None:
    desk = Desk()
    schemas = Schemas(reference / "avantto-openapi" / "apps" / f"{file}.json")
    answer = desk.get(path.format(**bought(desk)), altId=PLACE, **extra)
    assert schemas.faults(schemas.answer("get", path), answer) == []


@pytest.mark.parametrize(
    "path", ["/payments/transactions", "/payments/transactions/{transactionId}", "/payments/orders/{orderId}"]
)
def test_money_answers_tell_nothing_the_vendor_does_not(reference: Path, path: str) -> None:
    desk = Desk()
    schemas = Schemas(reference / "avantto-openapi" / "apps" / "payments.json")
    answer = desk.get(path.format(**bought(desk)), **ALT)
    schema = schemas._resolved(schemas.answer("get", path))
    if "data" in answer:
        schema, answer = schemas._resolved(schema["properties"]["data"]["items"]), answer["data"][0]
    assert answer.keys() - schema["properties"].keys() == set()


@pytest.mark.parametrize(
    ("file", "path"),
    [
        ("locations", "/locations/{locationId}"),
        ("locations", "/locations/{locationId}/customValues"),
        ("contacts", "/contacts/{contactId}"),
    ],
)
def test_profile_and_contact_answers_fit(reference: Path, file: str, path: str) -> None:
    desk = Desk()
    desk.play.set_custom_value(PLACE, "review_link", "https://example.com/r")
    contact = desk.play.create_contact(PLACE, **ANN)["id"]
    schemas = Schemas(reference / "avantto-openapi" / "apps" / f"{file}.json")
    answer = desk.get(path.format(locationId=PLACE, contactId=contact))
    assert schemas.faults(schemas.answer("get", path), answer) == []


def test_a_sent_message_and_a_token_fit(reference: Path) -> None:
    desk = Desk()
    apps = reference / "avantto-openapi" / "apps"
    contact = desk.play.create_contact(PLACE, **ANN)["id"]
    sent = desk.message({"type": "SMS", "contactId": contact, "message": "hi"}).json()
    conversations, oauth = Schemas(apps / "conversations.json"), Schemas(apps / "oauth.json")
    assert conversations.faults(conversations.answer("post", "/conversations/messages"), sent) == []
    assert oauth.faults(oauth.answer("post", "/oauth/token"), desk.tokens) == []


@pytest.mark.parametrize("kind", ["InvoiceCreate", "OrderCreate", "ContactCreate"])
def test_webhooks_have_the_members_of_the_vendors_samples(reference: Path, kind: str) -> None:
    desk = Desk()
    bought(desk)
    sample = decode_json((reference / "avantto-webhooks" / f"{kind}.json").read_bytes())
    event = next(event for event in desk.events() if event["type"] == kind)
    # A contact shows only what is known of it.
    optional = {"address1", "city", "state", "companyName", "dateOfBirth", "postalCode", "website", "assignedTo"}
    assert sample.keys() - event.keys() - (optional if kind == "ContactCreate" else set()) == set()


def test_conversation_answers_fit(reference: Path) -> None:
    desk = Desk()
    schemas = Schemas(reference / "avantto-openapi" / "apps" / "conversations.json")
    conversation = desk.play.receive_message(PLACE, ANN)["conversationId"]
    for path, query in (
        ("/conversations/search", {"locationId": PLACE}),
        ("/conversations/{conversationId}/messages", {}),
    ):
        reply = desk.call("GET", path.format(conversationId=conversation), query, version="2021-04-15")
        assert schemas.faults(schemas.answer("get", path), reply.json()) == []


@pytest.mark.parametrize("path", ["/payments/transactions/{transactionId}", "/payments/orders/{orderId}"])
def test_merged_and_taxed_by_the_engine_the_answers_still_tell_nothing_else(reference: Path, path: str) -> None:
    desk = Desk()
    sold = desk.play.sell(PLACE, ANN, [TEA], "website", "store", automatic_tax_rate=8)
    other = desk.play.create_contact(PLACE, name="Bo", email="bo@example.com")["id"]
    desk.play.merge_contacts(PLACE, other, sold["order"]["contactId"])
    schemas = Schemas(reference / "avantto-openapi" / "apps" / "payments.json")
    answer = desk.get(path.format(transactionId=sold["transaction"]["_id"], orderId=sold["order"]["_id"]), **ALT)
    assert answer.keys() - schemas._resolved(schemas.answer("get", path))["properties"].keys() == set()
