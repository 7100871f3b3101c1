"""Amounts as the vendor keeps them: two decimals in any currency, none where the currency has none; half up."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from avantto_qbo.sandbox.quickbooks.refusals import bad_value

CENT = Decimal("0.01")
WHOLE = Decimal(1)
HUNDRED = Decimal(100)
# ISO 4217: the currencies without a minor unit.
WHOLE_CURRENCIES = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"}
)


def unit_of(currency: str | None) -> Decimal:
    """Return the smallest amount the books keep in a currency; a third decimal is kept in none."""
    return WHOLE if currency in WHOLE_CURRENCIES else CENT


def cents(amount: Decimal, unit: Decimal = CENT, rounding: str = ROUND_HALF_UP) -> Decimal:
    """Round to the currency's smallest unit, half up unless told otherwise."""
    return amount.quantize(unit, rounding)


def percent(amount: Decimal, rate: Decimal, unit: Decimal = CENT, rounding: str = ROUND_HALF_UP) -> Decimal:
    """Return that percentage of the amount, rounded."""
    return cents(amount * rate / HUNDRED, unit, rounding)


def exact(amount: Decimal, name: str, unit: Decimal = CENT) -> Decimal:
    """Return a sent amount with its usual decimals; raise `RefusedError` 2110 for one that has more."""
    kept = cents(amount, unit)
    if kept != amount:
        raise bad_value("2110", "Invalid Number Format: too many decimals", name, amount)
    return kept


def spread(amount: Decimal, weights: Sequence[Decimal], unit: Decimal = CENT) -> list[Decimal]:
    """Share an amount out in proportion; the last share takes what rounding leaves."""
    whole = sum(weights, Decimal(0))
    shares = [cents(amount * weight / whole, unit) if whole else Decimal(0) for weight in weights[:-1]]
    return [*shares, amount - sum(shares, Decimal(0))] if weights else []
