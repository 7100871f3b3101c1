"""Requests and answers as values: what the sans-I/O edges build and read, and a transport carries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, Protocol, TypeVar

import msgspec

T = TypeVar("T")


class HttpRequest(msgspec.Struct, frozen=True):
    """One request with an absolute URL (query already encoded) and the exact body bytes."""

    method: str
    url: str
    headers: Mapping[str, str] = {}
    body: bytes = b""

    def __repr__(self) -> str:
        """Show no header and no query: both may carry a token."""
        return f"HttpRequest({self.method} {self.url.partition('?')[0]}, {len(self.body)} bytes)"


class HttpAnswer(msgspec.Struct, frozen=True):
    """One answer; header names are lower case."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""

    def __repr__(self) -> str:
        return f"HttpAnswer({self.status}, {len(self.body)} bytes)"


class Transport(Protocol):
    """Carries one request. No redirects, no retries, no proxies from the environment."""

    async def send(self, request: HttpRequest, timeout: float) -> HttpAnswer:
        """Return the answer of any status; `timeout` is in seconds and covers the whole exchange.

        Raises `NotSentError` when the request cannot have been processed, `AnswerLostError` when it may have been.
        """
        ...


class Read(msgspec.Struct, Generic[T], frozen=True):
    """A read of one vendor: how to ask, and how to understand the body of a successful answer.

    `path` is relative to the subject's base (realm or API root), query included; `version` is Avantto's Version header.
    """

    path: str
    decode: Callable[[bytes], T]
    method: str = "GET"
    body: bytes = b""
    content_type: str = "application/json"
    version: str = ""
