"""What can be switched in a company: its owner's preferences, and behaviour where facts are unverified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Literal, get_args

RequestIds = Literal["honoured", "ignored", "expired", "refused"]
Rotation = Literal["daily", "every"]
OldRefresh = Literal["at_once", "until_used"]
Engine = Literal["honours", "recomputes"]
Rounding = Literal["summed", "per_line", "down"]
InclusiveDiscount = Literal["net", "gross"]
ClassPer = Literal["both", "line", "transaction"]
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "requestid": get_args(RequestIds),
    "rotation": get_args(Rotation),
    "old_refresh": get_args(OldRefresh),
    "merge_leaves": ("inactive", "gone"),
    "tax_engine": get_args(Engine),
    "tax_rounding": get_args(Rounding),
    "inclusive_discount": get_args(InclusiveDiscount),
    "class_per": get_args(ClassPer),
}


@dataclass(frozen=True, slots=True)
class Knobs:
    """Switches of one company.

    Preferences a person can see: `custom_txn_numbers`, `warn_duplicates`, `allow_discount`, `auto_apply_credit`,
    `multicurrency`, `class_tracking` and `class_per` (on lines, on the transaction, or both), `department_tracking`,
    `default_item` (an Item id), `close_books` (last closed day), `sales_tax`, `tax_free_code` (whether the code No VAT
    of a British company is active).

    Behaviour: `requestid` (honoured: the first answer is repeated for `requestid_seconds`; ignored and expired: the
    request is carried out again; refused: 600), `query_lag` seconds in which a new object is absent from queries,
    `commit_delay` seconds a write takes, `read_quota` metered reads (None: no limit), `rate_limits`, `rotation` and
    `old_refresh` of refresh tokens, `cdc_inclusive`, `balance_touches_customer` (a posting changes the customer's
    LastUpdatedTime and SyncToken), `merge_leaves` (what is left of a merged customer).

    The tax engine, in every kind of company: `tax_engine` (honours: an amount sent replaces its own; recomputes: it is
    ignored), `tax_rounding` (once on the summed base, per line, or downwards), `tax_drift` (what it answers beyond what
    it should, such as 0.01), `tax_rate` in percent (United States, automated), `inclusive_discount` (whether a discount
    beside prices that include tax is before tax or includes it, too).
    """

    custom_txn_numbers: bool = True
    warn_duplicates: bool = True
    allow_discount: bool = True
    auto_apply_credit: bool = False
    multicurrency: bool = False
    class_tracking: bool = False
    department_tracking: bool = False
    default_item: str = ""
    close_books: date | None = None
    requestid: RequestIds = "honoured"
    requestid_seconds: float = 86_400.0
    query_lag: float = 0.0
    commit_delay: float = 0.0
    read_quota: int | None = None
    rate_limits: bool = True
    rotation: Rotation = "daily"
    old_refresh: OldRefresh = "at_once"
    cdc_inclusive: bool = True
    balance_touches_customer: bool = False
    merge_leaves: Literal["inactive", "gone"] = "inactive"
    tax_rate: str = "8.25"
    sales_tax: bool = True
    tax_free_code: bool = True
    tax_engine: Engine = "honours"
    tax_rounding: Rounding = "summed"
    tax_drift: str = "0.00"
    inclusive_discount: InclusiveDiscount = "net"
    class_per: ClassPer = "both"


def turn(knobs: Knobs, changes: Mapping[str, Any]) -> Knobs:
    """Return the knobs with some of them turned; raise `ValueError` for an unknown knob or position."""
    known = {member.name for member in fields(Knobs)}
    values = dict(changes)
    for name, value in changes.items():
        if name not in known:
            raise ValueError(f"unknown knob {name!r}, known are {', '.join(sorted(known))}")
        if name in _CHOICES and value not in _CHOICES[name]:
            raise ValueError(f"{name} is one of {', '.join(_CHOICES[name])}")
    if isinstance(values.get("close_books"), str):
        values["close_books"] = date.fromisoformat(values["close_books"]) if values["close_books"] else None
    for name in ("query_lag", "commit_delay", "requestid_seconds"):
        if name in values:
            values[name] = float(values[name])
    for name in ("tax_rate", "tax_drift"):
        if name in values:
            values[name] = str(values[name])
    return replace(knobs, **values)
