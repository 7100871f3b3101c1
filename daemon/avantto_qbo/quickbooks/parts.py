"""A bookkeeper's own line with other figures: what Avantto changed is put in, the rest stays as it stands."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final

import msgspec

from avantto_qbo.model.drafts import DraftLine
from avantto_qbo.model.quickbooks import Company
from avantto_qbo.quickbooks import text

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_DETAIL: Final = "SalesItemLineDetail"
_FIGURES: Final = frozenset({"Qty", "UnitPrice", "TaxInclusiveAmt"})


def restated(part: bytes, before: DraftLine, line: DraftLine, company: Company) -> bytes:
    """Return the JSON of one line of theirs with amount, quantity, price and (where Avantto changed it) the words."""
    said: dict[str, Any] = json.loads(part, parse_float=Decimal)
    detail = {name: value for name, value in said.get(_DETAIL, {}).items() if name not in _FIGURES}
    figures = {"Qty": line.quantity, "UnitPrice": line.unit_price}
    said[_DETAIL] = detail | {name: value for name, value in figures.items() if value is not None}
    said["Amount"] = line.amount.amount
    if line.description != before.description:
        said["Description"] = text.fitted(line.description, text.DESCRIPTION, latin=company.american)
    return _ENCODER.encode(said)
