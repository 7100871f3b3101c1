"""Grants nobody uses are renewed, and what ends all the same is said in time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import anyio
import msgspec
import pytest
from structlog.testing import capture_logs

from avantto_qbo.errors import TransientError
from avantto_qbo.journal import grants, locations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.metrics import Metrics
from avantto_qbo.model.grant import Grant, Provider
from avantto_qbo.model.records import Status
from avantto_qbo.service.answers import Answers
from avantto_qbo.service.grant_care import GrantCare
from avantto_qbo.service.grants_ending import ending
from stage import PLACE, REALM, Stage
from unit.actors.scenes import books_fault

DAY = timedelta(days=1)
SUBJECTS = {Provider.QUICKBOOKS: REALM, Provider.AVANTTO: PLACE}


class Care:
    """The care of one run, and the gauge as it was last shown."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.days = stage, dict[Provider, float]()
        self.care = GrantCare(stage.house, stage.keepers, self.days.__setitem__)

    async def rounds(self, span: timedelta, every: timedelta = timedelta(hours=1)) -> None:
        until = self.stage.clock.now() + span
        while self.stage.clock.now() < until:
            self.stage.clock.advance(every.total_seconds())
            await self.care.round()


async def stored(stage: Stage, provider: Provider) -> Grant:
    found = await stage.journal.read(lambda db: grants.get(db, stage.sealer, provider, SUBJECTS[provider]))
    assert found is not None
    return found


async def change(stage: Stage, provider: Provider, how: Callable[[Grant], Grant]) -> None:
    grant = how(await stored(stage, provider))
    await stage.journal.write(lambda db: grants.put(db, stage.sealer, grant, stage.clock.now()))


async def ends_in(stage: Stage, provider: Provider, span: timedelta) -> None:
    """Let a grant end then, however often it is renewed, as at the end of Intuit's five years."""
    end = stage.clock.now() + span

    def limited(grant: Grant) -> Grant:
        return msgspec.structs.replace(
            grant, tokens=msgspec.structs.replace(grant.tokens, refresh_expires_at=end), granted_at=None
        )

    await change(stage, provider, limited)


async def told(stage: Stage) -> list[tuple[str, str, str]]:
    """What `attention` says about grants."""
    items = (await Answers(stage.house, monthly_reads=500_000).attention(None)).items
    return [(item.code, item.text, item.mend) for item in items if item.code.startswith("grant_ends")]


@pytest.mark.parametrize("provider", Provider)
async def test_a_location_without_any_traffic_keeps_its_grants_for_years(stage: Stage, provider: Provider) -> None:
    await stage.journal.write(lambda db: locations.set_status(db, PLACE, Status.PAUSED, "paused", stage.clock.now()))
    care = Care(stage)
    await care.rounds(DAY * 800, every=DAY)
    assert await stage.keeper(provider, SUBJECTS[provider]).access_token()
    assert (await stored(stage, provider)).dead == ""
    assert not [line for line in await told(stage) if provider in line[0]]
    asked = stage.counted.count(f"refresh.ok.{provider}")
    assert asked in range(800 // 9, 800 // 6)


async def test_without_that_care_it_would_have_lost_them(stage: Stage) -> None:
    stage.clock.advance((DAY * 102).total_seconds())
    with pytest.raises(Exception, match="invalid_grant"):
        await stage.keeper().access_token()


async def test_a_grant_in_use_is_left_alone(stage: Stage) -> None:
    care = Care(stage)
    for _ in range(20):
        stage.clock.advance(DAY.total_seconds())
        await stage.keeper().access_token()
        await stage.keeper(Provider.AVANTTO, PLACE).access_token()
        before = len(stage.counted)
        await care.care.round()
        assert len(stage.counted) == before


async def test_an_idle_grant_that_is_refused_stops_its_locations_and_says_so(stage: Stage) -> None:
    stage.books.play.revoke(REALM)
    await Care(stage).rounds(DAY * 8, every=DAY)
    record = await stage.record()
    assert record.status is Status.BROKEN
    assert f"avantto-qbo connect {PLACE}" in record.reason


async def test_trouble_at_the_endpoint_leaves_the_other_grants_their_care(stage: Stage) -> None:
    books_fault(stage, "oauth.refresh", action="status", status=503, times=0)
    care = Care(stage)
    await care.rounds(DAY * 9, every=DAY)
    assert stage.counted.count("refresh.ok.avantto") == 1
    assert (await stage.record()).status is Status.CONNECTED


@pytest.mark.parametrize("provider", Provider)
async def test_the_owner_is_warned_from_two_weeks_before_the_end(stage: Stage, provider: Provider) -> None:
    await ends_in(stage, provider, DAY * 15)
    assert await told(stage) == []
    stage.clock.advance((DAY * 2).total_seconds())
    [(code, text, mend)] = await told(stage)
    assert code == f"grant_ends.{provider}"
    assert "in 13 days" in text
    assert mend == f"avantto-qbo connect {PLACE}"
    answers = Answers(stage.house, monthly_reads=500_000)
    status, show = await answers.status(), await answers.show(PLACE)
    assert any("1 connection ends within 14 days, the first on 2026-12-05" in warning for warning in status.warnings)
    assert status.attention == 1
    assert [item.code for item in show.attention] == [code]


async def test_a_new_consent_ends_the_warning(stage: Stage) -> None:
    await ends_in(stage, Provider.QUICKBOOKS, DAY)
    assert await told(stage)
    await stage.connecting.connect(stage.order())
    assert await told(stage) == []


async def test_nobody_is_warned_for_what_was_disconnected(stage: Stage) -> None:
    await ends_in(stage, Provider.QUICKBOOKS, DAY)
    record = msgspec.structs.replace(await stage.record(), status=Status.DISCONNECTED)
    assert await stage.journal.read(lambda db: ending(db, record, stage.clock.now())) == []


async def test_the_log_says_it_once_a_day(stage: Stage) -> None:
    await ends_in(stage, Provider.QUICKBOOKS, DAY * 3)
    with capture_logs() as logs:
        await Care(stage).rounds(DAY * 2)
    said = [(line["remaining"], line["subject"]) for line in logs if line["event"] == "grant.lapsing"]
    assert said == [(2, REALM), (1, REALM)]


async def test_the_gauge_shows_the_days_to_the_first_end_and_no_ids(stage: Stage) -> None:
    metrics = Metrics()
    care = GrantCare(stage.house, stage.keepers, metrics.show_expiry)
    await ends_in(stage, Provider.QUICKBOOKS, DAY * 6.5)
    await care.round()
    text = metrics.render().decode()
    assert 'avantto_qbo_token_expiry_days{provider="quickbooks"} 6.5' in text
    assert REALM not in text

    def remove(db: Connection) -> None:
        grants.remove(db, Provider.QUICKBOOKS, REALM)

    await stage.journal.write(remove)
    await care.round()
    assert 'avantto_qbo_token_expiry_days{provider="quickbooks"} +Inf' in metrics.render().decode()


async def test_the_rounds_go_on_when_the_journal_cannot_write(stage: Stage) -> None:
    care = Care(stage)
    failing = [True]

    def fail() -> None:
        if failing:
            failing.clear()
            raise TransientError("disk full")

    stage.journal.before = fail
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(care.care.keep)
        await stage.clock.sleep(100)
        assert not care.days
        await stage.clock.sleep(3600)
        assert care.days
        tasks.cancel_scope.cancel()
