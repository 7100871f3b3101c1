"""The scanner that bounds JSON before it is decoded."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avantto_qbo.server.bounds import within_bounds

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='[]{},:"\\ ab'),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(alphabet='[{,:"\\'), inner, max_size=4),
    max_leaves=30,
)


def depth_of(value: Any) -> int:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inside is None else 1 + max(map(depth_of, inside), default=0)


@given(VALUES)
def test_the_depth_is_that_of_the_value_and_not_of_its_texts(value: Any) -> None:
    raw, depth = json.dumps(value).encode(), depth_of(value)
    assert within_bounds(raw, deepest=depth)
    if depth:
        assert not within_bounds(raw, deepest=depth - 1)


@pytest.mark.parametrize(("raw", "nodes"), [(b"1", 1), (b"[1,2,3]", 4), (b'{"a":1,"b":[]}', 6), (b'",,,::"', 1)])
def test_names_and_values_are_nodes(raw: bytes, nodes: int) -> None:
    assert within_bounds(raw, most=nodes)
    assert nodes == 1 or not within_bounds(raw, most=nodes - 2)


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 65,
        b'{"a":' * 65,
        b'["' + b"[" * 100 + b'",' + b"[" * 64,
        b"[" * 65 + b'"never ends',
        b"[" + b"1," * 50_000 + b"1]",
        b'["\\\\",' + b"[" * 64,
    ],
)
def test_what_is_too_deep_or_too_large_is_told_apart_from_long_texts(raw: bytes) -> None:
    assert not within_bounds(raw)
    assert within_bounds(b'"' + raw.replace(b'"', b"'") + b'"')


@pytest.mark.parametrize(
    "raw",
    [b'"' * 1_000_000, b'"' + b'\\"' * 500_000, b'"\\' * 500_000, b'["' + b"[" * 900_000, b"[" * 1_000_000],
    ids=["quotes", "escapes", "open texts", "brackets in a text", "brackets"],
)
def test_no_body_makes_the_scan_slow(raw: bytes) -> None:
    began = time.perf_counter()
    within_bounds(raw)
    assert time.perf_counter() - began < 0.5
