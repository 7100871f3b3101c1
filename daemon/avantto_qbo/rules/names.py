"""Names as QuickBooks stores them, so that a name can be compared with what became of it.

Source: Intuit, REST API features: US companies store the ISO-8859-1 repertoire; other characters are refused with 2040.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_FAMILIAR: Final = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-", "‐": "-", "‑": "-",
        "…": "...", "•": "-", "€": "EUR", "™": "(TM)", "Œ": "OE", "œ": "oe", "Ł": "L", "ł": "l", "Đ": "D",
        "đ": "d", "ı": "i", "\u2028": "\n", "\u2029": "\n",
    }
)  # fmt: skip
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def stored_name(text: str, limit: int, *, latin: bool) -> str:
    """Fit a name: no colon, tab or line break (refused with 2040), no backslash (it could not be queried).

    With `latin` only the Latin-1 repertoire is left; "" where that leaves nothing.
    """
    clean = printable(text, latin=latin)
    return " ".join(clean.replace(":", " ").replace("\\", "/").split())[:limit].strip()


def printable(text: str, *, latin: bool) -> str:
    """Drop control characters, and with `latin` what a US company cannot store."""
    return _CONTROL.sub("", to_latin(text) if latin else text)


def to_latin(text: str) -> str:
    """Replace what Latin-1 lacks by its nearest spelling, and drop what has none."""
    return "".join(_nearest(character) for character in text.translate(_FAMILIAR))


def _nearest(character: str) -> str:
    if character <= "\xff":
        return character
    parts = unicodedata.normalize("NFKD", character)
    return "".join(part for part in parts if part <= "\xff")
