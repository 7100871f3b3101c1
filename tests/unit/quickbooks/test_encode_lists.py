"""The customers and items as they are sent."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from avantto_qbo.model.drafts import ItemDraft
from avantto_qbo.model.operation import Call
from avantto_qbo.quickbooks.encode_lists import customer_create, item_create
from quickbooks_material import company, customer


def body(call: Call) -> Any:
    return msgspec.json.decode(call.body)


@pytest.mark.parametrize(("currency", "sent"), [("EUR", {"value": "EUR"}), ("", None)])
def test_a_customer_s_currency_is_stated_where_it_has_one(currency: str, sent: object) -> None:
    assert body(customer_create(customer(currency=currency), company())).get("CurrencyRef") == sent


@pytest.mark.parametrize(
    ("draft", "sent"),
    [
        (ItemDraft("Avantto sales", "79"), {"Name": "Avantto sales"}),
        (ItemDraft("Crème: deluxe", "79", "C–1"), {"Name": "Crème deluxe", "Sku": "C-1"}),
    ],
)
def test_an_item_is_a_service_on_its_account(draft: ItemDraft, sent: dict[str, str]) -> None:
    always = {"Type": "Service", "IncomeAccountRef": {"value": "79"}}
    assert body(item_create(draft, company())) == {**sent, **always}


def test_a_name_in_another_script_is_sent_as_it_is_outside_the_us() -> None:
    british = company(country="GB")
    assert body(item_create(ItemDraft("茶", "79"), british))["Name"] == "茶"
    assert body(customer_create(customer(display_name="李雷"), british))["DisplayName"] == "李雷"
