"""Who is let in, and what a caller is counted by."""

from __future__ import annotations

import pytest

from avantto_qbo.server.connections import Admission, Gate, counted_address
from avantto_qbo.server.limits import Limits

LIMITS = Limits(connections=4, per_address=2, refused=1)


@pytest.mark.parametrize(
    ("peer", "counted"),
    [
        (("8.8.8.8", 1), "8.8.8.8"),
        (("::ffff:8.8.8.8", 1, 0, 0), "8.8.8.8"),
        (("127.0.0.1", 1), ""),
        (("10.1.2.3", 1), ""),
        (("172.17.0.1", 1), ""),
        (("::1", 1, 0, 0), ""),
        (("fe80::1%eth0", 1, 0, 2), ""),
        ("", ""),
        (None, ""),
    ],
)
def test_only_global_addresses_are_counted_alone(peer: object, counted: str) -> None:
    assert counted_address(peer) == counted


def test_one_network_of_ipv6_is_one_caller() -> None:
    first, second = (counted_address((f"2001:4860:1:2::{host}", 1, 0, 0)) for host in (1, 2))
    other = counted_address(("2001:4860:1:3::1", 1, 0, 0))
    assert first == second != other


def test_an_address_has_its_share_and_the_listener_its_limit() -> None:
    gate = Gate(LIMITS)
    assert [gate.enter("a") for _ in range(4)] == [
        Admission.SERVED,
        Admission.SERVED,
        Admission.REFUSED,
        Admission.DROPPED,
    ]
    assert gate.enter("b") is Admission.SERVED
    assert gate.enter("") is Admission.SERVED
    assert gate.enter("") is Admission.DROPPED


def test_a_proxy_has_no_share_of_its_own() -> None:
    gate = Gate(LIMITS)
    assert {gate.enter("") for _ in range(4)} == {Admission.SERVED}


def test_who_leaves_makes_room() -> None:
    gate = Gate(LIMITS)
    gate.enter("a")
    gate.enter("a")
    gate.leave("a", gate.enter("a"))
    gate.leave("a", Admission.SERVED)
    assert gate.enter("a") is Admission.SERVED
    assert gate.enter("a") is Admission.REFUSED
