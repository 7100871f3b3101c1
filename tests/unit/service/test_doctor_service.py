from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from avantto_qbo.actors import fences, trials
from avantto_qbo.actors.fences import Proof
from avantto_qbo.journal import cursors, locations, usage
from avantto_qbo.journal.address import journal_bytes
from avantto_qbo.model.ids import LocationId, RealmId
from avantto_qbo.model.records import Status, Topic
from avantto_qbo.model.settings import Settings
from avantto_qbo.server.api_doctor import DoctorAnswer, FenceRow
from avantto_qbo.server.ports import UnknownObjectError
from avantto_qbo.service.doctor import Doctor
from stage import OTHER_PLACE, PLACE, REALM, Stage

OTHER = RealmId("4620816365000000002")


async def opened(**settings: Any) -> Stage:
    made = Stage(Settings(review_hours="always", **settings))
    await made.open()
    await made.directory.realm(REALM).company()
    return made


async def examined(stage: Stage, place: LocationId | None = None, monthly: int = 500_000) -> DoctorAnswer:
    return await Doctor(stage.house, monthly_reads=monthly, journal_bytes=lambda: 4096).doctor(place)


def codes(answer: DoctorAnswer, *, should: bool) -> set[str]:
    return {one.code for one in answer.findings if one.should is should}


def fence(answer: DoctorAnswer, entity: str) -> list[FenceRow]:
    return [row for realm in answer.realms for row in realm.fences if row.entity == entity]


async def test_a_healthy_house_could_be_better_but_needs_nothing() -> None:
    stage = await opened(refund_account="Checking")
    answer = await examined(stage)
    assert not codes(answer, should=True)
    assert codes(answer, should=False) == {"no_fence", "clearing_account"}
    assert answer.journal_bytes == 4096
    assert "within 5 minutes" in answer.contacts


async def test_without_a_proof_a_lost_answer_waits_and_doctor_names_the_canary() -> None:
    stage = await opened()
    answer = await examined(stage)
    for entity in fences.FENCED.values():
        [row] = fence(answer, entity)
        assert (row.proof, row.text) == ("", "a lost answer of this kind will wait for a person")
    [finding] = [one for one in answer.findings if one.code == "no_fence"]
    assert finding.mend == f"avantto-qbo doctor {PLACE} --canary"


async def test_a_proof_is_shown_with_its_date_until_something_stood_twice() -> None:
    stage = await opened()
    now = stage.clock.now()
    await stage.journal.write(lambda db: fences.learn(db, REALM, "Invoice", Proof.REQUEST_ID, now))
    [row] = fence(await examined(stage), "Invoice")
    assert (row.proof, row.since) == ("requestid", now)
    assert "is sent again" in row.text
    later = now + timedelta(hours=1)
    await stage.journal.write(lambda db: fences.unlearn(db, REALM, "Invoice", later))
    [row] = fence(await examined(stage), "Invoice")
    assert (row.proof, row.since) == ("", later)
    assert "was seen twice" in row.text


async def test_numbers_prove_nothing_once_the_company_numbers_itself() -> None:
    stage = await opened()
    now = stage.clock.now()
    await stage.journal.write(lambda db: fences.learn(db, REALM, "Invoice", Proof.NUMBER, now))
    assert fence(await examined(stage), "Invoice")[0].proof == "number"
    stage.books.play.set(REALM, custom_txn_numbers=False)
    await stage.directory.realm(REALM).learn()
    answer = await examined(stage)
    assert fence(answer, "Invoice")[0].proof == ""
    assert "numbers_off" in codes(answer, should=False)
    assert "off" in answer.realms[0].numbers


async def test_the_last_test_is_shown() -> None:
    stage = await opened()
    now = stage.clock.now()
    trial = trials.Trial("run1", PLACE, now, "uid 1", results={"number.Invoice": "refused"})
    await stage.journal.write(lambda db: trials.put(db, REALM, trial, now))
    canary = (await examined(stage)).realms[0].canary
    assert canary is not None
    assert (canary.run, canary.stage, canary.results) == ("run1", "making", {"number.Invoice": "refused"})


async def test_what_waits_for_the_owner_should_be_mended() -> None:
    stage = await opened(deposit_account="Nowhere")
    assert codes(await examined(stage), should=True) == {"deposit_account", "refund_account"}


async def test_a_dead_connection_should_be_mended() -> None:
    stage = await opened(refund_account="Checking", deposit_account="Checking")
    now = stage.clock.now()
    await stage.journal.write(lambda db: locations.set_status(db, PLACE, Status.BROKEN, "it died", now))
    answer = await examined(stage)
    assert codes(answer, should=True) == {"broken"}
    assert "clearing_account" not in codes(answer, should=False)


async def test_reads_are_projected_and_say_how_many_companies_fit() -> None:
    stage = await opened(refund_account="Checking")
    month = stage.clock.now().strftime("%Y-%m")
    await stage.journal.write(lambda db: usage.add_reads(db, REALM, month, 20_000))
    reads = (await examined(stage)).reads
    assert (reads.so_far, reads.fits) == (20_000, 46)
    assert 20_000 / (20 / 30) < reads.projected < 20_000 / (19 / 30)  # the 20th, in the afternoon
    assert "reads_projected" in codes(await examined(stage, monthly=25_000), should=True)
    assert "reads_projected" not in codes(await examined(stage), should=True)


async def test_reads_that_are_refused_are_the_first_thing_said() -> None:
    stage = await opened(refund_account="Checking")
    now = stage.clock.now()
    await stage.journal.write(lambda db: cursors.put(db, "daemon", "reads_blocked", now.isoformat(), now))
    answer = await examined(stage)
    assert answer.reads.blocked_since == now
    assert answer.findings[0].code == "reads_blocked"


async def test_one_location_is_examined_with_its_company_only() -> None:
    stage = await opened()
    await stage.open(OTHER_PLACE, OTHER)
    answer = await examined(stage, OTHER_PLACE)
    assert [realm.realm for realm in answer.realms] == [OTHER]
    assert {one.location for one in answer.findings} == {OTHER_PLACE}
    assert len((await examined(stage)).realms) == 2


async def test_a_location_that_is_not_there_is_named() -> None:
    stage = await opened()
    with pytest.raises(UnknownObjectError):
        await examined(stage, LocationId("nobody"))


async def test_an_empty_house_is_healthy() -> None:
    answer = await examined(Stage())
    assert (answer.realms, answer.findings, answer.reads.projected) == ((), (), 0)


async def test_a_slow_poll_cannot_keep_the_promise() -> None:
    stage = await opened(refund_account="Checking")
    object.__setattr__(stage.house.pace, "contacts", timedelta(minutes=30))
    answer = await examined(stage)
    assert "can take longer" in answer.contacts
    assert "contacts_slow" in codes(answer, should=True)


async def test_waiting_mail_is_counted() -> None:
    stage = await opened()
    await stage.work_off()
    await stage.tell(Topic.INVOICE, "i1")
    await stage.clock.sleep(30)
    answer = await examined(stage)
    assert (answer.mail, answer.oldest_mail_seconds) == (1, 30.0)


def test_the_journal_s_size_is_its_file_with_the_log(tmp_path: Path) -> None:
    (tmp_path / "j.db").write_bytes(b"x" * 100)
    (tmp_path / "j.db-wal").write_bytes(b"x" * 20)
    assert journal_bytes(f"sqlite:///{tmp_path}/j.db") == 120
    assert journal_bytes(":memory:") == 0
