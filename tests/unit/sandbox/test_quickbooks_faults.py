"""Which requests a planned fault meets, and how often."""

from __future__ import annotations

import random

import pytest

from avantto_qbo.sandbox.faults import Fault, FaultPlan, Match, fault_from
from avantto_qbo.sandbox.http import Request

POST = Request("POST", "/v3/company/9/invoice", body=b'{"DocNumber": "INV-7"}')


def plan(*faults: Fault) -> FaultPlan:
    made = FaultPlan(random.Random(1))
    for fault in faults:
        made.add(fault)
    return made


def fired(made: FaultPlan, count: int) -> list[bool]:
    return [made.decide(POST, "invoice.create") is not None for _ in range(count)]


def test_a_fault_fires_after_its_skips_and_as_often_as_told() -> None:
    assert fired(plan(Fault("status", skip=1, times=2)), 5) == [False, True, True, False, False]


def test_a_fault_without_a_limit_fires_for_ever() -> None:
    assert fired(plan(Fault("status", times=0)), 4) == [True] * 4


def test_a_chance_fires_sometimes() -> None:
    hits = sum(fired(plan(Fault("status", times=0, chance=0.3)), 1000))
    assert 250 < hits < 350


@pytest.mark.parametrize(
    ("match", "meant"),
    [
        (Match(), True),
        (Match(method="post"), True),
        (Match(method="GET"), False),
        (Match(path="/invoice"), True),
        (Match(operation=r"^(invoice|payment)\.create$"), True),
        (Match(operation=r"^customer"), False),
        (Match(body="INV-7"), True),
        (Match(body="INV-8"), False),
    ],
)
def test_a_fault_meets_only_the_requests_it_is_about(match: Match, meant: bool) -> None:
    assert match.fits(POST, "invoice.create") is meant


def test_clearing_forgets_what_is_planned_and_what_has_fired() -> None:
    made = plan(Fault("drop", times=0))
    fired(made, 1)
    made.clear()
    assert (made.pending, made.fired, fired(made, 1)) == ((), [], [False])


def test_a_fault_is_read_from_json_with_its_match_inside_or_beside() -> None:
    inside = fault_from({"action": "delay", "match": {"path": "/invoice"}, "seconds": 2})
    beside = fault_from({"action": "delay", "path": "/invoice", "seconds": 2})
    assert inside == beside == Fault("delay", Match(path="/invoice"), seconds=2.0)


@pytest.mark.parametrize("plain", [{"action": "explode"}, {}, {"action": "drop", "colour": "red"}])
def test_an_unknown_action_or_member_is_refused(plain: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"action|colour"):
        fault_from(plain)
