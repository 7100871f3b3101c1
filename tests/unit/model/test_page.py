"""A page is read row by row: one that makes no sense is named, and the others are kept."""

from __future__ import annotations

import msgspec
import pytest

from avantto_qbo.model.page import Page, page_of


def page(body: bytes) -> Page[int]:
    return page_of(msgspec.json.decode(body, type=list[msgspec.Raw]), number, "id")


def number(row: msgspec.Raw) -> int:
    return msgspec.json.decode(row, type=dict[str, int])["n"] if b"low" not in bytes(row) else 1 // 0


def test_rows_that_make_sense_are_kept_in_their_order() -> None:
    assert page(b'[{"n":2},{"n":1}]') == Page((2, 1), 2)


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (b'{"id":"a","n":"two"}', "a"),
        (b'{"id":7,"n":null}', "7"),
        (b'{"id":"slow"}', "slow"),
        (b'{"id":true,"n":""}', ""),
        (b'{"n":""}', ""),
        (b"null", ""),
        (b"[]", ""),
        (b'"text"', ""),
    ],
)
def test_a_row_that_makes_no_sense_is_named_and_counted(row: bytes, name: str) -> None:
    found = page(b'[{"n":2},' + row + b',{"n":1}]')
    assert found == Page((2, 1), 3, (name,))
    assert found.size == 3
