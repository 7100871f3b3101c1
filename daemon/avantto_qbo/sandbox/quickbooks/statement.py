"""The query language: text to a `Statement`, by the vendor's grammar.

    select * | count(*) from Entity [where member op value [and ...]] [orderby member [asc|desc] [, ...]]
    [startposition n] [maxresults n]

Operators are = < > <= >= LIKE and IN. There is no OR, JOIN, GROUP BY, projection or `!=`. Keywords, entities and
members are case-insensitive. A text stands in single quotes, a quote inside it is written with a backslash.
Source: Intuit's data query page; a statement outside the grammar is 4000.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from avantto_qbo.sandbox.quickbooks.refusals import query_invalid, query_unparsable

DEFAULT_RESULTS = 100
MOST_RESULTS = 1000
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<number>-?\d+(?:\.\d+)?(?![\w.]))|(?P<sign><=|>=|=|<|>|\(|\)|,|\*)"""
    r"""|(?P<word>[A-Za-z_][\w.]*))""",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class Token(NamedTuple):
    """One word of a statement."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison; `values` has one member except for IN. `quoted` tells 'true' from true."""

    member: str
    operator: str
    values: tuple[str, ...]
    quoted: bool


@dataclass(frozen=True, slots=True)
class Order:
    """One sort member."""

    member: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """A parsed query; entity and member names as written."""

    entity: str
    count: bool = False
    conditions: tuple[Condition, ...] = ()
    orders: tuple[Order, ...] = ()
    start: int = 1
    limit: int = DEFAULT_RESULTS


def parse(text: str) -> Statement:
    """Parse a query; raise `RefusedError` 4000 outside the grammar, 4001 for impossible positions."""
    return _Parser(_tokens(text)).statement()


def _tokens(text: str) -> list[Token]:
    tokens, position, end = [], 0, len(text.rstrip().rstrip(";"))
    while position < end:
        match = _TOKEN.match(text, position, end)
        if match is None:
            raise query_unparsable(f"Encountered unexpected text at column {position + 1}")
        kind = str(match.lastgroup)
        value = match.group(kind)
        tokens.append(Token(kind, _ESCAPE.sub(r"\1", value[1:-1]) if kind == "text" else value))
        position = match.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def statement(self) -> Statement:
        self._expect("select")
        count = self._selection()
        self._expect("from")
        entity = self._take("word")
        conditions = self._conditions()
        orders = self._orders()
        start = self._position("startposition", 1, None)
        limit = self._position("maxresults", DEFAULT_RESULTS, MOST_RESULTS)
        if self._at < len(self._tokens):
            raise query_unparsable(f'Encountered " {self._tokens[self._at].text} "')
        return Statement(entity, count, conditions, orders, start, limit)

    def _selection(self) -> bool:
        if self._next_is("count"):
            for sign in ("(", "*", ")"):
                self._expect(sign)
            return True
        self._expect("*")
        # Outside the published grammar, yet sent by a client that is used against the real service: `select *, Sku`.
        while self._next_is(","):
            self._take("word")
        return False

    def _conditions(self) -> tuple[Condition, ...]:
        if not self._next_is("where"):
            return ()
        found = [self._condition()]
        while self._next_is("and"):
            found.append(self._condition())
        return tuple(found)

    def _condition(self) -> Condition:
        member = self._take("word")
        if self._next_is("in"):
            values, quoted = self._list()
            return Condition(member, "in", values, quoted)
        operator = "like" if self._next_is("like") else self._take("sign")
        if operator not in {"=", "<", ">", "<=", ">=", "like"}:
            raise query_unparsable(f'Encountered " {operator} "')
        value = self._value()
        return Condition(member, operator, (value.text,), value.kind == "text")

    def _list(self) -> tuple[tuple[str, ...], bool]:
        self._expect("(")
        values = [self._value()]
        while self._next_is(","):
            values.append(self._value())
        self._expect(")")
        return tuple(value.text for value in values), values[0].kind == "text"

    def _value(self) -> Token:
        token = self._peek()
        if token is None or not (token.kind in {"text", "number"} or token.text.lower() in {"true", "false"}):
            raise query_unparsable(f'Encountered " {token.text if token else "<EOF>"} "')
        self._at += 1
        return token

    def _orders(self) -> tuple[Order, ...]:
        if self._next_is("order"):
            self._expect("by")
        elif not self._next_is("orderby"):
            return ()
        found = [self._order()]
        while self._next_is(","):
            found.append(self._order())
        return tuple(found)

    def _order(self) -> Order:
        member = self._take("word")
        descending = self._next_is("desc")
        if not descending:
            self._next_is("asc")
        return Order(member, descending)

    def _position(self, keyword: str, default: int, most: int | None) -> int:
        if not self._next_is(keyword):
            return default
        text = self._take("number")
        if "." in text:
            raise query_unparsable(f'Encountered " {text} "')
        number = int(text)
        if number < 1:
            raise query_invalid(f"value {number} is too small. Min allowed value is 1")
        if most is not None and number > most:
            raise query_invalid(f"value {number} is too large. Max allowed value is {most}")
        return number

    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next_is(self, word: str) -> bool:
        token = self._peek()
        if token is None or token.kind in {"text", "number"} or token.text.lower() != word:
            return False
        self._at += 1
        return True

    def _expect(self, word: str) -> None:
        if not self._next_is(word):
            token = self._peek()
            raise query_unparsable(f'Encountered " {token.text if token else "<EOF>"} ". Was expecting: "{word}"')

    def _take(self, kind: str) -> str:
        token = self._peek()
        if token is None or token.kind != kind:
            raise query_unparsable(f'Encountered " {token.text if token else "<EOF>"} "')
        self._at += 1
        return token.text
