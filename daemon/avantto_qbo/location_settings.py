"""The settings codec: from what a person typed to a typed value, and from stored values to a location's `Settings`.

A setting is stored as one JSON value under its key. An entry of a table has a key of its own, `sources.funnel`, so
that two people changing two entries never undo each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, get_args, get_origin

import msgspec

from avantto_qbo.errors import ConfigError, RefusedError
from avantto_qbo.model.settings import Channel, Settings
from avantto_qbo.rules.crm.hours import parse_hours
from avantto_qbo.typed_values import allowed, field_types, nearest, typed

_TYPES: Final = field_types(Settings)
_ATTRIBUTES: Final = {field.encode_name: field.name for field in msgspec.structs.fields(Settings)}
_TABLES: Final = frozenset(key for key, kind in _TYPES.items() if get_origin(kind) is dict)
# `sources` is open: a payment from a source we do not know waits until the owner sets that very entry on or off (S1).
_CLOSED: Final = frozenset({"review_message"})
_PLACEHOLDERS: Final = frozenset({"first_name", "business", "link"})
_LONGEST_PREFIX: Final = 10


def parse_setting(key: str, text: str) -> object:
    """Return the value of setting `key` as a person typed it, ready for `encode_setting`.

    `key` is a setting, or `table.entry` for one entry of a table; lists are comma-separated.
    Raises ConfigError naming the key and what is allowed.
    """
    name, entry = _split(key)
    kind = _TYPES[name]
    if name in _TABLES:
        if not entry:
            raise ConfigError(key, "is a table", f"set one entry of it, such as `{key}.{_example(name)}`")
        return _checked(key, typed(key, text, get_args(kind)[1]))
    if get_origin(kind) is tuple:
        return _checked(key, typed(key, [part.strip() for part in text.split(",") if part.strip()], kind))
    return _checked(key, typed(key, text, kind))


def check_key(key: str) -> None:
    """Raise ConfigError unless `key` names a setting or an entry of a table."""
    _split(key)


def encode_setting(value: object) -> bytes:
    """Return the JSON a setting is stored as."""
    return msgspec.json.encode(value)


def merge_settings(defaults: Settings, stored: Mapping[str, bytes]) -> Settings:
    """Return `defaults` with a location's own values over them. Raises ConfigError for a value of another release."""
    return _over(defaults, {key: msgspec.json.decode(value) for key, value in stored.items()}, "")


def settings_from(table: Mapping[str, object]) -> Settings:
    """Return the settings of the `[defaults]` section; tables are laid over the built-in ones entry by entry."""
    return _over(Settings(), table, "defaults.")


def setting_values(settings: Settings) -> dict[str, object]:
    """Return every setting as it is shown: tables entry by entry, the rest as plain JSON values."""
    shown: dict[str, object] = {}
    for name, attribute in _ATTRIBUTES.items():
        value = msgspec.to_builtins(getattr(settings, attribute))
        shown |= {f"{name}.{entry}": part for entry, part in value.items()} if name in _TABLES else {name: value}
    return shown


def _over(settings: Settings, values: Mapping[str, object], section: str) -> Settings:
    for key, value in values.items():
        if key in _TABLES and isinstance(value, Mapping):
            settings = _over(settings, {f"{key}.{entry}": part for entry, part in value.items()}, section)
        else:
            settings = _with(settings, key, value, section)
    return settings


def _with(settings: Settings, key: str, value: object, section: str) -> Settings:
    name, entry = _split(key, section)
    kind, attribute = _TYPES[name], _ATTRIBUTES[name]
    if not entry:
        whole = _checked(key, typed(section + key, value, kind), section)
        return msgspec.structs.replace(settings, **{attribute: whole})
    part = _checked(key, typed(section + key, value, get_args(kind)[1]), section)
    return msgspec.structs.replace(settings, **{attribute: {**getattr(settings, attribute), entry: part}})


def _split(key: str, section: str = "") -> tuple[str, str]:
    """Split `table.entry`, refusing keys that do not exist."""
    if key == "books_from":
        mend = "it is fixed when the location is connected, by `connect --since`"
        raise ConfigError(section + key, "cannot be changed", mend)
    name, dot, entry = key.partition(".")
    if name not in _TYPES or (dot and name not in _TABLES):
        raise ConfigError(section + key, "is no known setting", nearest(name, _TYPES))
    if dot and name in _CLOSED and entry not in (known := getattr(Settings(), name)):
        raise ConfigError(section + key, f"is no known entry of `{name}`", nearest(entry, known))
    if dot and not entry:
        raise ConfigError(section + key, "names no entry", f"such as `{name}.{_example(name)}`")
    return name, entry


def _example(table: str) -> str:
    examples = {
        "sources": "funnel=off",
        "tax_codes": '"GST 5%"=5',
        "deposit_accounts": 'stripe="Stripe clearing"',
        "review_message": "sms=…",
    }
    return examples[table]


def _checked(key: str, value: Any, section: str = "") -> Any:
    """Check what the type alone cannot say."""
    problem = _RULES.get(key, _no_problem)(value)
    if problem:
        raise ConfigError(section + key, problem)
    return value


def _no_problem(_: Any) -> str:
    return ""


def _hours_problem(text: str) -> str:
    try:
        parse_hours(text)
    except RefusedError:
        return f'must be `always` or days and hours such as "Mon-Sat 09:00-20:00", not "{text}"'
    return ""


def _link_problem(text: str) -> str:
    if text == "auto" or re.fullmatch(r"https?://[^\s/]+\S*", text):
        return ""
    return f'must be `auto` or the address of a page, not "{text}"'


def _channels_problem(channels: tuple[Channel, ...]) -> str:
    if channels and len(set(channels)) == len(channels):
        return ""
    return f"must be {allowed(_TYPES['review_channels'])}, at least one and none twice"


def _message_problem(text: str) -> str:
    unknown = sorted(set(re.findall(r"\{([^{}]*)\}", text)) - _PLACEHOLDERS)
    if unknown:
        return f"has the unknown placeholder {{{unknown[0]}}}; known are {{first_name}}, {{business}} and {{link}}"
    return "" if "{link}" in text else "must contain {link}, where the review link goes"


def _subject_problem(text: str) -> str:
    return "" if text.strip() and "\n" not in text else "must be one line of text"


def _prefix_problem(text: str) -> str:
    if re.fullmatch(rf"[A-Za-z0-9/_.-]{{0,{_LONGEST_PREFIX}}}", text):
        return ""
    return f'must be at most {_LONGEST_PREFIX} letters, digits or / _ . - (QuickBooks numbers have 21), not "{text}"'


def _email_problem(text: str) -> str:
    if not text or re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text):
        return ""
    return f'must be an e-mail address, not "{text}"'


_RULES: Final[dict[str, Callable[[Any], str]]] = {
    "review_hours": _hours_problem,
    "review_link": _link_problem,
    "review_channels": _channels_problem,
    "review_message.email": _message_problem,
    "review_message.sms": _message_problem,
    "review_message.subject": _subject_problem,
    "number_prefix": _prefix_problem,
    "alert_email": _email_problem,
}
