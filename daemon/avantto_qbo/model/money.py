"""Money as integer minor units with its currency attached; a float is refused wherever it shows up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final, Self

import msgspec

# ISO 4217 exponents that differ from 2.
_EXPONENTS: Final[dict[str, int]] = dict.fromkeys(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
) | dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3)


def exponent(currency: str) -> int:
    """How many decimals `currency` (ISO 4217) has."""
    return _EXPONENTS.get(currency.upper(), 2)


def exact(value: Decimal | int | str) -> Decimal:
    """Read a number exactly; a float or a bool is an error, never a rounding."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise TypeError(f"money needs Decimal, int or str, not {type(value).__name__}")
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError("money must be finite")
    return number


def from_json(text: str) -> Decimal:
    """Read a number of a JSON text exactly: the hook of decoders that must not make floats.

    Raises msgspec's ValidationError for one that is out of every range.
    """
    try:
        return Decimal(text)
    except InvalidOperation:
        raise msgspec.ValidationError("a number is out of range") from None


def rounded(value: Decimal, currency: str) -> Decimal:
    """Round half-up to the currency's minor unit, as both vendors do (6070 is checked half-up)."""
    return value.quantize(Decimal(1).scaleb(-exponent(currency)), rounding=ROUND_HALF_UP)


class Money(msgspec.Struct, frozen=True, order=True):
    """An amount in minor units (`minor`, may be negative) of `currency` (ISO 4217, upper case)."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if isinstance(self.minor, bool) or not isinstance(self.minor, int):
            raise TypeError("minor units are whole numbers")

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str) -> Self:
        """Make money from major units; more decimals than the currency has are an error."""
        scaled = exact(amount).scaleb(exponent(currency))
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{amount} has more decimals than {currency.upper()} allows")
        return cls(int(scaled), currency.upper())

    @classmethod
    def rounded(cls, amount: Decimal, currency: str) -> Self:
        """Make money from major units, rounding half-up."""
        return cls.of(rounded(amount, currency), currency)

    @classmethod
    def zero(cls, currency: str) -> Self:
        return cls(0, currency.upper())

    @property
    def amount(self) -> Decimal:
        """The same amount in major units."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"


def total(amounts: Iterable[Money], currency: str) -> Money:
    """Add up; an empty list is zero of `currency`."""
    return sum(amounts, Money.zero(currency))


def shares(whole: Money, weights: Sequence[int]) -> tuple[Money, ...]:
    """Split `whole` in proportion to `weights` so that the parts add up to it exactly.

    Largest remainder first, earlier entries first among equals; all-zero weights give the whole to the first.
    """
    if not weights:
        raise ValueError("nothing to share among")
    scale = sum(weights)
    if scale == 0:
        weights, scale = [1] + [0] * (len(weights) - 1), 1
    floors = [whole.minor * weight // scale for weight in weights]
    remainders = [whole.minor * weight % scale for weight in weights]
    left = whole.minor - sum(floors)
    for index in sorted(range(len(weights)), key=lambda i: -remainders[i])[:left]:
        floors[index] += 1
    return tuple(Money(part, whole.currency) for part in floors)
