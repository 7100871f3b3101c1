"""Text QuickBooks accepts: no control characters, nothing beyond Latin-1 in a US company, documented lengths.

Source: Intuit, REST API features (US companies store the ISO-8859-1 repertoire; other characters are refused with 2040)
and the entity pages for lengths.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MEMO: Final = 1000
NOTE: Final = 4000
DESCRIPTION: Final = 4000
NOTES: Final = 2000
DISPLAY_NAME: Final = 500
NAME: Final = 100
NUMBER: Final = 21
EMAIL: Final = 100
PHONE: Final = 30
ADDRESS_LINE: Final = 500
PLACE: Final = 255
POSTAL_CODE: Final = 30

_FAMILIAR: Final = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-", "‐": "-", "‑": "-",
        "…": "...", "•": "-", "€": "EUR", "™": "(TM)", "Œ": "OE", "œ": "oe", "Ł": "L", "ł": "l", "Đ": "D",
        "đ": "d", "ı": "i", "\u2028": "\n", "\u2029": "\n",
    }
)  # fmt: skip
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_EMAIL: Final = re.compile(rf"{_ATOM}(\.{_ATOM})*@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{{2,}}")


def fitted(text: str, limit: int, *, latin: bool) -> str:
    """Return `text` as it can be stored, at most `limit` characters; with `latin` only the Latin-1 repertoire."""
    return _CONTROL.sub("", to_latin(text) if latin else text)[:limit].strip()


def one_line(text: str, limit: int, *, latin: bool) -> str:
    """Fit a name: no colon, tab or line break (refused with 2040), no backslash (it could not be queried)."""
    clean = _CONTROL.sub("", to_latin(text) if latin else text)
    return " ".join(clean.replace(":", " ").replace("\\", "/").split())[:limit].strip()


def to_latin(text: str) -> str:
    """Replace what Latin-1 lacks by its nearest spelling, and drop what has none."""
    return "".join(_nearest(character) for character in text.translate(_FAMILIAR))


def sendable_email(text: str) -> str:
    """Return the address if QuickBooks is sure to take it, else "".

    One malformed address in one invoice makes whole queries fail (4002), so a doubtful one is left out.
    """
    address = text.strip()
    return address if len(address) <= EMAIL and _EMAIL.fullmatch(address) else ""


def _nearest(character: str) -> str:
    if character <= "\xff":
        return character
    parts = unicodedata.normalize("NFKD", character)
    return "".join(part for part in parts if part <= "\xff")
