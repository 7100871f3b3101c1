"""How bytes go wrong: one seeded change after another, of the text as bytes and of the JSON in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

# A value or name of a JSON text: where an odd one can take its place. What stands before it tells it from a text's end.
_VALUE: Final = re.compile(
    rb'(?<=[:,\[{])(?:"(?:[^"\\]++|\\.)*+"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)', re.DOTALL
)
# Numbers no ledger holds, texts no encoder makes, shapes nobody documents.
SOUND: Final = (
    b"null", b"true", b"false", b"0", b"-0", b"-1", b"1.5", b"1e999999999", b"-1e-999999999",
    b"1.7976931348623157e309", b"9" * 400, b"9" * 5000, b"0." + b"1" * 500, b"1" + b"0" * 30, b"9223372036854775808",
    b"-9223372036854775809", b"99999999999999999999999999", b"150.10000000000002", b"1e15", b"1e16", b'""', b'" "',
    b'"0"', b'"1e400"', b'"NaN"', b'"Infinity"', b'"sNaN"', b'"\\u0000"', b'"\\ud800"', b'"\\udfff\\ud800"',
    b'"\\uD83D\\uDE00"', b'"' + b"x" * 3000 + b'"', b'"2026-13-45T99:99:99Z"', b'"0001-01-01T00:00:00+23:59"',
    b'"9999-12-31T23:59:59-23:59"', b'"2026-02-30"', b'"USD\\n"', b'"deleted"', b'"succeeded"', b"[]", b"{}", b"[[]]",
    b"[null]", b"[{}]", b'[{"Id":1}]', b'{"value":null}', b'{"a":1,"a":2}', b'{"":""}', b"[1,2,[3,[4]]]",
    b'{"Error":[{"code":"6140"}]}', b'{"type":"Buffer","data":[1]}',
)  # fmt: skip
# What is no JSON at all.
BROKEN: Final = (
    b"NaN", b"Infinity", b"-Infinity", b"0x10", b"01", b"+1", b'"\xff"', b'"\xed\xa0\x80"', b'"\xc0\x80"', b"",
    b"undefined", b"'x'", b"/**/1", b"1,2", b"]", b"}",
)  # fmt: skip
ODD: Final = SOUND * 4 + BROKEN
Mutation = Callable[[Random, bytes], bytes]


def flip(rng: Random, raw: bytes) -> bytes:
    """Turn one bit of a byte over."""
    at = rng.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ 1 << rng.randrange(8)]) + raw[at + 1 :]


def cut(rng: Random, raw: bytes) -> bytes:
    """Break off somewhere."""
    return raw[: rng.randrange(len(raw))]


def drop(rng: Random, raw: bytes) -> bytes:
    """Leave a piece out."""
    at = rng.randrange(len(raw))
    return raw[:at] + raw[at + rng.randint(1, 20) :]


def repeat(rng: Random, raw: bytes) -> bytes:
    """Say a piece twice."""
    at = rng.randrange(len(raw))
    end = at + rng.randint(1, 200)
    return raw[:end] + raw[at:end] + raw[end:]


def insert(rng: Random, raw: bytes) -> bytes:
    """Put something odd anywhere."""
    at = rng.randrange(len(raw) + 1)
    return raw[:at] + rng.choice((rng.choice(ODD), rng.randbytes(rng.randint(1, 8)))) + raw[at:]


def swap_value(rng: Random, raw: bytes) -> bytes:
    """Put something odd in the place of one JSON value or name."""
    found = _a_value(rng, raw)
    return raw if found is None else raw[: found.start()] + rng.choice(ODD) + raw[found.end() :]


def nest(rng: Random, raw: bytes) -> bytes:
    """Put a value at the bottom of a well."""
    found, depth = _a_value(rng, raw), rng.choice((3, 63, 64, 65, 900, 5000))
    if found is None:
        return raw
    opening, closing = rng.choice(((b"[", b"]"), (b'{"a":', b"}")))
    return raw[: found.start()] + opening * depth + found[0] + closing * depth + raw[found.end() :]


def widen(rng: Random, raw: bytes) -> bytes:
    """Say a value many times."""
    found = _a_value(rng, raw)
    if found is None:
        return raw
    return (
        raw[: found.start()]
        + b"["
        + b",".join([found[0][:20]] * rng.choice((5, 300, 3000)))
        + b"]"
        + raw[found.end() :]
    )


def double_member(rng: Random, raw: bytes) -> bytes:
    """Give an object a member a second time, with another value."""
    names = list(re.finditer(rb'"[A-Za-z_]+"\s*:', raw))
    if not names:
        return raw
    name = rng.choice(names)
    return raw[: name.start()] + name[0] + rng.choice(ODD) + b"," + raw[name.start() :]


_ALL: Final[tuple[Mutation, ...]] = (flip, cut, drop, repeat, insert, swap_value, nest, widen, double_member)
# Changes that leave most of it readable find more than noise does.
_WEIGHTS: Final = (3, 2, 2, 2, 3, 40, 2, 1, 8)


def mutated(rng: Random, raw: bytes, others: Sequence[bytes] = ()) -> bytes:
    """Return `raw` after one to four changes; one of them may join it to one of `others`."""
    for change in rng.choices(_ALL, _WEIGHTS, k=rng.choice((1, 1, 1, 1, 2, 2, 3))):
        raw = change(rng, raw) if raw else rng.choice(ODD)
    if others and rng.random() < 0.05:
        other = rng.choice(others)
        raw = raw[: rng.randint(0, len(raw))] + other[rng.randint(0, len(other)) :]
    return raw


def _a_value(rng: Random, raw: bytes) -> re.Match[bytes] | None:
    """Return a value near a random place: scanning all of a long text each time would be most of the work."""
    return _VALUE.search(raw, rng.randrange(len(raw))) or _VALUE.search(raw)
