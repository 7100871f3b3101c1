"""Document numbers: Avantto's own where the company takes numbers, visibly changed where it does not fit."""

from __future__ import annotations

from typing import Final

from avantto_qbo.model.settings import Numbers
from avantto_qbo.model.steps import SaleCase
from avantto_qbo.rules.reference import REFERENCE_LIMIT
from avantto_qbo.rules.text import one_line

_NUMBER_TEXT: Final = 200


def doc_number(case: SaleCase, number: str) -> str:
    """The DocNumber for Avantto's `number`; "" where QuickBooks numbers documents by itself.

    Longer than 21 characters: `~` and the last characters, which tell documents of a series apart. Refused as taken:
    `-2`, `-3` and so on, by `case.number_variant`.
    """
    if not case.company.custom_numbers or case.settings.numbers is Numbers.QUICKBOOKS or not number.strip():
        return ""
    suffix = f"-{case.number_variant + 1}" if case.number_variant else ""
    room, base = REFERENCE_LIMIT - len(suffix), one_line(number, _NUMBER_TEXT)
    return (base if len(base) <= room else f"~{base[1 - room :]}") + suffix


def prefixed(case: SaleCase, number: str) -> str:
    """Avantto's number with the location's prefix, "" for a document without a number."""
    return f"{case.settings.number_prefix}{number.strip()}" if number.strip() else ""
