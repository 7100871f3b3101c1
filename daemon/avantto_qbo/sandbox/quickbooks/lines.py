"""The lines of a sales form: checks, the discount, the subtotal the server adds.

Rules from the vendor's Invoice page: a `Line` array replaces the stored one; a line is sales, description or discount;
Amount equals UnitPrice times Qty rounded half up (6070); a discount has an amount or a percentage (6090).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from avantto_qbo.sandbox.quickbooks.company import ZERO, Company
from avantto_qbo.sandbox.quickbooks.draft import named_reference, tracks_class, value_of
from avantto_qbo.sandbox.quickbooks.fields import Json
from avantto_qbo.sandbox.quickbooks.money import CENT, cents, exact, percent
from avantto_qbo.sandbox.quickbooks.refusals import RefusedError, bad_reference, bad_value, business, missing
from avantto_qbo.sandbox.quickbooks.seed import DISCOUNTS

SALES, TEXT, DISCOUNT, SUBTOTAL = "SalesItemLineDetail", "DescriptionOnly", "DiscountLineDetail", "SubTotalLineDetail"


def read_lines(company: Company, given: Iterable[Json], unit: Decimal = CENT) -> list[Json]:
    """Return the client's lines, checked and completed, without subtotals; raise `RefusedError`.

    `unit` is the smallest amount of the form's currency.
    """
    lines = [_read_line(company, line, unit) for line in given if line.get("DetailType") != SUBTOTAL]
    if not any(line["DetailType"] in {SALES, TEXT} for line in lines):
        raise missing("Line")
    if sum(line["DetailType"] == DISCOUNT for line in lines) > 1:
        raise business("Only one discount line is allowed per transaction")
    return lines


def _read_line(company: Company, line: Json, unit: Decimal) -> Json:
    kind = line.get("DetailType")
    if kind is None:
        raise missing("Line.DetailType")
    if kind == SALES:
        return _sales_line(company, line, unit)
    if kind == TEXT:
        return _text_line(line)
    if kind == DISCOUNT:
        return _discount_line(company, line, unit)
    raise bad_value("2170", "Invalid Enumeration", "Line.DetailType", kind)


def _text_line(line: Json) -> Json:
    kept: Json = {key: value for key, value in line.items() if key in {"Id", "Description"}}
    return {**kept, "DetailType": TEXT, "DescriptionLineDetail": line.get("DescriptionLineDetail") or {}}


def _sales_line(company: Company, line: Json, unit: Decimal) -> Json:
    detail = dict(line.get(SALES) or {})
    if value_of(detail, "ItemRef") is None:
        # The vendor's page: such a line is documentation and its amount is ignored.
        return _text_line(line)
    if line.get("Amount") is None:
        raise missing("Line.Amount")
    amount = exact(line["Amount"], "Line.Amount", unit)
    check_product(amount, detail, unit)
    detail["ItemRef"] = named_reference(company, "Item", detail, "ItemRef")
    detail["ItemAccountRef"] = _item_account(company, detail["ItemRef"]["value"])
    if value_of(detail, "ClassRef"):
        detail["ClassRef"] = named_reference(company, "Class", detail, "ClassRef")
    if not tracks_class(company, "line"):
        detail.pop("ClassRef", None)
    return {**line, "Amount": amount, SALES: _with_tax_code(company, detail)}


def check_product(amount: Decimal, detail: Json, unit: Decimal = CENT) -> None:
    """Raise `RefusedError` 6070 unless the amount is quantity times price, half up to the cent.

    Zero times zero counts as not given: python-quickbooks sends it with every amount, and its own live tests pass.
    """
    quantity, price = detail.get("Qty"), detail.get("UnitPrice")
    if quantity is None or price is None or not (quantity or price):
        return
    if cents(quantity * price, unit) != amount:
        detail_text = f"Amount is not equal to UnitPrice * Qty. Supplied value:{amount:,}"
        raise RefusedError("6070", "Amount calculation incorrect in the request", detail_text, element="Line.Amount")


def _item_account(company: Company, identifier: str) -> Json:
    """Return the account an item is booked to; raise `RefusedError` for a category (6000) or none active (2500)."""
    item = company.find("Item", identifier) or {}
    if item.get("Type") == "Category":
        raise business("A category cannot be sold")
    account = company.active("Account", value_of(item, "IncomeAccountRef"))
    if account is None:
        raise bad_reference("Line.SalesItemLineDetail.ItemRef")
    return {"value": account["Id"], "name": account["Name"]}


def _with_tax_code(company: Company, detail: Json) -> Json:
    if company.locale.global_tax:
        return detail
    code = value_of(detail, "TaxCodeRef") or "NON"
    if company.knobs.sales_tax and code not in {"TAX", "NON"}:
        raise RefusedError("6100", "Invalid tax code", f"Tax code {code} must be TAX or NON", element="TaxCodeRef")
    return {**detail, "TaxCodeRef": {"value": code if company.knobs.sales_tax else "NON"}}


def _discount_line(company: Company, line: Json, unit: Decimal) -> Json:
    if not company.knobs.allow_discount:
        raise business("Discounts are not enabled for this company")
    detail = dict(line.get(DISCOUNT) or {})
    rate, amount = detail.get("DiscountPercent"), line.get("Amount")
    if (detail.get("PercentBased") and rate is None and amount is None) or (rate is None and amount is None):
        raise RefusedError("6090", "Discount required", "A discount line needs an amount or a percentage")
    if (amount is not None and amount < 0) or (rate is not None and rate < 0):
        raise bad_value("2290", "Invalid Amount: negative", "Line.Amount", amount if amount is not None else rate)
    if amount is not None:
        exact(amount, "Line.Amount", unit)
    detail.setdefault("DiscountAccountRef", {"value": DISCOUNTS})
    detail["DiscountAccountRef"] = named_reference(company, "Account", detail, "DiscountAccountRef")
    detail["PercentBased"] = bool(detail.get("PercentBased", rate is not None and amount is None))
    return {**line, DISCOUNT: detail}


def subtotal_of(lines: Iterable[Json]) -> Decimal:
    """Add up the sales lines."""
    return sum((line["Amount"] for line in lines if line["DetailType"] == SALES), ZERO)


def discount_of(lines: Iterable[Json], subtotal: Decimal, unit: Decimal = CENT) -> Decimal:
    """Return the discount's amount: a percentage of the subtotal, or the amount given."""
    for line in lines:
        if line["DetailType"] == DISCOUNT:
            detail = line[DISCOUNT]
            if detail["PercentBased"] and detail.get("DiscountPercent") is not None:
                return percent(subtotal, detail["DiscountPercent"], unit)
            return cents(line["Amount"], unit)
    return ZERO


def arrange(lines: list[Json], current: Json | None, subtotal: Decimal, discount: Decimal) -> list[Json]:
    """Return the lines as stored: numbered, the subtotal after the sales lines, the discount last.

    A line keeps its Id when the stored form has a line of that Id; any other becomes a new line.
    """
    known = {line.get("Id") for line in (current or {}).get("Line", ())} - {None}
    last = max((int(identifier) for identifier in known if identifier), default=0)
    arranged: list[Json] = []
    ordinary = [line for line in lines if line["DetailType"] != DISCOUNT]
    for number, line in enumerate(ordinary, start=1):
        identifier = line.get("Id")
        if identifier not in known:
            last += 1
            identifier = str(last)
        arranged.append({**line, "Id": identifier, "LineNum": number})
    arranged.append({"Amount": subtotal, "DetailType": SUBTOTAL, SUBTOTAL: {}})
    arranged += [{**line, "Amount": discount} for line in lines if line["DetailType"] == DISCOUNT]
    return arranged
