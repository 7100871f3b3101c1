"""Text QuickBooks accepts: no control characters, nothing beyond Latin-1 in a US company, documented lengths.

Source: Intuit, REST API features (US companies store the ISO-8859-1 repertoire; other characters are refused with 2040)
and the entity pages for lengths.
"""

from __future__ import annotations

import re
from typing import Final

from avantto_qbo.rules.names import printable

MEMO: Final = 1000
NOTE: Final = 4000
DESCRIPTION: Final = 4000
NOTES: Final = 2000
DISPLAY_NAME: Final = 500
NAME: Final = 100
EMAIL: Final = 100
PHONE: Final = 30
ADDRESS_LINE: Final = 500
PLACE: Final = 255
POSTAL_CODE: Final = 30

_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_EMAIL: Final = re.compile(rf"{_ATOM}(\.{_ATOM})*@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{{2,}}")


def fitted(text: str, limit: int, *, latin: bool) -> str:
    """Return `text` as it can be stored, at most `limit` characters; with `latin` only the Latin-1 repertoire."""
    return printable(text, latin=latin)[:limit].strip()


def sendable_email(text: str) -> str:
    """Return the address if QuickBooks is sure to take it, else "".

    One malformed address in one invoice makes whole queries fail (4002), so a doubtful one is left out.
    """
    address = text.strip()
    return address if len(address) <= EMAIL and _EMAIL.fullmatch(address) else ""
