"""What the actors need from the world, as Protocols; `app.py` hands in the real things, tests others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol, TypeVar

from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.grant import Tokens
from avantto_qbo.model.http import Read
from avantto_qbo.model.operation import Call
from avantto_qbo.model.outcome import Outcome

T = TypeVar("T")
Unit = Callable[[Connection], T]


class Clock(Protocol):
    def now(self) -> datetime:
        """The current instant, in UTC."""
        ...

    def sleep(self, seconds: float) -> Awaitable[None]: ...


class Rng(Protocol):
    def random(self) -> float:
        """A number in [0, 1), for jitter."""
        ...


class Ids(Protocol):
    def new(self) -> str:
        """A new id of at most 36 characters that sorts by time."""
        ...


class Journal(Protocol):
    """Runs units of work: plain functions on a connection, each whole or not at all."""

    async def write(self, unit: Callable[[Connection], T]) -> T:
        """Run `unit` in a transaction and return its value once it is durable."""
        ...

    async def read(self, unit: Callable[[Connection], T]) -> T:
        """Run `unit` against the last committed state."""
        ...


class Edge(Protocol):
    """One vendor's API. `subject` is the realm id or the location id."""

    async def write(self, subject: str, access_token: str, call: Call, request_id: str) -> Outcome:
        """Send the exact bytes once. Never raises for anything the network or the vendor does."""
        ...

    async def read(self, subject: str, access_token: str, read: Read[T]) -> T:
        """Return the decoded answer.

        Raises TransientError (with `retry_after` when throttled), QuotaSpentError, RejectedError or AuthError (the
        access token was refused: refresh once, then the connection is dead).
        """
        ...


class TokenEndpoint(Protocol):
    """One vendor's OAuth endpoints."""

    def authorize_url(self, state: str, redirect_uri: str) -> str: ...

    async def exchange(self, code: str, redirect_uri: str) -> tuple[Tokens, str]:
        """Trade a code for tokens; the second value is the subject the answer names ("" if it names none)."""
        ...

    async def refresh(self, subject: str, tokens: Tokens) -> Tokens:
        """Return new tokens. Raises AuthError only on invalid_grant/invalid_client, else TransientError."""
        ...

    async def revoke(self, tokens: Tokens) -> None: ...
