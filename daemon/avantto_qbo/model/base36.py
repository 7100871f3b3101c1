"""Numbers in digits 0-9a-z: short enough for the vendor's 21-character fields, and reversible."""

from __future__ import annotations

from typing import Final

_ALPHABET: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


def base36(number: int) -> str:
    """Write a non-negative integer in digits 0-9a-z."""
    digits = ""
    while True:
        number, rest = divmod(number, 36)
        digits = _ALPHABET[rest] + digits
        if not number:
            return digits
