"""Journals full of sealed values, and which key opens what."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from avantto_qbo.errors import ConfigError
from avantto_qbo.journal import grants, renewals
from avantto_qbo.journal.connection import Connection
from avantto_qbo.journal.inline import InlineJournal
from avantto_qbo.journal.sealing import Sealer
from avantto_qbo.model.grant import Grant, Provider, Tokens
from avantto_qbo.secrets import JournalKeys
from avantto_qbo.service.keys import KeyDesk, Keys, nothing_to_scrub, open_keys
from stage import REALM, Journal, Killed
from virtual_clock import VirtualClock

OLD, NEW, THIRD = bytes(range(32)), bytes(range(1, 33)), bytes(range(2, 34))
GRANTS = 120  # more than go into one transaction
BOTH = JournalKeys(NEW, OLD)


def journal() -> Journal:
    return Journal(InlineJournal())


def grant(number: int) -> Grant:
    tokens = Tokens(f"access-{number}", f"refresh-{number}")
    return Grant(Provider.AVANTTO, f"loc{number:04}", tokens, f"before-{number}")


async def fill(place: Any, sealer: Sealer, count: int = GRANTS) -> None:
    now = VirtualClock().now()

    def put(db: Connection) -> None:
        for number in range(count):
            grants.put(db, sealer, grant(number), now)
        renewals.put(db, sealer, Provider.QUICKBOOKS, REALM, "mark", Tokens("renewed"), now=now)

    await place.write(put)


async def whole(place: Any, sealer: Sealer, count: int = GRANTS) -> bool:
    """Every grant opens and is what it was."""

    def look(db: Connection) -> bool:
        kept = renewals.get(db, sealer, Provider.QUICKBOOKS, REALM, "mark")
        found = (grants.get(db, sealer, Provider.AVANTTO, grant(number).subject) for number in range(count))
        return kept == Tokens("renewed") and list(found) == [grant(number) for number in range(count)]

    return bool(await place.read(look))


def sealed_values(place: Any) -> list[tuple[bytes, tuple[str, str, str]]]:
    """Everything sealed in a journal, with what it is bound to."""

    def look(db: Connection) -> list[tuple[bytes, tuple[str, str, str]]]:
        wide = {"head": b"", "length": 1, "limit": 10_000}
        found = []
        for row in db.run("grants.all_sealed"):
            found += [(row[name], (row["provider"], row["subject"], name)) for name in ("tokens", "previous")]
        for row in db.run("keyring.sealed_otherwise", **wide):
            found.append((row["sealed"], ("journal", row["name"], "secret")))
        for row in db.run("renewals.sealed_otherwise", **wide):
            found.append((row["tokens"], (row["provider"], row["subject"], row["mark"])))
        return found

    return look


def opens(sealer: Sealer, sealed: bytes, bound: tuple[str, str, str]) -> bool:
    try:
        sealer.open(sealed, *bound)
    except ConfigError:
        return False
    return True


async def opened_by(place: Any, key: bytes) -> int:
    """How many sealed values a key opens, whatever id it goes by."""
    everything = await place.read(sealed_values(place))
    ids = {value[0][1 : 1 + value[0][0]].decode() for value in everything}
    return sum(opens(Sealer(dict.fromkeys(ids, key)), *value) for value in everything)


def desk(place: Any, keys: Keys, files: JournalKeys, scrub: Any = nothing_to_scrub) -> KeyDesk:
    return KeyDesk(place, keys.sealer, read=lambda: files, scrub=scrub)


async def crashing(at: int, rotate: Callable[[Journal, Keys], Any]) -> Journal:
    """Rotate, and die before or after the numbered commit."""
    place, seen = journal(), 0
    keys = await open_keys(place, JournalKeys(OLD), VirtualClock())
    await fill(place, keys.sealer)

    def reap() -> None:
        nonlocal seen
        seen += 1
        if seen == at:
            raise Killed

    place.before = place.after = reap
    with suppress(Killed):
        await rotate(place, keys)
    place.before = place.after = lambda: None
    return place


async def online(place: Journal, keys: Keys) -> None:
    await desk(place, keys, BOTH).rotate("uid 0")


async def at_start(place: Journal, _: Keys) -> None:
    await open_keys(place, BOTH, VirtualClock())
