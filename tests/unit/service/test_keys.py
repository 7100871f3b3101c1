"""The journal key at start, what outlives it, and the files it comes from."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from pathlib import Path

import pytest

from avantto_qbo.errors import ConfigError
from avantto_qbo.journal import grants
from avantto_qbo.journal.connection import Connection
from avantto_qbo.journal.sealing import Fingerprints, Sealer, key_id
from avantto_qbo.model.grant import Provider, Tokens
from avantto_qbo.model.ids import LocationId
from avantto_qbo.secrets import JournalKeys, load_journal_keys
from avantto_qbo.service.keys import derived, open_keys
from stage import PLACE, REALM, Stage
from unit.service.sealed import (
    BOTH,
    GRANTS,
    NEW,
    OLD,
    THIRD,
    crashing,
    desk,
    fill,
    grant,
    journal,
    online,
    opened_by,
    opens,
    sealed_values,
    whole,
)
from virtual_clock import VirtualClock


async def test_fingerprints_and_connect_links_survive_every_key() -> None:
    place, clock = journal(), VirtualClock()
    before = await open_keys(place, JournalKeys(OLD), clock)
    await desk(place, before, BOTH).rotate("uid 0")
    after = await open_keys(place, JournalKeys(NEW), clock)
    assert after.fingerprints.email("ann@example.com") == before.fingerprints.email("ann@example.com")
    assert after.link_key == before.link_key
    assert after.fingerprints.email("ann@example.com") != Fingerprints(NEW).email("ann@example.com")


async def test_a_journal_of_an_earlier_release_keeps_its_fingerprints_and_links() -> None:
    place = journal()
    keys = await open_keys(place, JournalKeys(OLD), VirtualClock())
    assert keys.fingerprints.email("ann@example.com") == Fingerprints(OLD).email("ann@example.com")
    assert keys.link_key == hmac.digest(OLD, b"connect links", hashlib.sha256)
    plain = derived(JournalKeys(OLD))
    assert plain.fingerprints.email("a@b.example") == keys.fingerprints.email("a@b.example")
    assert plain.link_key == keys.link_key


@pytest.mark.parametrize("files", [JournalKeys(OLD), BOTH, JournalKeys(OLD, THIRD)])
async def test_grants_under_the_oldest_key_id_open_and_are_sealed_anew_at_start(files: JournalKeys) -> None:
    place = journal()
    await fill(place, Sealer({"1": OLD}))
    keys = await open_keys(place, files, VirtualClock())
    assert await whole(place, keys.sealer)
    assert await opened_by(place, files.current) == 2 * GRANTS + 3
    assert keys.fingerprints.email("a@b.example") == Fingerprints(OLD).email("a@b.example")


async def test_a_journal_without_grants_but_with_customers_was_written_with_the_previous_key() -> None:
    stage = Stage()
    await stage.open()
    await stage.work_off()
    stage.books.play.create(REALM, "Customer", {"DisplayName": "Bob", "PrimaryEmailAddr": {"Address": "bob@ex.com"}})
    await stage.poll_changes()

    def forget(db: Connection) -> None:
        grants.remove(db, Provider.QUICKBOOKS, REALM)
        grants.remove(db, Provider.AVANTTO, PLACE)

    await stage.journal.write(forget)
    keys = await open_keys(stage.journal, BOTH, stage.clock)
    assert keys.fingerprints.email("a@b.example") == Fingerprints(OLD).email("a@b.example")


async def test_a_new_journal_takes_the_new_key() -> None:
    keys = await open_keys(journal(), BOTH, VirtualClock())
    assert keys.fingerprints.email("a@b.example") == Fingerprints(NEW).email("a@b.example")


@pytest.mark.parametrize("first", [JournalKeys(OLD), None])
@pytest.mark.parametrize("files", [JournalKeys(NEW), JournalKeys(NEW, THIRD)])
async def test_a_wrong_key_is_said_at_start_with_its_mend(first: JournalKeys | None, files: JournalKeys) -> None:
    place = journal()
    sealer = Sealer({"1": OLD}) if first is None else (await open_keys(place, first, VirtualClock())).sealer
    await fill(place, sealer, 2)
    with pytest.raises(ConfigError, match="another key than the one in the secret file") as refused:
        await open_keys(place, files, VirtualClock())
    assert refused.value.key == "journal-key"
    assert "journal-key-previous" in refused.value.mend
    assert NEW.hex() not in str(refused.value)


async def test_a_wrong_key_is_said_though_nothing_but_the_journals_own_secrets_is_sealed() -> None:
    place = journal()
    await open_keys(place, JournalKeys(OLD), VirtualClock())
    with pytest.raises(ConfigError, match="another key"):
        await open_keys(place, JournalKeys(NEW), VirtualClock())


async def test_a_previous_key_deleted_too_early_is_said_at_start() -> None:
    place = await crashing(4, online)
    assert await opened_by(place, OLD)
    with pytest.raises(ConfigError, match="another key"):
        await open_keys(place, JournalKeys(NEW), VirtualClock())
    assert await whole(place, (await open_keys(place, BOTH, VirtualClock())).sealer)


@pytest.mark.parametrize("cut", [3, -1])
async def test_one_damaged_grant_stops_its_location_and_nobody_else(cut: int) -> None:
    place = journal()
    keys = await open_keys(place, JournalKeys(OLD), VirtualClock())
    await fill(place, keys.sealer, 3)
    [(sealed, _), *_] = [value for value in await place.read(sealed_values(place)) if value[1][1] == "loc0001"]
    spoilt = {"provider": "avantto", "subject": "loc0001", "previous": sealed}
    await place.write(lambda db: db.run("grants.reseal", **spoilt, tokens=sealed[:cut]))
    again = await open_keys(place, JournalKeys(OLD), VirtualClock())
    rows = await place.read(lambda db: {row[1]: row[0] for row in grants.idle(db, VirtualClock().now(), 10)})
    assert "loc0001" not in rows
    found = await place.read(lambda db: grants.get(db, again.sealer, Provider.AVANTTO, "loc0002"))
    assert found == grant(2)
    again = await open_keys(place, BOTH, VirtualClock())
    damaged = await place.read(lambda db: grants.get(db, again.sealer, Provider.AVANTTO, "loc0001"))
    assert damaged is not None
    assert (damaged.dead, damaged.tokens) == ("the stored tokens are damaged", Tokens(""))


def write(place: Path, name: str, key: bytes) -> None:
    (place / name).write_text(base64.b64encode(key).decode() + "\n")
    (place / name).chmod(0o600)


def test_the_previous_key_is_read_where_there_is_one(tmp_path: Path) -> None:
    write(tmp_path, "journal-key", NEW)
    assert load_journal_keys(str(tmp_path), {}) == JournalKeys(NEW)
    write(tmp_path, "journal-key-previous", OLD)
    assert load_journal_keys(str(tmp_path), {}) == BOTH
    write(tmp_path, "journal-key-previous", NEW)
    assert load_journal_keys(str(tmp_path), {}) == JournalKeys(NEW)


def test_a_previous_key_that_is_none_is_named(tmp_path: Path) -> None:
    write(tmp_path, "journal-key", NEW)
    write(tmp_path, "journal-key-previous", b"short")
    with pytest.raises(ConfigError, match=r"journal-key-previous: .* holds 5 bytes"):
        load_journal_keys(str(tmp_path), {})


def test_keys_never_show() -> None:
    shown = repr(BOTH) + repr(derived(BOTH)) + key_id(NEW)
    assert NEW.hex() not in shown
    assert repr(BOTH) == "JournalKeys()"


def test_key_ids_tell_keys_apart_and_stay_the_same() -> None:
    # They stand in every sealed value: another derivation would make each key a stranger to its own journal.
    assert key_id(OLD) == "c2b4a3d655cc23bf"
    assert len({key_id(secrets.token_bytes(32)) for _ in range(50)} | {key_id(OLD)}) == 51


async def test_values_do_not_open_in_another_row_or_field() -> None:
    place = journal()
    keys = await open_keys(place, JournalKeys(OLD), VirtualClock())
    await fill(place, keys.sealer, 2)
    values = await place.read(sealed_values(place))
    for sealed, bound in values:
        for _, other in values:
            assert opens(keys.sealer, sealed, other) == (other == bound)
    assert LocationId("loc0000") in {bound[1] for _, bound in values}
