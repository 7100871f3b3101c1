"""The webhook intake of a stage, with both vendors' deliveries in front of it."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from avantto_qbo.journal import cursors
from avantto_qbo.journal.connection import Connection
from avantto_qbo.sandbox.webhooks import Delivery
from avantto_qbo.server.ports import Verdict
from avantto_qbo.service.intake import WebhookIntake
from stage import Stage

VERIFIER = "sandbox-verifier"


class Door:
    """The intake, and both vendors' webhooks as they are delivered to it."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.looked = stage, 0
        for play in (stage.books.play, stage.crm.play):
            play.webhooks(url="https://daemon.test/webhooks")
        key = load_pem_public_key(stage.crm.public_key.encode())
        assert isinstance(key, Ed25519PublicKey)
        self.intake = WebhookIntake(stage.house, keys=(key,), verifier=VERIFIER, look_again=self.look)
        stage.books.outbox.take()
        stage.crm.outbox.take()
        stage.nudged.clear()

    def look(self) -> None:
        self.looked += 1

    def crm(self) -> list[Delivery]:
        return self.stage.crm.outbox.take()

    def books(self) -> list[Delivery]:
        return self.stage.books.outbox.take()

    async def avantto(self, delivery: Delivery) -> Verdict:
        headers = {name.lower(): value for name, value in delivery.headers.items()}
        return (await self.intake.avantto(delivery.body, headers)).verdict

    async def quickbooks(self, delivery: Delivery) -> Verdict:
        headers = {name.lower(): value for name, value in delivery.headers.items()}
        return (await self.intake.quickbooks(delivery.body, headers)).verdict

    async def due(self, owner: str, name: str) -> datetime | None:
        """When a poll runs next, to the second, within the hour."""

        def look(db: Connection) -> datetime | None:
            start = self.stage.clock.now()
            moments = (start + timedelta(seconds=seconds) for seconds in range(3600))
            return next((at for at in moments if (owner, name) in cursors.due_polls(db, at)), None)

        return await self.stage.journal.read(look)


def sign(body: bytes) -> str:
    return base64.b64encode(hmac.digest(VERIFIER.encode(), body, "sha256")).decode()


async def signed_event(door: Door, event: dict[str, Any]) -> Verdict:
    body = json.dumps(event).encode()
    headers = {name.lower(): value for name, value in door.stage.crm.world.signer.headers(body, legacy=False).items()}
    return (await door.intake.avantto(body, headers)).verdict
