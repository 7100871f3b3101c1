"""Grants at rest: whole when read with the right key from the right row, unreadable otherwise."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from avantto_qbo.errors import ConfigError
from avantto_qbo.journal import grants
from avantto_qbo.journal.sealing import Sealer
from avantto_qbo.model.grant import Provider, Tokens
from conformance.conftest import Do
from conformance.journal_values import HERE, OTHER_REALM, REALM, at, grant

OLD_KEY, NEW_KEY = bytes(range(32)), bytes(range(1, 33))
SEALER = Sealer({"k1": OLD_KEY})
BOOKS, CRM = Provider.QUICKBOOKS, Provider.AVANTTO


def change(file: Path, sql: str) -> None:
    """Tamper with the file from outside."""
    outside = sqlite3.connect(file)
    with outside:
        outside.execute(sql)
    outside.close()


async def test_a_grant_comes_back_whole(do: Do) -> None:
    await do(grants.put, SEALER, grant(dead="revoked"), at(0))
    assert await do(grants.get, SEALER, BOOKS, REALM) == grant(dead="revoked")
    assert await do(grants.get, SEALER, CRM, REALM) is None


async def test_renewed_tokens_replace_the_old_ones(do: Do) -> None:
    await do(grants.put, SEALER, grant(), at(0))
    renewed = grant(tokens=Tokens("access-2", "refresh-2"), previous_refresh_token="refresh")
    await do(grants.put, SEALER, renewed, at(1))
    assert await do(grants.get, SEALER, BOOKS, REALM) == renewed


async def test_no_token_stands_readable_in_the_file(do: Do, file: Path) -> None:
    tokens = Tokens("very-secret-access", "very-secret-refresh")
    await do(grants.put, SEALER, grant(tokens=tokens, previous_refresh_token="very-secret-before"), at(0))
    written = b"".join(part.read_bytes() for part in file.parent.glob(f"{file.name}*"))
    assert REALM.encode() in written
    assert b"very-secret" not in written


@pytest.mark.parametrize(
    "swap",
    [
        "update grants set tokens = (select tokens from grants where subject = 'other') where subject = 'mine'",
        "update grants set previous = (select previous from grants where subject = 'other') where subject = 'mine'",
        "update grants set tokens = previous where subject = 'mine'",
        "update grants set tokens = substr(tokens, 1, 8) where subject = 'mine'",
    ],
)
async def test_a_grant_moved_or_damaged_in_the_file_is_not_opened(do: Do, file: Path, swap: str) -> None:
    await do(grants.put, SEALER, grant("mine"), at(0))
    await do(grants.put, SEALER, grant("other"), at(0))
    change(file, swap)
    with pytest.raises(ConfigError):
        await do(grants.get, SEALER, BOOKS, "mine")
    assert await do(grants.get, SEALER, BOOKS, "other") == grant("other")


async def test_a_grant_moved_to_the_other_provider_is_not_opened(do: Do, file: Path) -> None:
    await do(grants.put, SEALER, grant(), at(0))
    change(file, "update grants set provider = 'avantto'")
    with pytest.raises(ConfigError):
        await do(grants.get, SEALER, CRM, REALM)


@pytest.mark.parametrize("key_id", ["k1", "k2"])
async def test_a_wrong_key_opens_nothing(do: Do, key_id: str) -> None:
    await do(grants.put, SEALER, grant(), at(0))
    with pytest.raises(ConfigError):
        await do(grants.get, Sealer({key_id: NEW_KEY}), BOOKS, REALM)


async def test_a_grant_is_sealed_again_with_the_newest_key(do: Do) -> None:
    await do(grants.put, SEALER, grant(), at(0))
    both = Sealer({"k2": NEW_KEY, "k1": OLD_KEY})
    read = await do(grants.get, both, BOOKS, REALM)
    assert read is not None
    await do(grants.put, both, read, at(1))
    assert await do(grants.get, Sealer({"k2": NEW_KEY}), BOOKS, REALM) == grant()


async def test_subjects_are_listed_and_removed_without_a_key(do: Do) -> None:
    for subject in (OTHER_REALM, REALM):
        await do(grants.put, SEALER, grant(subject), at(0))
    await do(grants.put, SEALER, grant(HERE, provider=CRM), at(0))
    assert await do(grants.all_subjects, BOOKS) == [REALM, OTHER_REALM]
    assert await do(grants.remove, BOOKS, REALM)
    assert not await do(grants.remove, BOOKS, REALM)
    assert await do(grants.all_subjects, BOOKS) == [OTHER_REALM]
    assert await do(grants.all_subjects, CRM) == [HERE]


async def test_a_dead_grant_says_why_and_keeps_its_tokens(do: Do) -> None:
    await do(grants.put, SEALER, grant(), at(0))
    assert await do(grants.mark_dead, BOOKS, REALM, "invalid_grant", at(1))
    assert await do(grants.get, SEALER, BOOKS, REALM) == grant(dead="invalid_grant")
    assert not await do(grants.mark_dead, BOOKS, OTHER_REALM, "invalid_grant", at(1))
