"""Turn what the journal remembers into the answers of the status API. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from avantto_qbo.actors.polls.pollers import CHANGES, failing
from avantto_qbo.actors.polls.sweeps import INVOICES, PAYMENTS
from avantto_qbo.actors.read_gate import BLOCKED, OWNER
from avantto_qbo.actors.reconciling.night import RECONCILE
from avantto_qbo.actors.restored.standing import RELINK, poll_owner
from avantto_qbo.journal import activity, cursors, inbox, left_out, locations, operations, reconciliations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import RealmId
from avantto_qbo.model.operation import Operation, State
from avantto_qbo.model.quickbooks import Company
from avantto_qbo.model.records import Activity, Lane, LocationRecord, Status, Topic
from avantto_qbo.model.settings import Settings
from avantto_qbo.server import api
from avantto_qbo.server.api_mapping import MapKind
from avantto_qbo.service.backups import reason_of
from avantto_qbo.service.choices import named
from avantto_qbo.service.grants_ending import ending, refused_apps
from avantto_qbo.service.posting import postings
from avantto_qbo.service.reconciling import waiting
from avantto_qbo.service.reviews import owner_waits

_MONTH: Final = timedelta(days=30)
_PROMISED: Final = timedelta(minutes=5)
_NEARLY: Final = 0.8
_NO_READS: Final = (
    "QuickBooks refuses every read: the metered reads of this month are spent. Writes go on; new customers, review"
    " requests and what is in doubt wait."
)


def company(db: Connection, realm: RealmId) -> Company | None:
    """The realm's facts as last read."""
    record = locations.get_realm(db, realm)
    return msgspec.json.decode(record.company, type=Company) if record and record.company else None


def row(db: Connection, record: LocationRecord) -> api.LocationRow:
    """One line of the list of locations."""
    counted = operations.counts(db, record.id)
    newest = activity.page(db, record.id, 1)
    return api.LocationRow(
        id=record.id,
        name=record.name,
        realm=record.realm,
        status=record.status,
        reason=reason_of(db, record),
        waiting=counted[State.RETRY] + counted[State.PLANNED],
        doubt=counted[State.DOUBT] + counted[State.SENDING],
        held=counted[State.HELD],
        last_activity=newest[0].at if newest else None,
        backfill=backfill(db, record),
    )


def show(
    db: Connection, record: LocationRecord, facts: Company | None, posting: tuple[api.Posting, ...], now: datetime
) -> api.ShowAnswer:
    """Everything about one location."""
    mail = sum(count for (place, _), count in inbox.depth(db).items() if place == record.id)
    reconciled = reconciliations.get(db, record.id)
    return api.ShowAnswer(
        id=record.id,
        name=record.name,
        realm=record.realm,
        company=facts.name if facts else "",
        status=record.status,
        books_from=record.books_from,
        connected_at=record.connected_at,
        time_zone=record.time_zone,
        reason=reason_of(db, record),
        country=record.country,
        shared=record.shared,
        operations=operations.counts(db, record.id),
        mail=mail,
        backfill=backfill(db, record),
        left_out=left_out.counts(db, record.id, record.realm),
        posting=posting,
        reconciled_at=reconciled.at if reconciled is not None else None,
        differences=len(reconciled.entries) if reconciled is not None else 0,
        attention=tuple(attention(db, [record], now)),
        activity=tuple(activity_row(line) for line in activity.page(db, record.id, 10)),
    )


def backfill(db: Connection, record: LocationRecord) -> api.Backfill:
    """How far the first copy of the customers is: listed ones less those still in the mailbox."""
    position = cursors.get(db, record.id, "backfill")
    depth = inbox.depth(db)
    if position is None:
        waiting = (record.id, Topic.BACKFILL) in depth
        return api.Backfill(state=api.BackfillState.WAITING if waiting else api.BackfillState.NONE)
    listed = int(cursors.get(db, record.id, "backfill_listed") or 0)
    left = inbox.count(db, record.id, Lane.BACKFILL)
    done = position == "done" and left == 0
    state = api.BackfillState.DONE if done else api.BackfillState.RUNNING
    return api.Backfill(done=max(0, listed - left), total=listed, state=state)


def attention(db: Connection, records: Iterable[LocationRecord], now: datetime) -> list[api.AttentionItem]:
    """Dead connections and pauses, held operations, and features that wait for their owner."""
    items = refused_apps(db)
    for record in records:
        if record.status in {Status.BROKEN, Status.PAUSED, Status.MONEY_PAUSED}:
            items.append(_stopped(record))
        items += [held_item(op) for op in operations.by_state(db, [State.HELD], record.id, limit=1000)]
        items += owner_waits(db, record.id)
        items += _polls(db, record)
        items += waiting(db, record)
        items += ending(db, record, now)
        items += _reads_blocked(db, record)
    return items


def reads_blocked(db: Connection) -> datetime | None:
    """Since when QuickBooks refuses every read, None while it answers them."""
    since = cursors.get(db, OWNER, BLOCKED)
    return datetime.fromisoformat(since) if since else None


def _reads_blocked(db: Connection, record: LocationRecord) -> list[api.AttentionItem]:
    since = reads_blocked(db)
    if since is None or record.status is Status.DISCONNECTED:
        return []
    mend = "wait for the new month, or take a larger plan at Intuit; then reads start again by themselves"
    return [api.AttentionItem(record.id, "reads_blocked", _NO_READS, mend, since=since)]


def _polls(db: Connection, record: LocationRecord) -> list[api.AttentionItem]:
    """Polls that keep failing: what they would bring is missing until they work again."""
    found = []
    relink = (poll_owner(record.realm), RELINK)
    nightly = (record.realm, RECONCILE)
    for owner, name in ((record.realm, CHANGES), (record.id, PAYMENTS), (record.id, INVOICES), relink, nightly):
        if record.status is not Status.DISCONNECTED and (reason := cursors.get(db, owner, failing(name))):
            text = f"The poll of {name} keeps failing: {reason}"
            mend = f"avantto-qbo {RECONCILE if name == RECONCILE else 'sync'} {record.id}"
            found.append(api.AttentionItem(record.id, f"poll.{name}", text, mend, since=record.connected_at))
    return found


def _stopped(record: LocationRecord) -> api.AttentionItem:
    verb = "connect" if record.status is Status.BROKEN else "resume"
    return api.AttentionItem(
        location=record.id,
        code=str(record.status),
        text=record.reason or str(record.status),
        mend=f"avantto-qbo {verb} {record.id}",
        since=record.connected_at,
    )


def held_item(op: Operation) -> api.AttentionItem:
    """A held operation as something that waits for a person."""
    reason = op.reason
    return api.AttentionItem(
        location=op.location,
        code=reason.code if reason else "held",
        text=reason.text if reason else "Held.",
        mend=reason.mend if reason and reason.mend else f"avantto-qbo retry {op.id}",
        since=op.updated_at,
        id=op.id,
        kind=op.kind,
        object=f"{op.source.kind} {op.source.id}",
    )


def activity_row(line: Activity) -> api.ActivityRow:
    """One line of activity as the API shows it."""
    return api.ActivityRow(line.id, line.at, line.location, line.event, line.text, line.subject, line.actor)


def resolved(facts: Company | None, settings: Settings, record: LocationRecord) -> dict[str, str]:
    """What the keys that are `auto` mean for this company."""
    if facts is None:
        return {}
    by_kind = {posting.what: posting.where for posting in postings(facts, settings, record)}
    return {
        "default_item": by_kind["items"],
        "income_account": by_kind["income"],
        "deposit_account": by_kind["payments"],
        "refund_account": by_kind["refunds"],
        **_chosen(facts, MapKind.TAX, "tax_codes", settings.tax_codes),
        **_chosen(facts, MapKind.ACCOUNT, "deposit_accounts", settings.deposit_accounts),
    }


def _chosen(facts: Company, kind: MapKind, table: str, entries: Mapping[str, str]) -> dict[str, str]:
    """The names behind the ids that a table of choices holds."""
    found = {entry: named(kind, facts, wanted) for entry, wanted in entries.items()}
    return {f"{table}.{entry}": choices[0].name for entry, choices in found.items() if choices}


def warnings(records: Sequence[LocationRecord], contacts: timedelta, monthly_reads: int) -> tuple[str, ...]:
    """Promises that cannot be kept as configured, said aloud (C2)."""
    realms = {record.realm for record in records if record.status is not Status.DISCONNECTED}
    reads = len(realms) * int(_MONTH / contacts)
    found = []
    if contacts > _PROMISED:
        found.append(f"polling.contacts is {contacts}: new customers can take longer than 5 minutes without a webhook.")
    if reads > monthly_reads * _NEARLY:
        found.append(f"Polling {len(realms)} companies needs {reads} metered reads a month, of {monthly_reads}.")
    return tuple(found)


def blocked_warnings(db: Connection) -> tuple[str, ...]:
    """What stands still when no read is answered, said aloud."""
    since = reads_blocked(db)
    return () if since is None else (f"Since {since:%Y-%m-%d %H:%MZ}: {_NO_READS}",)


def oldest_seconds(db: Connection, records: Sequence[LocationRecord], now: datetime) -> float:
    """Age of the oldest due mail of the connected locations, in seconds."""
    connected = [record.id for record in records if record.status is Status.CONNECTED]
    moments = [inbox.oldest(db, place, lane) for place in connected for lane in Lane]
    ages = [(now - moment).total_seconds() for moment in moments if moment is not None]
    return max([0.0, *ages])
