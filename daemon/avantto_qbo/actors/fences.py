"""What a company was seen to refuse to take twice, kept per realm and kind of document.

`number`: a document number in use is refused (6140). `requestid`: the same request id brings the first answer again or
is refused, and makes no second object. `beyond`: a payment beyond an invoice's balance is refused. Each is learned from
an answer, by accident or by the canary, and forgotten as soon as something stands in the books twice.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from avantto_qbo.journal import cursors
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import RealmId
from avantto_qbo.model.operation import Kind

# The creates that only a fence allows to send again, and what they make.
FENCED: Final = {
    Kind.INVOICE_CREATE: "Invoice",
    Kind.PAYMENT_CREATE: "Payment",
    Kind.RECEIPT_CREATE: "SalesReceipt",
    Kind.REFUND_CREATE: "RefundReceipt",
}
_LOST: Final = "lost "


class Proof(StrEnum):
    """How a second object is known to be impossible."""

    NUMBER = "number"
    REQUEST_ID = "requestid"
    BEYOND = "beyond"


class Fence(msgspec.Struct, frozen=True):
    """One fence of a company; `lost` when a second object was seen since, and it counts no more."""

    entity: str
    proof: Proof
    since: datetime
    lost: bool = False


def learn(db: Connection, realm: RealmId, entity: str, proof: Proof, now: datetime) -> None:
    """Keep that this company was seen to refuse a second `entity` in this way."""
    cursors.put(db, realm, _name(entity, proof), now.isoformat(), now)


def unlearn(
    db: Connection, realm: RealmId, entity: str, now: datetime, proofs: Collection[Proof] = tuple(Proof)
) -> list[Proof]:
    """Something stands twice: no fence of this kind (or none of `proofs`) counts any more. Returns those that did."""
    mine = [fence for fence in of(db, realm) if fence.entity == entity and fence.proof in proofs]
    known = [fence.proof for fence in mine if not fence.lost]
    for proof in known:
        cursors.put(db, realm, _name(entity, proof), f"{_LOST}{now.isoformat()}", now)
    return known


def stands(db: Connection, realm: RealmId, entity: str, proof: Proof) -> bool:
    """Say whether a fence counts."""
    return any(fence.entity == entity and fence.proof is proof and not fence.lost for fence in of(db, realm))


def of(db: Connection, realm: RealmId) -> list[Fence]:
    """Every fence this company was ever seen to have, kind by kind."""
    found = []
    for entity in FENCED.values():
        for proof in Proof:
            if value := cursors.get(db, realm, _name(entity, proof)):
                since = datetime.fromisoformat(value.removeprefix(_LOST))
                found.append(Fence(entity, proof, since, lost=value.startswith(_LOST)))
    return found


def _name(entity: str, proof: Proof) -> str:
    return f"fence.{proof}.{entity}"
