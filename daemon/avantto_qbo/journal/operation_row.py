"""An operation as a row, and back."""

from __future__ import annotations

from avantto_qbo.journal.connection import Row, Value
from avantto_qbo.journal.instants import maybe_instant, to_instant, to_text
from avantto_qbo.model.ids import Chain, LocationId, OperationId, RealmId
from avantto_qbo.model.operation import Call, Kind, Operation, Reason, Source, State


def to_row(op: Operation) -> dict[str, Value]:
    """Flatten an operation into the parameters of its insert."""
    return {
        "id": op.id,
        "location": op.location,
        "realm": op.realm,
        "kind": op.kind,
        "chain": op.chain,
        "source_kind": op.source.kind,
        "source_id": op.source.id,
        "source_part": op.source.part,
        "request_id": op.request_id,
        **_call_columns(op.call),
        "intent": op.intent,
        "state": op.state,
        "created_at": to_text(op.created_at),
        "updated_at": to_text(op.updated_at),
        "version": op.version,
        "target": op.target,
        "expected": op.expected,
        "claim": op.claim,
        "attempts": op.attempts,
        "lookups": op.lookups,
        "sent_at": to_text(op.sent_at),
        "next_at": to_text(op.next_at),
        **reason_columns(op.reason),
        "object_id": op.object_id,
    }


def reason_columns(reason: Reason | None) -> dict[str, str | None]:
    """Flatten a reason; no reason is three nulls."""
    if reason is None:
        return {"reason_code": None, "reason_text": None, "reason_mend": None}
    return {"reason_code": reason.code, "reason_text": reason.text, "reason_mend": reason.mend}


def from_row(row: Row) -> Operation:
    """Build the operation a row holds."""
    return Operation(
        id=OperationId(row["id"]),
        location=LocationId(row["location"]),
        realm=RealmId(row["realm"]),
        kind=Kind(row["kind"]),
        chain=Chain(row["chain"]),
        source=Source(row["source_kind"], row["source_id"], row["source_part"]),
        request_id=row["request_id"],
        call=Call(row["method"], row["path"], row["body"], row["wire_version"]),
        intent=row["intent"],
        state=State(row["state"]),
        created_at=to_instant(row["created_at"]),
        updated_at=to_instant(row["updated_at"]),
        version=row["version"],
        target=row["target"],
        expected=row["expected"],
        claim=row["claim"],
        attempts=row["attempts"],
        lookups=row["lookups"],
        sent_at=maybe_instant(row["sent_at"]),
        next_at=maybe_instant(row["next_at"]),
        reason=_reason(row),
        object_id=row["object_id"],
    )


def _call_columns(call: Call) -> dict[str, Value]:
    return {"method": call.method, "path": call.path, "body": call.body, "wire_version": call.version}


def _reason(row: Row) -> Reason | None:
    if row["reason_code"] is None:
        return None
    return Reason(row["reason_code"], row["reason_text"], row["reason_mend"])
