"""The vendors' answers through both clients and the token endpoints: only the documented outcomes come out."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from random import Random
from typing import Any, Final

import msgspec

from avantto_qbo.app import SCOPES
from avantto_qbo.avantto.client import AvanttoClient
from avantto_qbo.avantto.oauth import AvanttoOAuth
from avantto_qbo.errors import AnswerLostError, AuthError, NotSentError, RejectedError, TransientError
from avantto_qbo.model.grant import Tokens
from avantto_qbo.model.http import HttpAnswer, HttpRequest, Read
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.operation import Call
from avantto_qbo.model.outcome import InDoubt, NoAccess, NotSent, Refused, Written
from avantto_qbo.quickbooks.client import QuickBooksClient
from avantto_qbo.quickbooks.oauth import QuickBooksOAuth
from fuzz.material import Exchange, Material
from fuzz.mutations import mutated
from fuzz.verdict import must
from stage import PLACE, REALM
from virtual_clock import VirtualClock

_STATUSES: Final = (
    200,
    200,
    200,
    200,
    201,
    204,
    206,
    301,
    302,
    400,
    401,
    403,
    404,
    408,
    409,
    422,
    429,
    500,
    502,
    503,
    504,
    520,
)
_ODD_HEADERS: Final[tuple[dict[str, str], ...]] = (
    {},
    {"retry-after": "3"},
    {"retry-after": "9" * 400},
    {"retry-after": "-1"},
    {"retry-after": "٣"},
    {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"},
    {"retry-after": "nan", "content-type": "text/html"},
    {"x-ratelimit-remaining": "0", "x-ratelimit-interval-milliseconds": "9" * 30, "x-ratelimit-daily-remaining": "0"},
    {"x-ratelimit-remaining": "²", "x-ratelimit-daily-remaining": "1e5", "x-ratelimit-interval-milliseconds": "-5"},
    {"intuit_tid": "\x00\xff"},
)
_PAGES: Final = (
    b"", b"<html><body>502 Bad Gateway cloudflare</body></html>",
    b'<?xml version="1.0"?><R xmlns="http://schema.intuit.com/finance/v3"><Fault type="AUTHENTICATION">%b</Fault></R>'
    % b'<Error code="3200"><Message>message=ApplicationAuthenticationFailed</Message><Detail>d</Detail></Error>',
    b'{"Fault":{"Error":[{"Message":"Duplicate","Detail":"Id=3","code":"6140"}],"type":"ValidationFault"}}',
    b'{"fault":{"error":[{"message":"x","detail":"y","code":"3001"}],"type":"SERVICE"},"time":1}',
    b'{"fault":{"error":"x"}}',
    b'{"statusCode":400,"message":"no duplicated contacts","meta":{"contactId":"c1","matchingField":"phone"}}',
    b'{"statusCode":401,"message":"Invalid token: access token is invalid","error":"Unauthorized"}',
    b'{"error":"invalid_grant","error_description":"Token invalid"}',
)  # fmt: skip
_TOKENS: Final = Tokens("access", "refresh", company_id="agency")
_READ_ERRORS: Final = (TransientError, RejectedError, AuthError)
_TOKEN_ERRORS: Final = (TransientError, AuthError)


class Canned:
    """A transport that has one answer for everything."""

    def __init__(self) -> None:
        self.answer: HttpAnswer | Exception = HttpAnswer(200)

    async def send(self, _: HttpRequest, timeout: float) -> HttpAnswer:
        del timeout
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class AnswersTarget:
    """Hands broken answers to whoever asked the question they answer."""

    def __init__(self, material: Material) -> None:
        self._exchanges, self._tokens = material.exchanges, material.tokens
        self._bodies = [one.answer.body for one in material.exchanges]
        self._transport, clock = Canned(), VirtualClock()
        self._clients: Mapping[Any, Any] = {
            QuickBooksClient: QuickBooksClient(self._transport, "https://quickbooks.test", 130.0),
            AvanttoClient: AvanttoClient(self._transport, "https://avantto.test", 60.0, lambda *_: None),
        }
        books = QuickBooksOAuth(
            self._transport, client_id="c", client_secret="s", authorize_url="https://quickbooks.test/a",
            token_url="https://quickbooks.test/t", revoke_url="https://quickbooks.test/r", clock=clock,
        )  # fmt: skip
        crm = AvanttoOAuth(
            self._transport, client_id="c", client_secret="s", authorize_url="https://avantto.test/a",
            token_url="https://avantto.test/oauth/token", scopes=SCOPES, clock=clock,
        )  # fmt: skip
        self._grants: tuple[Callable[[], Awaitable[Any]], ...] = (
            lambda: books.exchange("code", "https://daemon.test/cb"),
            lambda: books.refresh(REALM, _TOKENS),
            lambda: books.revoke(_TOKENS),
            lambda: crm.exchange("code", "https://daemon.test/cb"),
            lambda: crm.refresh(PLACE, _TOKENS),
            lambda: crm.location_token(_TOKENS, "agency", LocationId(PLACE)),
        )

    async def __call__(self, rng: Random) -> str:
        if rng.random() < 0.15:
            return await self._granted(rng)
        exchange = rng.choice(self._exchanges)
        answer = self._transport.answer = self._answer(rng, exchange.answer)
        if isinstance(exchange.asked, Read):
            return await self._read(exchange, exchange.asked)
        return await self._written(exchange, exchange.asked, answer)

    def _answer(self, rng: Random, good: HttpAnswer) -> HttpAnswer | Exception:
        if rng.random() < 0.01:
            return rng.choice((AnswerLostError("reset"), NotSentError("refused")))
        body = rng.choice(_PAGES) if rng.random() < 0.1 else good.body
        if rng.random() < 0.95:
            body = mutated(rng, body, self._bodies)
        status = good.status if rng.random() < 0.6 else rng.choice(_STATUSES)
        return HttpAnswer(status, rng.choice(_ODD_HEADERS), body)

    async def _read(self, exchange: Exchange, read: Read[Any]) -> str:
        try:
            value = await self._clients[exchange.client].read(_subject(exchange), "token", read)
        except _READ_ERRORS as error:
            return f"read {type(error).__name__}"
        must(not list(_floats(value)), "money came as a float", value)
        return "read"

    async def _written(self, exchange: Exchange, call: Call, answer: HttpAnswer | Exception) -> str:
        outcome = await self._clients[exchange.client].write(_subject(exchange), "token", call, "request")
        must(isinstance(outcome, Written | Refused | NotSent | InDoubt | NoAccess), "no outcome", outcome)
        if isinstance(answer, HttpAnswer):
            _judge(call, answer, outcome)
        return f"write {type(outcome).__name__}"

    async def _granted(self, rng: Random) -> str:
        self._transport.answer = self._answer(rng, rng.choice(self._tokens))
        try:
            found = await rng.choice(self._grants)()
        except _TOKEN_ERRORS as error:
            return f"token {type(error).__name__}"
        tokens = found[0] if isinstance(found, tuple) else found
        must(tokens is None or bool(tokens.access_token), "tokens without a token", tokens)
        return "token"


def _judge(call: Call, answer: HttpAnswer, outcome: object) -> None:
    """A write counts as carried out, or as refused, only where the answer says so in words that can be read."""
    seen = (answer.status, answer.body, outcome)
    if isinstance(outcome, Written):
        must(200 <= answer.status < 300, "written without a success", *seen)
        must(_parsed(answer.body) is not None, "written by an answer that cannot be read", *seen)
        must(bool(outcome.object_id), "written without an object", *seen)
        must(not list(_floats(outcome)), "money came as a float", *seen)
    if isinstance(outcome, Refused):
        must(answer.status < 500 and answer.status != 429, "refused by trouble", *seen)
        # Only the words of a fault refuse under a success.
        told = answer.status >= 400 or b"ault" in answer.body
        must(told, "refused without a word", *seen)


def _parsed(body: bytes) -> Any:
    """Read JSON by another reader than the program's; None for what is none."""
    try:
        # Texts that nobody reads need not be UTF-8.
        return json.loads(body.decode("utf-8", "replace"), parse_float=Decimal, parse_int=Decimal, strict=False)
    except (ArithmeticError, ValueError, RecursionError):
        return None


def _floats(value: Any) -> Any:
    """Yield every float in a value of the model, however deep."""
    if isinstance(value, float):
        yield value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _floats(getattr(value, name))
    elif isinstance(value, Mapping):
        yield from (one for item in value.items() for one in _floats(item))
    elif isinstance(value, tuple | list | frozenset):
        yield from (one for item in value for one in _floats(item))


def _subject(exchange: Exchange) -> str:
    return REALM if exchange.client is QuickBooksClient else PLACE
