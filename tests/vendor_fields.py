"""Checks a body we send against the vendor's published field table: names, JSON types, arrays, enumerations.

The table is reference material beside the project; without it `complaints` finds nothing and `PRESENT` says so.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import msgspec

_TABLE: Final = Path(__file__).parents[2] / "shared" / "reference" / "quickbooks-fields.json"
PRESENT: Final = _TABLE.is_file()
_FIELDS: Final[dict[str, Any]] = msgspec.json.decode(_TABLE.read_bytes()) if PRESENT else {"types": {}, "enums": {}}
# The table lists the attributes of these; in JSON the content stands beside them under `value`.
_WITH_VALUE: Final = {"ReferenceType", "MemoRef"}
_JSON_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}


def complaints(entity: str, body: bytes) -> list[str]:
    """Return what is wrong with a JSON object sent as `entity`; empty when nothing is."""
    return _object(entity, msgspec.json.decode(body), entity) if PRESENT else []


def _object(kind: str, value: Any, path: str) -> list[str]:
    fields = _FIELDS["types"].get(kind)
    if fields is None:
        return []
    if not isinstance(value, dict):
        return [f"{path}: an object is needed"]
    known = {**fields, **({"value": "string"} if kind in _WITH_VALUE else {})}
    wrong = [f"{path}.{name}: no such field" for name in value.keys() - known.keys()]
    for name in value.keys() & known.keys():
        wrong += _member(known[name], value[name], f"{path}.{name}")
    return sorted(wrong)


def _member(kind: str, value: Any, path: str) -> list[str]:
    if not kind.endswith("[]"):
        return [f"{path}: an array is not allowed"] if isinstance(value, list) else _scalar(kind, value, path)
    if not isinstance(value, list):
        return [f"{path}: an array is needed"]
    return [wrong for one in value for wrong in _scalar(kind[:-2], one, path)]


def _scalar(kind: str, value: Any, path: str) -> list[str]:
    if kind.startswith("enum:"):
        allowed = _FIELDS["enums"].get(kind.removeprefix("enum:"), [value])
        return [] if value in allowed else [f"{path}: {value!r} is none of {allowed}"]
    if kind == "string(YYYY-MM-DD)":
        return [] if re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)) else [f"{path}: {value!r} is no day"]
    expected = _JSON_TYPES.get(kind)
    if expected is None:
        return _object(kind, value, path)
    wrong = not isinstance(value, expected) or (isinstance(value, bool) and kind != "boolean")
    return [f"{path}: {value!r} is no {kind}"] if wrong else []
