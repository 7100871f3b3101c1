"""The arithmetic of one sale: from Avantto's lines, discount and taxes to its total, every cent accounted for.

Avantto documents neither where it rounds nor how it spreads a discount, so the ways seen elsewhere are tried in turn
and the first that comes to Avantto's own total is taken. What is planned from a reckoning is also what `explain` shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Final

import msgspec

from avantto_qbo.model.avantto import Tax
from avantto_qbo.model.money import Money, exponent, shares, total
from avantto_qbo.rules.books.sale.lines import SoldLine, roundings, with_rest

RateKey = tuple[str, Fraction]
_NOTHING: Final = Fraction(0)


class Extra(msgspec.Struct, frozen=True):
    """Money beside the items, untaxed: shipping, a tip, a fee, a cent of rounding."""

    name: str
    amount: Money


class Sale(msgspec.Struct, frozen=True):
    """What Avantto states. `discount` is in the prices as shown; `valid_on` limits it to some products, empty: all.

    `tax` None: not stated. `total` is what everything must come to.
    """

    lines: tuple[SoldLine, ...]
    total: Money
    discount: Money
    tax: Money | None = None
    valid_on: frozenset[str] = frozenset()
    extras: tuple[Extra, ...] = ()

    @property
    def currency(self) -> str:
        return self.total.currency


class RateSum(msgspec.Struct, frozen=True):
    """What one tax of Avantto comes to: `rate` percent of `base`, both after discount."""

    name: str
    rate: Fraction
    base: Money
    amount: Money


class Reckoning(msgspec.Struct, frozen=True):
    """One way the total comes about: Σ nets − discount + tax + Σ extras = total.

    Per line: `shown` (quantity × price, rounded), `nets` (before tax and discount), `offs` (its share of the
    discount, before tax). `discount` is Σ offs.
    """

    sale: Sale
    shown: tuple[Money, ...]
    nets: tuple[Money, ...]
    offs: tuple[Money, ...]
    rates: tuple[RateSum, ...]
    discount: Money
    tax: Money
    extras: tuple[Extra, ...]

    @property
    def unnamed_tax(self) -> bool:
        """Say whether there is tax that no line names: Avantto's own engine computed it."""
        return bool(self.tax) and not self.rates

    @property
    def bases(self) -> tuple[Money, ...]:
        """What each line's tax is computed of."""
        return tuple(net - off for net, off in zip(self.nets, self.offs, strict=True))


def reckon(sale: Sale) -> Reckoning | None:
    """The first way in which `sale` adds up to the cent, None when none does."""
    return next(ways(sale), None)


def ways(sale: Sale) -> Iterator[Reckoning]:
    """Every way in which `sale` adds up to its total."""
    for shown, tax, added in _attempts(sale):
        if _sum(sale, shown, added) == sale.total and (found := _found(sale, shown, tax)) is not None:
            yield found


def difference(sale: Sale) -> Money:
    """What the total is above the sum of its parts, by the nearest way."""
    gaps = [sale.total - _sum(sale, shown, added) for shown, _, added in _attempts(sale)]
    return min(gaps, key=lambda gap: abs(gap.minor))


def tax_is_computed(sale: Sale) -> bool:
    """Say whether the stated tax is what its rates come to, in one of the ways: then no gap can be tax."""
    ways_to_round = (amounts for shown in _shown(sale) for amounts in _computed(sale, shown))
    return sale.tax is None or any(inside + added.minor == sale.tax.minor for inside, added in ways_to_round)


def _shown(sale: Sale) -> tuple[tuple[Money, ...], ...]:
    return roundings(sale.lines, sale.currency)


def _sum(sale: Sale, shown: Sequence[Money], added: Money) -> Money:
    extras = total((extra.amount for extra in sale.extras), sale.currency)
    return total(shown, sale.currency) - sale.discount + added + extras


def _attempts(sale: Sale) -> Iterator[tuple[tuple[Money, ...], Money, Money]]:
    """The lines as shown, the tax, and the part of it that is added on top: what is stated before what rates say."""
    for taxes in (_stated, _by_rates):
        for shown in _shown(sale):
            yield from ((shown, tax, added) for tax, added in taxes(sale, shown))


def _stated(sale: Sale, shown: Sequence[Money]) -> Iterator[tuple[Money, Money]]:
    """The tax as stated; where prices hold some of it, the rates tell how much is on top."""
    tax = sale.tax
    if tax is None:
        return
    if not any(line.inclusive for line in sale.lines):
        yield tax, tax
    elif not any(one.rate and not one.inclusive for line in sale.lines for one in line.taxes):
        yield tax, _money(sale, 0)
    else:
        by_rates = dict.fromkeys(_by_rates(sale, shown))
        yield from ((tax, added) for _, added in sorted(by_rates, key=lambda pair: pair[0] != tax))


def _by_rates(sale: Sale, shown: Sequence[Money]) -> Iterator[tuple[Money, Money]]:
    """The tax as the rates of the lines say."""
    seen = dict.fromkeys(_computed(sale, shown))
    yield from ((_money(sale, contained + added.minor), added) for contained, added in seen)


def _computed(sale: Sale, shown: Sequence[Money]) -> Iterator[tuple[int, Money]]:
    """The tax in the prices and the tax on top of them: of the lines unrounded or as shown, rounded once or each."""
    for parts in _every_part(sale, shown):
        inside, on_top = ([part for tax, part in parts if tax.inclusive is wanted] for wanted in (True, False))
        yield nearest(sum(inside, _NOTHING)), _money(sale, nearest(sum(on_top, _NOTHING)))
        yield sum(map(nearest, inside)), _money(sale, sum(map(nearest, on_top)))


def _computed_by_rate(sale: Sale, shown: Sequence[Money]) -> Iterator[dict[RateKey, int]]:
    """What each rate comes to in the same ways: rounded once, or on each line."""
    for parts in _every_part(sale, shown):
        by_rate: dict[RateKey, list[Fraction]] = {}
        for tax, part in parts:
            by_rate.setdefault((tax.name, Fraction(tax.rate)), []).append(part)
        yield {key: nearest(sum(group, _NOTHING)) for key, group in by_rate.items()}
        yield {key: sum(map(nearest, group)) for key, group in by_rate.items()}


def _every_part(sale: Sale, shown: Sequence[Money]) -> Iterator[list[tuple[Tax, Fraction]]]:
    """What every tax of every line comes to, unrounded and of the lines as shown, one of which may bear a remainder."""
    scale = 10 ** exponent(sale.currency)
    yield _parts(sale, [Fraction(line.exact) * scale for line in sale.lines])
    yield _parts(sale, [Fraction(amount.minor) for amount in shown])


def _parts(sale: Sale, amounts: Sequence[Fraction]) -> list[tuple[Tax, Fraction]]:
    offs = _discount_shares(sale, amounts)
    cuts = [amount - off for amount, off in zip(amounts, offs, strict=True)]
    return [(tax, _part(tax, line, cut)) for line, cut in zip(sale.lines, cuts, strict=True) for tax in line.taxes]


def _discount_shares(sale: Sale, amounts: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """The discount spread in proportion over the lines it is valid on; over all where it is valid on none."""
    weights = [amount if _valid(sale, line) else _NOTHING for line, amount in zip(sale.lines, amounts, strict=True)]
    if not sum(weights):
        weights = list(amounts)
    scale = sum(weights) or 1
    return tuple(sale.discount.minor * weight / scale for weight in weights)


def _valid(sale: Sale, line: SoldLine) -> bool:
    return not sale.valid_on or line.product_id in sale.valid_on


def _part(tax: Tax, line: SoldLine, cut: Fraction) -> Fraction:
    """What `tax` comes to on a line of `cut`, exactly."""
    rate = Fraction(tax.rate)
    return cut * rate / (100 + _inside(line)) if tax.inclusive else _before_tax(line, cut) * rate / 100


def _inside(line: SoldLine) -> Fraction:
    """The percentages that are in the line's price."""
    return sum((Fraction(tax.rate) for tax in line.taxes if tax.inclusive), _NOTHING)


def _before_tax(line: SoldLine, amount: Fraction) -> Fraction:
    return amount * 100 / (100 + _inside(line))


def _found(sale: Sale, shown: Sequence[Money], tax: Money) -> Reckoning | None:
    """The whole reckoning; None when the tax leaves the lines no amounts their prices could mean."""
    nets, discount = _nets(sale, shown)
    extras = total((extra.amount for extra in sale.extras), sale.currency)
    rest = sale.total - tax - extras + discount - total(nets, sale.currency)
    if rest:
        roundings_made = len(nets) + sum(len(line.taxes) for line in sale.lines)
        if abs(rest.minor) > roundings_made or not any(line.inclusive for line in sale.lines):
            return None
        nets = _on_inclusive(sale, nets, rest)
    offs = _offs(sale, shown, nets, discount)
    return Reckoning(sale, tuple(shown), nets, offs, _rates(sale, shown, nets, offs, tax), discount, tax, sale.extras)


def _nets(sale: Sale, shown: Sequence[Money]) -> tuple[tuple[Money, ...], Money]:
    """Lines and discount without the tax that is in them."""
    amounts = [Fraction(amount.minor) for amount in shown]
    pairs = zip(sale.lines, amounts, strict=True)
    offs = zip(sale.lines, _discount_shares(sale, amounts), strict=True)
    nets = tuple(_money(sale, nearest(_before_tax(line, amount))) for line, amount in pairs)
    return nets, _money(sale, nearest(sum((_before_tax(line, off) for line, off in offs), _NOTHING)))


def _on_inclusive(sale: Sale, nets: Sequence[Money], rest: Money) -> tuple[Money, ...]:
    """Put the remainder on the largest line whose price held tax: the others show what was agreed."""
    places = [index for index, line in enumerate(sale.lines) if line.inclusive]
    moved = dict(zip(places, with_rest([nets[index] for index in places], rest), strict=True))
    return tuple(moved.get(index, net) for index, net in enumerate(nets))


def _offs(sale: Sale, shown: Sequence[Money], nets: Sequence[Money], discount: Money) -> tuple[Money, ...]:
    """Each line's part of the discount, before tax; what is given back lessens it, as in the vendor's own sums."""
    weights = [net.minor if _valid(sale, line) else 0 for line, net in zip(sale.lines, nets, strict=True)]
    if sum(weights) > 0 and min(weights) >= 0:
        return shares(discount, weights)
    offs = _discount_shares(sale, [Fraction(amount.minor) for amount in shown])
    near = [_money(sale, nearest(_before_tax(line, off))) for line, off in zip(sale.lines, offs, strict=True)]
    return with_rest(near, discount - total(near, sale.currency))


def _rates(
    sale: Sale, shown: Sequence[Money], nets: Sequence[Money], offs: Sequence[Money], tax: Money
) -> tuple[RateSum, ...]:
    """The tax by name and rate, in the way that comes to `tax`; else the largest takes what rounding left."""
    bases: dict[RateKey, int] = {}
    for line, net, off in zip(sale.lines, nets, offs, strict=True):
        for one in line.taxes:
            key = one.name, Fraction(one.rate)
            bases[key] = bases.get(key, 0) + net.minor - off.minor
    exact = {key: base * key[1] / 100 for key, base in bases.items()}
    amounts = fitted(_likeliest(tuple(_computed_by_rate(sale, shown)), tax) or exact, tax)
    return tuple(RateSum(*key, _money(sale, base), amounts[key]) for key, base in bases.items())


def _likeliest(found: Sequence[Mapping[RateKey, int]], tax: Money) -> dict[RateKey, Fraction]:
    """The way that comes to `tax`: of unrounded lines first, whose rates may miss it by what rounding each can do."""
    misses = [abs(sum(way.values()) - tax.minor) for way in found]
    once, each, *as_shown = range(len(found))
    near = [once] if misses[once] <= (len(found[once]) + 1) // 2 else []
    fitting = [*(way for way in (once, each) if not misses[way]), *near, *(way for way in as_shown if not misses[way])]
    return {key: Fraction(minor) for key, minor in found[fitting[0]].items()} if fitting else {}


def fitted(exact: Mapping[RateKey, Fraction] | Mapping[str, Fraction], whole: Money) -> dict[object, Money]:
    """Round every part and let the largest take what is missing, so that they add up to `whole`."""
    rounded = [Money(nearest(part), whole.currency) for part in exact.values()]
    if not rounded:
        return {}
    return dict(zip(exact, with_rest(rounded, whole - total(rounded, whole.currency)), strict=True))


def nearest(value: Fraction) -> int:
    """The nearest whole number, a half away from zero."""
    whole = int(abs(value) + Fraction(1, 2))
    return whole if value >= 0 else -whole


def _money(sale: Sale, minor: int) -> Money:
    return Money(minor, sale.currency)
