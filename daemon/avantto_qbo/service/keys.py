"""The journal key: checked and, where it was changed, taken over at start; changed while the daemon runs.

What is changed is the key, not what it protects: every sealed value is sealed again, a bounded number in a transaction.
Wherever that ends, in a crash too, each value opens with one of two keys, and whoever comes next goes on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import anyio
import structlog

from avantto_qbo.actors.ports import Clock, Journal
from avantto_qbo.errors import RefusedError, TransientError
from avantto_qbo.journal import keyring
from avantto_qbo.journal.sealing import Fingerprints, Sealer, key_id, named
from avantto_qbo.secrets import PREVIOUS, JournalKeys
from avantto_qbo.server.api_keys import RotateAnswer

log = structlog.get_logger(__name__)
Scrub = Callable[[], Awaitable[bool]]
_AT_ONCE: Final = 50  # values of a kind in one transaction
_MAKE_ONE: Final = (
    "copy journal-key to journal-key-previous, make a new one with `openssl rand -base64 32 > journal-key` and run "
    "this again; where systemd hands the secrets over, add LoadCredential= for journal-key-previous and restart instead"
)


@dataclass(frozen=True, slots=True)
class Keys:
    """What seals, and the secrets that outlive a journal key."""

    sealer: Sealer = field(repr=False)
    fingerprints: Fingerprints = field(repr=False)
    link_key: bytes = field(repr=False)


async def nothing_to_scrub() -> bool:
    """Leave a journal alone that keeps nothing of what was replaced."""
    return True


def derived(keys: JournalKeys) -> Keys:
    """The keys of a journal whose key was never changed, without a look into it."""
    made = {name: derive(keys.current) for name, derive in keyring.DERIVED.items()}
    fingerprints = Fingerprints(made[keyring.FINGERPRINTS], derived=True)
    return Keys(Sealer.of(keys.current, keys.previous), fingerprints, made[keyring.CONNECT_LINKS])


async def open_keys(journal: Journal, keys: JournalKeys, clock: Clock, scrub: Scrub = nothing_to_scrub) -> Keys:
    """Open everything that is sealed, and finish a change of the key that was begun (`scrub`: see `KeyDesk`).

    Raises ConfigError naming the mend when neither key is the journal's.
    """
    sealer = Sealer.of(keys.current, keys.previous)
    now = clock.now()
    opened = await journal.write(lambda db: keyring.open_all(db, sealer, keys.current, keys.previous, now))
    for provider, subject in opened.damaged:
        log.error("grant.damaged", provider=provider, subject=subject)
    try:
        count = await reseal(journal, sealer)
        clean = not count or await scrub()
    except TransientError as error:  # both keys open: the daemon can run, and go on with this later
        log.warning("journal_key.postponed", reason=error.reason)
    else:
        sealer.rekey(named(keys.current))
        if count or keys.previous:  # journal-key-previous may go; a large file may still hold what it opens
            log.info("journal_key.current", count=count, done=clean)
    secrets = opened.secrets
    fingerprints = Fingerprints(secrets[keyring.FINGERPRINTS], derived=True)
    return Keys(sealer, fingerprints, secrets[keyring.CONNECT_LINKS])


async def reseal(journal: Journal, sealer: Sealer) -> int:
    """Seal everything with the newest key; return how many values another one had sealed."""
    total = 0
    while found := await journal.write(lambda db: keyring.reseal(db, sealer, _AT_ONCE)):
        total += found
    return total


class KeyDesk:
    """Changes the journal key of a running daemon.

    `read` reads the secret files again. `scrub` overwrites what was sealed before, where the journal's file still
    holds it; it says whether nothing is left.
    """

    def __init__(
        self,
        journal: Journal,
        sealer: Sealer,
        *,
        read: Callable[[], JournalKeys],
        scrub: Scrub,
    ) -> None:
        self._journal, self._sealer, self._read, self._scrub = journal, sealer, read, scrub
        self._one_at_a_time = anyio.Lock()

    async def rotate(self, actor: str) -> RotateAnswer:
        """Take the new key from the secret files over.

        Raises RefusedError when it is no other than the one in use or the one in use would be lost, ConfigError for
        an unreadable file, TransientError when the journal cannot be written: then both keys stay in use.
        """
        async with self._one_at_a_time:
            keys = self._read()
            running, wanted = self._sealer.newest, key_id(keys.current)
            if wanted != running:
                self._begin(keys, running)
            count = await reseal(self._journal, self._sealer)
            if not count and wanted == running and keys.previous is None:
                raise RefusedError(f"the secret file journal-key holds the key in use already ({running})", _MAKE_ONE)
            self._sealer.rekey(named(keys.current))
            scrubbed = await self._scrub()
            log.info("journal_key.changed", count=count, uid=actor)
            return RotateAnswer(key=wanted, resealed=count, previous=keys.previous is not None, scrubbed=scrubbed)

    def _begin(self, keys: JournalKeys, running: str) -> None:
        """Both keys open from here on, and the new one seals."""
        if keys.previous is None or key_id(keys.previous) != running:
            problem = f"the secret file {PREVIOUS} does not hold the key in use ({running})"
            raise RefusedError(problem, f"copy that key to {PREVIOUS} first: until all is done both are needed")
        self._sealer.rekey(named(keys.current, keys.previous))
