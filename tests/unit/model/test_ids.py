from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avantto_qbo.clock import SystemClock, SystemIds, system_rng
from avantto_qbo.model.base36 import base36
from avantto_qbo.model.grant import Grant, Provider, Tokens
from avantto_qbo.model.ids import contact_chain, invoice_chain, receipt_chain, review_chain


@given(st.integers(0, 16**24))
def test_base_36_reads_back(number: int) -> None:
    assert int(base36(number), 36) == number


@given(st.integers(0, 16**24 - 1))
def test_24_hex_digits_fit_into_19(number: int) -> None:
    assert len(base36(number)) <= 19


def test_chains_of_different_documents_never_meet() -> None:
    chains = [make("x") for make in (invoice_chain, receipt_chain, contact_chain, review_chain)]
    assert len(set(chains)) == 4


class Stopped(SystemClock):
    """A clock that stands still."""

    def now(self) -> datetime:
        return datetime(2026, 11, 20, tzinfo=UTC)


def test_ids_sort_by_time_and_never_repeat() -> None:
    ids = SystemIds(SystemClock())
    made = [ids.new() for _ in range(1000)]
    assert [name[:9] for name in made] == sorted(name[:9] for name in made)
    assert len(set(made)) == 1000
    assert {len(name) for name in made} == {20}


def test_ids_of_one_millisecond_differ() -> None:
    ids = SystemIds(Stopped())
    assert ids.new() != ids.new()


def test_the_system_clock_speaks_utc() -> None:
    offset = SystemClock().now().utcoffset()
    assert offset is not None
    assert not offset


async def test_the_system_clock_sleeps() -> None:
    clock = SystemClock()
    before = clock.now()
    await clock.sleep(-1)
    await clock.sleep(0.01)
    assert (clock.now() - before).total_seconds() >= 0.009


def test_jitter_is_a_fraction() -> None:
    assert 0 <= system_rng().random() < 1


@pytest.mark.parametrize("value", [Tokens("access-1", "refresh-1"), Grant(Provider.AVANTTO, "loc", Tokens("access-1"))])
def test_tokens_are_not_shown(value: object) -> None:
    assert "access-1" not in repr(value)
    assert "refresh-1" not in repr(value)
