from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec

from avantto_qbo.model.drafts import DraftLine
from avantto_qbo.model.ids import RealmId
from avantto_qbo.model.money import Money
from avantto_qbo.model.quickbooks import Company
from avantto_qbo.quickbooks.parts import restated

COMPANY = Company(RealmId("1"), "Shop", "US", "USD")
THEIRS: dict[str, Any] = {
    "Id": "4",
    "Description": "Wax, two coats",
    "Amount": 40.10,
    "DetailType": "SalesItemLineDetail",
    "SalesItemLineDetail": {"ItemRef": {"value": "9"}, "Qty": 1, "UnitPrice": 40.10, "ServiceDate": "2026-01-01"},
}
WAX = DraftLine("1", Money(4010, "USD"), "Wax", Decimal(1), Decimal("40.10"))


def again(line: DraftLine) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(restated(json.dumps(THEIRS).encode(), WAX, line, COMPANY), parse_float=Decimal)
    return told


def test_figures_are_ours_and_the_rest_stays_theirs() -> None:
    line = msgspec.structs.replace(WAX, amount=Money(4530, "USD"), quantity=Decimal(2), unit_price=Decimal("22.65"))
    told = again(line)
    detail = told["SalesItemLineDetail"]
    assert (told["Amount"], detail["Qty"], detail["UnitPrice"]) == (Decimal("45.30"), 2, Decimal("22.65"))
    assert (told["Id"], told["Description"], detail["ServiceDate"]) == ("4", "Wax, two coats", "2026-01-01")
    assert detail["ItemRef"] == {"value": "9"}


def test_a_line_without_quantity_leaves_none_behind() -> None:
    detail = again(msgspec.structs.replace(WAX, quantity=None, unit_price=None))["SalesItemLineDetail"]
    assert not {"Qty", "UnitPrice"} & set(detail)


def test_words_that_avantto_changed_go_in() -> None:
    assert again(msgspec.structs.replace(WAX, description="Wax\nwith care"))["Description"] == "Wax\nwith care"
