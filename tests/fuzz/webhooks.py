"""Webhooks through the real intake: nothing breaks it, and nothing is taken that no vendor signed."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from random import Random
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.grant import Provider
from avantto_qbo.server.ports import IntakeResult, Verdict
from fuzz.material import Material
from fuzz.mutations import mutated
from fuzz.verdict import must
from stage import Stage
from unit.service.doors import VERIFIER, Door

_SIGNATURE: Final = {Provider.AVANTTO: "x-ghl-signature", Provider.QUICKBOOKS: "intuit-signature"}
_KNOWN: Final = frozenset({Verdict.TAKEN, Verdict.REPEATED, Verdict.IGNORED})
# A webhook is a hint: whatever it says, it never writes here.
_UNTOUCHED: Final = tuple(
    f"select count(*), coalesce(max(rowid), 0) from {table}"  # noqa: S608 - the tables stand in the next line
    for table in "operations links grants settings claims customers reviews realms".split()
)
_EMPTIED: Final = (
    "delete from inbox",
    "delete from deliveries",
    "delete from evidence",
    "delete from merged_customers",
)
_ROUND: Final = 500  # cases after which the journal is emptied of what they left
Headers = dict[str, str]


class Post:
    """Deliveries of both vendors, signed and not, whole and broken."""

    def __init__(self, stage: Stage, material: Material) -> None:
        self.door = Door(stage)
        self.bodies = {
            Provider.AVANTTO: [one.body for one in material.webhooks if "x-ghl-signature" in _names(one.headers)],
            Provider.QUICKBOOKS: [one.body for one in material.webhooks if "intuit-signature" in _names(one.headers)],
        }
        self._signer, key = stage.crm.world.signer, self.door.intake._keys[0]
        assert isinstance(key, Ed25519PublicKey)
        self._key = key

    def delivery(self, rng: Random) -> tuple[Provider, bytes, Headers]:
        """Make one delivery."""
        provider = rng.choice((Provider.AVANTTO, Provider.QUICKBOOKS))
        bodies = self.bodies[provider]
        body = rng.choice(bodies)
        if rng.random() < 0.9:
            body = mutated(rng, body, bodies)
        match rng.randrange(10):
            case 0:
                return provider, body, {}
            case 1:
                return provider, body, self.signed(provider, rng.choice(bodies))
            case 2:
                return provider, body, self._odd(rng, provider, body)
            case _:
                return provider, body, self.signed(provider, body)

    def signed(self, provider: Provider, body: bytes) -> Headers:
        """Return the headers a vendor would send with this body."""
        if provider is Provider.AVANTTO:
            return {name.lower(): value for name, value in self._signer.headers(body, legacy=False).items()}
        digest = hmac.digest(VERIFIER.encode(), body, "sha256")
        return {"intuit-signature": base64.b64encode(digest).decode()}

    def _odd(self, rng: Random, provider: Provider, body: bytes) -> Headers:
        """Break the signature itself."""
        headers = self.signed(provider, body)
        name = _SIGNATURE[provider]
        broken = mutated(rng, headers[name].encode()).decode("utf-8", "surrogateescape")
        return headers | {name: rng.choice((broken, broken, "", "N/A", " ", "é"))}

    def vouched(self, provider: Provider, body: bytes, headers: Mapping[str, str]) -> bool:
        """Say, by other means than the program's, whether the vendor signed exactly these bytes."""
        text = headers.get(_SIGNATURE[provider], "").strip()
        if provider is Provider.QUICKBOOKS:
            return text == self.signed(provider, body)["intuit-signature"]
        try:
            self._key.verify(base64.b64decode(text.encode("ascii")), body)
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True


class IntakeTarget:
    """Feeds deliveries straight to the intake."""

    def __init__(self, stage: Stage, material: Material) -> None:
        self._stage, self._post, self._cases = stage, Post(stage, material), 0
        self._raw = stage.journal.inner._raw

    async def __call__(self, rng: Random) -> str:
        provider, body, headers = self._post.delivery(rng)
        intake, changes = self._post.door.intake, self._raw.total_changes
        before = self._untouched()
        take = intake.avantto if provider is Provider.AVANTTO else intake.quickbooks
        result: IntakeResult = await take(body, headers)
        self._judge(provider, body, headers, result.verdict, self._raw.total_changes - changes)
        must(self._untouched() == before, "a webhook changed more than the inbox", body, headers)
        await self._tidy()
        return f"{provider} {result.verdict}"

    def _judge(self, provider: Provider, body: bytes, headers: Headers, verdict: Verdict, changes: int) -> None:
        signed = self._post.vouched(provider, body, headers)
        must(verdict is not Verdict.BUSY, "nothing was wrong with the journal", body)
        if verdict is Verdict.UNSIGNED:
            must(headers != self._post.signed(provider, body), "a signed delivery was refused", body, headers)
        else:
            must(signed, f"{verdict} without a signature over these bytes", body, headers)
        if verdict not in {Verdict.TAKEN, Verdict.IGNORED}:
            must(changes == 0, f"{verdict}, and the journal has changed", body)

    def _untouched(self) -> list[tuple[int, int]]:
        return [self._raw.execute(statement).fetchone() for statement in _UNTOUCHED]

    async def _tidy(self) -> None:
        self._cases += 1
        if self._cases % _ROUND:
            return

        def empty(_: Connection) -> None:
            for statement in _EMPTIED:
                self._raw.execute(statement)

        await self._stage.journal.write(empty)
        self._stage.nudged.clear()


def _names(headers: Mapping[str, str]) -> set[str]:
    return {name.lower() for name in headers}
