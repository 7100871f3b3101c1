"""The vendor's JSON documents: exact numbers, instants, refusals, the shapes every endpoint shares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NoReturn, TypeAlias
from zoneinfo import ZoneInfo

Json: TypeAlias = dict[str, Any]

_DIGITS = dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(), 0) | dict.fromkeys(
    "BHD IQD JOD KWD LYD OMR TND".split(), 3
)


class VendorError(ValueError):
    """A refusal in the vendor's words: the HTTP status and the whole body."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(f"{status} {body.get('message')}")
        self.status = status
        self.body = body


def refuse(status: int, message: str, error: str = "", **extra: Any) -> NoReturn:
    """Raise the common envelope `{"statusCode", "message", "error"?}`."""
    named = {"error": error} if error else {}
    raise VendorError(status, {"statusCode": status, "message": message, **named, **extra})


def unprocessable(messages: Iterable[str]) -> NoReturn:
    """Raise 422, whose `message` is a list of sentences."""
    raise VendorError(422, {"statusCode": 422, "message": list(messages), "error": "Unprocessable Entity"})


def not_found(message: str, trace: str) -> NoReturn:
    """Raise the payments service's 404, which says `status` where others say `statusCode`."""
    raise VendorError(404, {"status": 404, "message": message, "name": "HttpException", "traceId": trace})


def exact(value: object) -> Decimal:
    """Read an amount, quantity or rate given as int, Decimal or text; raise `ValueError` for a float."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise ValueError(f"an exact number is wanted, not {value!r}")
    return Decimal(value)


def number(value: Decimal) -> int | Decimal:
    """Return the JSON number JavaScript would print: no trailing zeros, no exponent."""
    whole = value.to_integral_value()
    return int(whole) if value == whole else Decimal(f"{value.normalize():f}")


def digits_of(currency: str) -> int:
    """Return how many decimals the currency has; amounts are always in major units."""
    return _DIGITS.get(currency.upper(), 2)


def rounded(value: Decimal, digits: int) -> Decimal:
    """Round half up to the currency's minor unit."""
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def instant(moment: datetime) -> str:
    """Print an instant as the vendor does: UTC, milliseconds, Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def read_instant(text: str) -> datetime:
    """Read an ISO instant with its zone, or a bare day as its first moment in UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def midnight(day: str, zone: str) -> str:
    """Return the instant at which a calendar day begins in a time zone."""
    return instant(datetime.combine(date.fromisoformat(day), time(), ZoneInfo(zone)))


def only(document: Mapping[str, Any], keys: Iterable[str]) -> Json:
    """Copy the named members that are present and not None."""
    return {key: document[key] for key in keys if document.get(key) is not None}


def as_text(document: Json, names: Iterable[str]) -> Json:
    """Return the document with these numbers as text, the way some answers of the vendor have them."""
    return {**document, **{name: f"{exact(document[name]):f}" for name in names}}
