"""One TaxLine per rate, for companies outside the US.

Source: Intuit, Automated sales tax for non-US locales: an override names every rate of the codes used. QuickBooks
rounds per rate on the summed base.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from avantto_qbo.model.drafts import InvoiceDraft, ReceiptDraft
from avantto_qbo.model.money import Money, shares
from avantto_qbo.model.quickbooks import Company, TaxRate


def tax_lines(sale: InvoiceDraft | ReceiptDraft, company: Company) -> list[dict[str, Any]]:
    """Split the sale's tax over the rates of its codes; the parts add up to `sale.tax` exactly.

    Each rate gets what its base and percentage call for; a difference between that and the sale's tax goes to the
    largest part. Empty when the company names no rate of any code used: the total alone is sent then.
    """
    bases = _bases(sale, company)
    if not bases:
        return []
    amounts = [Money.rounded(base.amount * rate.rate / 100, base.currency) for rate, base in bases]
    largest = max(range(len(amounts)), key=lambda index: abs(amounts[index].minor))
    rest = sale.tax - sum(amounts, Money.zero(sale.tax.currency))
    amounts[largest] += rest
    return [_tax_line(amount, rate, base) for amount, (rate, base) in zip(amounts, bases, strict=True)]


def _bases(sale: InvoiceDraft | ReceiptDraft, company: Company) -> list[tuple[TaxRate, Money]]:
    """Add up the net amounts each rate applies to, in the order the rates first appear."""
    rates = {rate.id: rate for rate in company.tax_rates}
    codes = {code.id: tuple(rates[one] for one in code.rates if one in rates) for code in company.tax_codes}
    found: dict[str, tuple[TaxRate, Money]] = {}
    for line, net in zip(sale.lines, _nets(sale), strict=True):
        for rate in codes.get(line.tax_code, ()):
            _, sofar = found.get(rate.id, (rate, Money.zero(net.currency)))
            found[rate.id] = rate, sofar + net
    return list(found.values())


def _nets(sale: InvoiceDraft | ReceiptDraft) -> list[Money]:
    """Take each line's share of the discount off it: outside the US the discount comes before the tax."""
    amounts = [line.amount for line in sale.lines]
    if not sale.discount:
        return amounts
    parts = shares(sale.discount, [max(0, amount.minor) for amount in amounts])
    return [amount - part for amount, part in zip(amounts, parts, strict=True)]


def _tax_line(amount: Money, rate: TaxRate, base: Money) -> dict[str, Any]:
    return {
        "Amount": amount.amount,
        "DetailType": "TaxLineDetail",
        "TaxLineDetail": {
            "TaxRateRef": {"value": rate.id},
            "PercentBased": True,
            "TaxPercent": Decimal(f"{rate.rate:f}"),
            "NetAmountTaxable": base.amount,
        },
    }
