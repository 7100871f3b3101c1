"""Sales tax: which lines bear it, whether it can be posted, and what the rates come to.

In a US company lines carry TAX or NON and the document's own tax is sent as TotalTax, so that several taxes need no
codes. Taxes outside the US and prices that include tax are not posted: they wait for a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from avantto_qbo.model.money import Money, total
from avantto_qbo.model.settings import TaxMode
from avantto_qbo.rules.books.defaults import Case
from avantto_qbo.rules.books.lines import SoldLine
from avantto_qbo.rules.reasons import RETRY, held, setting


def check(case: Case, lines: Sequence[SoldLine], tax: Money, what: str) -> None:
    """Raise HeldError unless `tax` on these lines can be posted to the cent; `what` names the document."""
    if any(part.inclusive and part.rate for line in lines for part in line.taxes):
        text = f"{what}: its item taxes are included in the prices, which cannot be posted yet."
        raise held("tax_inclusive", text, "enter it in QuickBooks by hand, then: avantto-qbo skip ID")
    if tax.minor < 0:
        raise held("tax_negative", f"{what}: its tax is negative ({tax}).")
    if tax.minor:
        _check_company(case, tax, what)


def _check_company(case: Case, tax: Money, what: str) -> None:
    if not case.company.american:
        text = f"{what} has tax of {tax}; taxes of a company outside the US cannot be posted yet."
        raise held("tax_outside_us", text, "enter it in QuickBooks by hand, then: avantto-qbo skip ID")
    if not case.company.sales_tax:
        text = f"{what} has tax of {tax}, but sales tax is off in QuickBooks, which would drop it."
        raise held("sales_tax_off", text, f"turn on sales tax in QuickBooks, then: {RETRY}")
    if case.settings.tax is not TaxMode.AUTO:
        text = f"{what} has tax of {tax}, and the setting tax is {case.settings.tax}."
        raise held("tax_setting", text, setting(case.location.id, "tax=auto"))


def codes(lines: Sequence[SoldLine], tax: Money) -> tuple[str, ...]:
    """TAX or NON for each line. Tax that no line names (computed by Avantto's engine) is on all of them."""
    named = any(line.taxed for line in lines)
    return tuple("TAX" if tax.minor and (line.taxed or not named) else "NON" for line in lines)


def computed(lines: Sequence[SoldLine], amounts: Sequence[Money], discount: Money) -> tuple[Money, ...]:
    """What the lines' exclusive taxes come to after `discount`, rounded once or per line and tax.

    The discount is taken off every line in proportion. How the vendor rounds is not documented, hence both.
    """
    currency, net = discount.currency, total(amounts, discount.currency)
    left, whole = (net.minor - discount.minor, net.minor) if net.minor else (1, 1)
    # One division each: a half stays exactly a half.
    parts = [
        amount.amount * left * tax.rate / (whole * 100)
        for line, amount in zip(lines, amounts, strict=True)
        for tax in line.taxes
        if not tax.inclusive
    ]
    once = Money.rounded(sum(parts, Decimal(0)), currency)
    each = total((Money.rounded(part, currency) for part in parts), currency)
    return (once,) if once == each else (once, each)
