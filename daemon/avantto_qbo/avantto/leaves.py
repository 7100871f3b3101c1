"""Reading single values of Avantto's JSON, whose documents do not keep to one type.

Numbers come as numbers or text, booleans as text, days where instants are promised. What is missing reads as its
default; what is there but makes no sense raises `ValueError` naming the field, never its value.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Context, Decimal, InvalidOperation
from typing import Any, Final, TypeVar

import msgspec

from avantto_qbo.model.money import exact, from_json

T = TypeVar("T")

# The vendor computes in IEEE doubles, which hold 15 decimal digits: 150.10000000000002 is its way to say 150.1.
_DOUBLE: Final = Context(prec=15)
_LARGEST_EXPONENT: Final = 15
_MILLISECONDS_SINCE: Final = 100_000_000_000


class Wire(msgspec.Struct, frozen=True, rename="camel"):
    """Base of the shapes on the wire: camelCase names, unknown members ignored."""


def decoder(shape: type[T]) -> msgspec.json.Decoder[T]:
    """Make a decoder that never creates a float."""
    return msgspec.json.Decoder(shape, float_hook=from_json)


def text(value: Any) -> str:
    """Read a text, trimmed; a number reads as its digits, anything else as empty."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    return ""


def first(*values: Any) -> str:
    """Return the first non-empty text."""
    return next((found for value in values if (found := text(value))), "")


def needed(value: Any, field: str) -> str:
    """Read a text that must be there."""
    found = text(value)
    if not found:
        raise ValueError(f"{field} is missing")
    return found


def number(value: Any, field: str) -> Decimal:
    """Read a number given as number or text; missing is an error."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise ValueError(f"{field} is not a number")
    try:
        found = exact(value)
    except (InvalidOperation, ValueError):
        raise ValueError(f"{field} is not a number") from None
    if found and abs(found.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError(f"{field} is out of range")
    return found if len(found.as_tuple().digits) <= _DOUBLE.prec else _plain(_DOUBLE.plus(found))


def number_or(value: Any, default: Decimal, field: str) -> Decimal:
    """Read a number; null, missing and empty text mean `default`."""
    return default if value is None or value == "" else number(value, field)


def _plain(value: Decimal) -> Decimal:
    return Decimal(f"{value.normalize():f}")


def flag(value: Any) -> bool:
    """Read a boolean given as boolean or text; anything else is False."""
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def instant(value: Any, field: str) -> datetime:
    """Read an instant in UTC: ISO text (a bare day is its first moment) or milliseconds since 1970."""
    found = instant_or_none(value, field)
    if found is None:
        raise ValueError(f"{field} is missing")
    return found


def instant_or_none(value: Any, field: str) -> datetime | None:
    """Read an instant in UTC; null, missing and empty text mean None."""
    if value is None or value == "":
        return None
    try:
        return _moment(value)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{field} is not an instant") from None


def _moment(value: Any) -> datetime:
    if isinstance(value, int) and not isinstance(value, bool):
        return datetime.fromtimestamp(value / 1000 if value > _MILLISECONDS_SINCE else value, UTC)
    if not isinstance(value, str):
        raise ValueError("an instant is text or a whole number")
    found = datetime.fromisoformat(value.strip())
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
