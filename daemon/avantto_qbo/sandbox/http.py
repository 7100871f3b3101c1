"""The HTTP values both stand-in services speak: a request, a reply, exact-decimal JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import msgspec

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class NotJsonError(ValueError):
    """The body is not JSON at all."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request without a socket; header names are lower-case, query keys appear once."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """Decode the body, numbers with a fraction as `Decimal`; raise `NotJsonError`."""
        return decode_json(self.body)

    def form(self) -> dict[str, str]:
        """Decode an `application/x-www-form-urlencoded` body, keeping blank values."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer without a socket."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """Decode the body, numbers with a fraction as `Decimal`; raise `NotJsonError`."""
        return decode_json(self.body)


def decode_json(body: bytes) -> Any:
    """Decode JSON without ever making a float; raise `NotJsonError`."""
    try:
        return _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotJsonError(str(error)) from error


def encode_json(value: object) -> bytes:
    """Encode to JSON; a `Decimal` becomes a number with exactly its digits."""
    return _ENCODER.encode(value)


def json_reply(status: int, payload: object, headers: Mapping[str, str] | None = None) -> Reply:
    """Answer with a JSON document."""
    return Reply(status, {"content-type": "application/json;charset=UTF-8", **(headers or {})}, encode_json(payload))
