"""What must be true of every document that stands in the books, read back as the vendor shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec

from avantto_qbo.model.drafts import InvoiceDraft, SaleDraft, TaxForm
from avantto_qbo.quickbooks import reads
from avantto_qbo.rules.books.comparing.conflict import FIELDS, Sight, disputed
from properties.ground import REALM, Ground

_ZERO = Decimal(0)
Rates = dict[Decimal, Decimal]


def check_sums(form: Mapping[str, Any], total: Decimal) -> None:
    """The total is `total`, and the lines less the discount and with the tax come to it."""
    discount = sum((line["Amount"] for line in form["Line"] if line["DetailType"] == "DiscountLineDetail"), _ZERO)
    lines = sum((line["Amount"] for line in form["Line"] if line["DetailType"] == "SalesItemLineDetail"), _ZERO)
    assert form["TotalAmt"] == total
    assert lines - discount + tax_of(form) == total


def tax_of(form: Mapping[str, Any]) -> Decimal:
    """The tax a form states as tax."""
    return Decimal((form.get("TxnTaxDetail") or {}).get("TotalTax") or 0)


def check_tax(ground: Ground, form: Mapping[str, Any], draft: SaleDraft, expected: Decimal) -> None:
    """All the tax Avantto states is tax in the books, or stands on the liability account by itself."""
    liability = {"6"}  # Sales Tax Payable of the stand-in's chart of accounts
    on_lines = sum(
        (
            line["Amount"]
            for line in form["Line"]
            if line["DetailType"] == "SalesItemLineDetail"
            and line["SalesItemLineDetail"]["ItemAccountRef"]["value"] in liability
        ),
        _ZERO,
    )
    assert tax_of(form) + on_lines == expected
    assert (on_lines == 0) or draft.form is TaxForm.LINE


def in_books(amount: Decimal) -> Decimal:
    """What QuickBooks can keep of an amount: two decimals."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def check_rates(ground: Ground, form: Mapping[str, Any], true: Rates, others: Iterable[Rates], tax: Decimal) -> None:
    """Every rate's tax is Avantto's, off by no more than Avantto's own rates are off its tax.

    Avantto states no rates for an invoice: where another way of rounding comes to the same tax, that one is as good.
    """
    rows = {row["Id"]: row["RateValue"] for row in ground.books.play.state(REALM)["TaxRate"]}
    found: Rates = {}
    for line in (form.get("TxnTaxDetail") or {}).get("TaxLine", ()):
        rate = Decimal(rows[line["TaxLineDetail"]["TaxRateRef"]["value"]])
        found[rate] = found.get(rate, _ZERO) + line["Amount"]
    slack = abs(sum(true.values(), _ZERO) - tax)
    good = [way for way in others if sum(way.values(), _ZERO) == tax]
    assert _apart(found, true) <= slack or any(_apart(found, way) == 0 for way in good), (found, true, tax)


def _apart(one: Rates, other: Rates) -> Decimal:
    return max((abs(one.get(rate, _ZERO) - other.get(rate, _ZERO)) for rate in {*one, *other}), default=_ZERO)


def by_rate(rows: Iterable[Mapping[str, Any]]) -> Rates:
    """Avantto's own tax summary by rate."""
    found: Rates = {}
    for row in rows:
        rate = Decimal(str(row["rate"]))
        found[rate] = found.get(rate, _ZERO) + Decimal(str(row["amount"]))
    return found


def check_untouched(ground: Ground, agreed: InvoiceDraft, object_id: str) -> None:
    """What nobody touched in QuickBooks is never taken for a person's change."""
    currency = ground.company().currency
    theirs = ground.ask(reads.invoice(object_id, currency)).draft
    assert disputed(Sight(theirs, agreed), agreed, frozenset(FIELDS)) == frozenset()


def check_journaled(draft: SaleDraft) -> None:
    """An agreement survives the journal."""
    assert msgspec.json.decode(msgspec.json.encode(draft), type=type(draft)) == draft
