"""Reading a request body against the shape of its entity, which is what the vendor calls validation.

An unknown member is 2010, a number that is none 2110, a date 2070, an enumeration 2170.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from avantto_qbo.sandbox.quickbooks.refusals import bad_value, unknown_property
from avantto_qbo.sandbox.quickbooks.shapes import ENUMERATIONS, SHAPES

Json = dict[str, Any]

_DATE = re.compile(r"(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))(?:[T+-].*|Z)?$")


def read_body(shape: str, body: Mapping[str, Any]) -> Json:
    """Return the body with every value in its kind's form; raise `RefusedError`.

    JSON null counts as not sent. An empty text, or an object with nothing in it, becomes None: it clears the member.
    """
    members = SHAPES[shape]
    read: Json = {}
    for name, value in body.items():
        if name not in members:
            raise unknown_property(name)
        if value is not None:
            read[name] = _read(members[name], name, value)
    return read


def _read(kind: str, name: str, value: Any) -> Any:
    if value == "":
        return None
    reader = _READERS.get(kind)
    if reader is not None:
        return reader(name, value)
    if kind.endswith("[]"):
        return _read_list(kind[:-2], name, value)
    if not isinstance(value, Mapping):
        raise bad_value("2010", "Request has invalid or unsupported property", name, value)
    filled = {key: part for key, part in read_body(kind, value).items() if part is not None}
    return filled or None


def _read_list(kind: str, name: str, value: Any) -> list[Json]:
    if not isinstance(value, list) or not all(isinstance(part, Mapping) for part in value):
        raise bad_value("2010", "Request has invalid or unsupported property", name, value)
    return [{key: part for key, part in read_body(kind, row).items() if part is not None} for row in value]


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise bad_value("2010", "Request has invalid or unsupported property", name, value)
    return str(value)


def _flag(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in {"true", "false"}:
        return str(value).lower() == "true"
    raise bad_value("2010", "Request has invalid or unsupported property", name, value)


def _number(name: str, value: Any) -> Decimal:
    try:
        if isinstance(value, str | int | Decimal) and not isinstance(value, bool):
            number = Decimal(value)
            if number.is_finite():
                return number
    except InvalidOperation:
        pass
    raise bad_value("2110", "Invalid Number Format", name, value)


def _date(name: str, value: Any) -> str:
    matched = _DATE.match(value) if isinstance(value, str) else None
    if matched is None:
        raise bad_value("2070", "Invalid Date Format", name, value)
    return matched.group(1)


def _enumeration(name: str, value: Any) -> str:
    if value not in ENUMERATIONS[name]:
        raise bad_value("2170", "Invalid Enumeration", name, value)
    return str(value)


_READERS: Mapping[str, Callable[[str, Any], Any]] = {
    "text": _text,
    "flag": _flag,
    "number": _number,
    "date": _date,
    "enum": _enumeration,
    "any": lambda _, value: value,
}
