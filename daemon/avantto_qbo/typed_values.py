"""Read one named value of a known type out of TOML or text, and say plainly what was wrong with it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, get_args, get_origin

import msgspec

from avantto_qbo.errors import ConfigError

_DURATION: Final = re.compile(r"([0-9]+)(ms|s|m|h)")
_UNITS: Final = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
}
_NAMES: Final[dict[object, str]] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    Path: "a path",
    timedelta: 'a duration such as "250ms", "3s", "4m" or "1h"',
}


def field_types(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Map the name of every field as it is written to its type."""
    return {field.encode_name: field.type for field in msgspec.structs.fields(kind)}


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the advice for an unknown word: the nearest known one, else all of them."""
    names = sorted(known)
    close = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.5)
    return f"did you mean `{close[0]}`?" if close else "known are " + ", ".join(f"`{name}`" for name in names)


def allowed(kind: Any) -> str:
    """Say in words which values the type takes."""
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return "one of " + ", ".join(f'"{member.value}"' for member in kind)
    if get_origin(kind) is tuple:
        return f"a list, each {allowed(get_args(kind)[0])}"
    if get_origin(kind) is dict:
        return f"a table, each value {allowed(get_args(kind)[1])}"
    return _NAMES[kind]


def duration(text: str) -> timedelta:
    """Read `250ms`, `3s`, `4m` or `1h`. Raises ValueError for anything else and for zero."""
    match = _DURATION.fullmatch(text)
    if match is None or not int(match[1]):
        raise ValueError(text)
    return int(match[1]) * _UNITS[match[2]]


def typed(key: str, value: object, kind: Any) -> Any:
    """Return `value` as `kind`. Raises ConfigError naming the key, what was found and what is allowed."""
    try:
        if kind is timedelta:
            return duration(value if isinstance(value, str) else "")
        if kind is Path:
            return Path(msgspec.convert(value, str))
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, ValueError, OverflowError) as error:
        raise ConfigError(key, f"must be {allowed(kind)}, not {_shown(value)}") from error


def _shown(value: object) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else msgspec.json.encode(value).decode()
