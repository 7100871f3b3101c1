from __future__ import annotations

from datetime import timedelta

import pytest

from avantto_qbo.journal import settings as stored
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.records import ReviewState
from avantto_qbo.model.settings import Settings
from avantto_qbo.server.ports import UnknownObjectError
from avantto_qbo.service.reviews import ReviewDesk
from stage import PLACE, REALM, Stage
from unit.actors.scenes import bill, bob, receive


async def paid(stage: Stage, name: str) -> str:
    """A customer of this name whose first invoice was just paid; returns the id."""
    customer = bob(stage, DisplayName=name, PrimaryEmailAddr={"Address": f"{name}@example.com"})
    receive(stage, bill(stage, customer))
    await stage.clock.sleep(60)
    await stage.poll_changes(REALM)
    await stage.work_off(within=timedelta(minutes=10))
    return customer


async def test_every_request_is_told_with_its_reason(stage: Stage) -> None:
    asked = await paid(stage, "ann")
    answer = await ReviewDesk(stage.house).reviews(PLACE, 50)
    assert answer.mode == "on"
    assert (answer.counts[ReviewState.SENT], answer.counts[ReviewState.DECLINED]) == (1, 0)
    [row] = answer.rows
    assert (row.customer, row.state, row.channel) == (asked, ReviewState.SENT, "email")
    assert row.invoice
    assert not answer.waiting


async def test_requests_that_wait_for_the_same_are_one_thing_to_do() -> None:
    stage = Stage(settings=Settings(review_hours="always", review_workflow="Ask"))
    await stage.open()
    await paid(stage, "ann")
    await paid(stage, "bert")
    answer = await ReviewDesk(stage.house).reviews(PLACE, 1)
    assert len(answer.rows) == 1
    assert answer.counts[ReviewState.WAITING] == 2
    [todo] = answer.waiting
    assert todo.code == "review_workflow"
    assert todo.text.startswith("2 review requests wait")
    assert "review_workflow=" in todo.mend


async def test_what_only_waits_for_its_hour_is_nothing_to_do() -> None:
    stage = Stage(settings=Settings(review_hours="Mon-Sat 12:00-20:00"))
    await stage.open()
    await paid(stage, "ann")
    await stage.journal.write(lambda db: stored.put(db, PLACE, "reviews", b'"shadow"', stage.clock.now(), "test"))
    answer = await ReviewDesk(stage.house).reviews(PLACE, 50)
    assert (answer.mode, answer.waiting) == ("shadow", ())
    assert "12:00 (America/" in answer.rows[0].reason


async def test_a_location_that_does_not_exist_is_said_so(stage: Stage) -> None:
    with pytest.raises(UnknownObjectError):
        await ReviewDesk(stage.house).reviews(LocationId("nowhere"), 50)
