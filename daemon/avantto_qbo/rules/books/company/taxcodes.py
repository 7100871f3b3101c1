"""Which tax code of the company stands for the taxes of a line: the one a person chose, else the one of the same rates.

Nothing is guessed: where no code or several have exactly the rates of Avantto's taxes, the document waits for `map`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final

from avantto_qbo.model.avantto import Tax
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.quickbooks import Company, TaxCode, TaxRate
from avantto_qbo.model.settings import Settings
from avantto_qbo.rules.reasons import held, quoted

UNTAXED: Final = "none"  # the entry of the setting tax_codes for lines without tax
AUTOMATIC: Final = "automatic"  # the entry for tax that Avantto's own engine computed and no line names


def code_for(taxes: Sequence[Tax], company: Company, settings: Settings, location: LocationId, what: str) -> TaxCode:
    """The code of a line with `taxes`, none of them for an untaxed line. Raises HeldError when it is not clear."""
    key = tax_key(taxes)
    if (chosen := _chosen(taxes, company, settings, location)) is not None:
        return chosen
    found = candidates(taxes, company)
    if len(found) == 1:
        return found[0]
    raise _unclear(found, key, taxes, location, what)


def automatic_code(
    found: Sequence[TaxCode], company: Company, settings: Settings, location: LocationId, what: str
) -> TaxCode:
    """The code for tax that no line names: the chosen one, else the only one of `found` that comes to the same."""
    chosen = settings.tax_codes.get(AUTOMATIC)
    if chosen:
        return _named(chosen, AUTOMATIC, company, location)
    if len(found) == 1:
        return found[0]
    raise _unclear(found, AUTOMATIC, (), location, what)


def candidates(taxes: Sequence[Tax], company: Company) -> tuple[TaxCode, ...]:
    """The active codes with exactly the rates of `taxes`; of several, the one of the same name."""
    wanted = sorted(Fraction(tax.rate) for tax in taxes)
    same = tuple(code for code in usable(company) if _same(code, wanted, company))
    if len(same) < 2 or not taxes:
        return same
    names = {tax.name.strip().casefold() for tax in taxes} | {tax_key(taxes).casefold()}
    named = tuple(code for code in same if names & _names(code, company))
    return named if len(named) == 1 else same


def usable(company: Company) -> tuple[TaxCode, ...]:
    """The active codes a document may bear: in the US the pseudo codes of the lines are none."""
    return tuple(code for code in company.tax_codes if code.active and code.id not in {"TAX", "NON"})


def rates_of(code: TaxCode, company: Company) -> tuple[TaxRate, ...]:
    """The rates of a code, lowest first."""
    known = {rate.id: rate for rate in company.tax_rates}
    return tuple(sorted((known[one] for one in code.rates if one in known), key=lambda rate: rate.rate))


def tax_key(taxes: Sequence[Tax]) -> str:
    """The name under which taxes are mapped: `GST 5 + PST 7` for two on one line, `none` for no tax at all."""
    return " + ".join(f"{tax.name.strip()} {_rate(tax)}" for tax in taxes) or UNTAXED


def _rate(tax: Tax) -> str:
    return f"{tax.rate.normalize():f}"


def _same(code: TaxCode, wanted: Sequence[Fraction], company: Company) -> bool:
    rates = [Fraction(rate.rate) for rate in rates_of(code, company)]
    return rates == list(wanted) if wanted else not any(rates)


def _names(code: TaxCode, company: Company) -> set[str]:
    return {code.name.strip().casefold(), *(rate.name.strip().casefold() for rate in rates_of(code, company))}


def _chosen(taxes: Sequence[Tax], company: Company, settings: Settings, location: LocationId) -> TaxCode | None:
    """What a person chose for these taxes: by name and rate, by rate, or by name alone.

    A name alone stands for taxes of several rates; it counts where its code has this one, or no code has it.
    """
    by_name = {name.strip().casefold(): code for name, code in settings.tax_codes.items()}
    for key in (tax_key(taxes), " + ".join(map(_rate, taxes))):
        if key and (wanted := by_name.get(key.casefold())):
            return _named(wanted, key, company, location)
    key = " + ".join(tax.name.strip() for tax in taxes)
    if not taxes or not (wanted := by_name.get(key.casefold())):
        return None
    code, possible = _named(wanted, key, company, location), candidates(taxes, company)
    return code if code in possible or not possible else None


def _named(wanted: str, key: str, company: Company, location: LocationId) -> TaxCode:
    """The code a person chose, by id, else by name."""
    known = usable(company)
    for code in (*(one for one in known if one.id == wanted), *known):
        if wanted == code.id or wanted.casefold() == code.name.casefold():
            return code
    text = f"tax_codes.{key} is {wanted!r}, which is no active tax code of the company."
    raise held("tax_code", text, mapping(location, key))


def _unclear(found: Iterable[TaxCode], key: str, taxes: Sequence[Tax], location: LocationId, what: str) -> Exception:
    names = ", ".join(f"{code.name} ({code.id})" for code in found)
    taxed = {UNTAXED: "lines without tax", AUTOMATIC: "the tax Avantto computed"}
    told = " + ".join(f"{tax.name.strip()} ({_rate(tax)} %)" for tax in taxes) or taxed[key]
    text = f"{what}: {'several tax codes' if names else 'no tax code'} of the company could stand for {told}"
    return held("tax_code", f"{text}: {names}." if names else f"{text}.", mapping(location, key))


def mapping(location: LocationId, key: str) -> str:
    """The command that chooses a code."""
    choice = quoted(f"{key}=CODE") if set(key) & set('"$`\\!') else f'"{key}=CODE"'
    return f"avantto-qbo map {location} tax {choice}"
