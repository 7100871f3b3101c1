from __future__ import annotations

from collections import Counter
from datetime import timedelta

from avantto_qbo.actors.mailbox import CONTACT_PATIENCE, order
from avantto_qbo.model.records import Lane
from virtual_clock import START as NOW

ROUND = 11


def firsts(**changes: object) -> Counter[Lane]:
    return Counter(order(turn, NOW, None, backfill_allowed=True)[0] for turn in range(ROUND))


def test_a_round_holds_eight_money_two_contact_and_one_backfill_turn() -> None:
    assert firsts() == {Lane.MONEY: 8, Lane.CONTACT: 2, Lane.BACKFILL: 1}


def test_an_empty_first_choice_gives_the_turn_to_the_others() -> None:
    for turn in range(ROUND):
        assert sorted(order(turn, NOW, None, backfill_allowed=True)) == sorted(Lane)


def test_money_never_waits_for_more_than_two_turns() -> None:
    chosen = [order(turn, NOW, None, backfill_allowed=True)[0] for turn in range(3 * ROUND)]
    assert all(Lane.MONEY in chosen[turn : turn + 3] for turn in range(2 * ROUND))


def test_backfill_waits_when_its_share_is_used_up() -> None:
    for turn in range(ROUND):
        assert Lane.BACKFILL not in order(turn, NOW, None, backfill_allowed=False)


def test_a_contact_that_has_waited_too_long_goes_first() -> None:
    late, in_time = NOW - CONTACT_PATIENCE - timedelta(seconds=1), NOW - CONTACT_PATIENCE
    assert all(order(turn, NOW, late, backfill_allowed=True)[0] is Lane.CONTACT for turn in range(ROUND))
    assert any(order(turn, NOW, in_time, backfill_allowed=True)[0] is Lane.MONEY for turn in range(ROUND))
