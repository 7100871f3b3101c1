"""How the list endpoints narrow down what they show; every filter absent from the query lets everything through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from avantto_qbo.sandbox.avantto.documents import Json, read_instant, unprocessable

_A_DAY = timedelta(days=1)
_BARE_DAY = len("2026-01-31")


def fits(query: Mapping[str, str], document: Json, names: Iterable[str]) -> bool:
    """Say whether the named members have the values asked for."""
    return all(query[name] == document.get(name) for name in names if name in query)


def source_fits(query: Mapping[str, str], source: Json) -> bool:
    """Say whether it was sold where `entitySourceType` and `entitySourceSubType` ask for."""
    wanted = {"entitySourceType": source["type"], "entitySourceSubType": source.get("subType")}
    return all(query[name] == value for name, value in wanted.items() if name in query)


def mode_fits(mode: str | None, live: bool) -> bool:
    """Say whether it is live or test money, as `paymentMode` asks for."""
    return mode not in ("live", "test") or live == (mode == "live")


def mentions(wanted: str | None, texts: Iterable[Any]) -> bool:
    """Say whether one of the texts holds what `search` asks for, in any case."""
    return not wanted or any(wanted.lower() in str(text).lower() for text in texts)


def within(query: Mapping[str, str], moment: str) -> bool:
    """Say whether a moment is in `startAt` … `endAt`; a bare day at the end counts to its last moment."""
    at = read_instant(moment)
    return ("startAt" not in query or at >= _bound(query["startAt"], "startAt")) and (
        "endAt" not in query or at < _end(query["endAt"])
    )


def _end(text: str) -> datetime:
    bound = _bound(text, "endAt")
    return bound + (_A_DAY if len(text) == _BARE_DAY else timedelta(milliseconds=1))


def _bound(text: str, name: str) -> datetime:
    try:
        return read_instant(text)
    except ValueError:
        unprocessable([f"{name} must be a valid ISO 8601 date string"])
