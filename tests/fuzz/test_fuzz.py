"""A slice of `make fuzz`, and proof that its judges can say no."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from random import Random

import msgspec
import pytest

from avantto_qbo.avantto import webhooks as avantto
from avantto_qbo.model.http import HttpAnswer
from avantto_qbo.model.operation import Call
from avantto_qbo.model.outcome import Fault, FaultClass, Refused, Written
from fuzz.answers import _floats, _judge
from fuzz.material import collect
from fuzz.mutations import mutated
from fuzz.run import GROWTH, Report, play, target_of
from fuzz.verdict import ViolationError
from fuzz.webhooks import IntakeTarget

CASES = 6_000
SEED = 4
CALL = Call("POST", "invoice", b"{}")
DONE = b'{"Invoice":{"Id":"5","SyncToken":"0"}}'


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_slice_of_broken_input_breaks_nothing() -> None:
    report = await play(SEED, range(CASES), Report(SEED))
    assert report.failures == {}
    assert report.cases == CASES
    assert report.growth < GROWTH
    seen = {outcome.split()[0] for outcome in report.outcomes}
    assert seen == {"avantto", "quickbooks", "public", "status", "read", "write", "token"}
    assert {"avantto taken", "quickbooks taken", "write Written", "write Refused", "read", "token"} <= {
        *report.outcomes
    }


def test_a_case_is_made_of_its_seed_and_number_alone() -> None:
    body = json.dumps({"type": "InvoiceSent", "amount": 12.5, "items": [1, 2]}).encode()
    first, second = ([mutated(target_of(SEED, case)[1], body) for case in range(50)] for _ in range(2))
    assert first == second
    assert len({*first}) > 30


async def many(target: IntakeTarget) -> None:
    for case in range(200):
        await target(Random(case))


async def test_a_signature_check_that_says_yes_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(avantto, "verify", lambda *_: True)
    target = IntakeTarget(*await collect())
    with pytest.raises(ViolationError, match="without a signature"):
        await many(target)


async def test_a_refusal_of_what_a_vendor_signed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(avantto, "verify", lambda *_: False)
    target = IntakeTarget(*await collect())
    with pytest.raises(ViolationError, match="a signed delivery was refused"):
        await many(target)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (500, DONE, Written("5")),
        (200, DONE[:-3], Written("5")),
        (200, DONE, Written("")),
        (200, b"", Refused(Fault("1", "x", FaultClass.FINAL))),
        (502, b"", Refused(Fault("1", "x", FaultClass.FINAL))),
    ],
)
def test_a_wrong_outcome_is_found(status: int, body: bytes, outcome: Written | Refused) -> None:
    with pytest.raises(ViolationError):
        _judge(CALL, HttpAnswer(status, {}, body), outcome)


def test_a_float_is_found_however_deep() -> None:
    class Inner(msgspec.Struct):
        sums: tuple[object, ...]

    assert list(_floats({"a": [Inner((Decimal(1), {"b": 0.5}))]})) == [0.5]


def test_the_command_names_itself(tmp_path: Path) -> None:
    """What a failure prints must be what reproduces it."""
    source = (Path(__file__).parent / "__main__.py").read_text()
    assert "-m fuzz --seed {report.seed} --case {case}" in source
