"""Keep the gauges of the metrics near the truth, cheaply."""

from __future__ import annotations

from collections import Counter
from typing import Final

from avantto_qbo.actors.house import House
from avantto_qbo.journal import inbox, locations, operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.metrics import Metrics
from avantto_qbo.model.operation import OPEN
from avantto_qbo.model.records import Lane, Status, Topic
from avantto_qbo.service import report

_EVERY: Final = 15.0


async def keep_gauges(house: House, metrics: Metrics) -> None:
    """Refresh every 15 s until cancelled."""
    while True:
        await house.journal.read(lambda db: refresh(db, house, metrics))
        await house.clock.sleep(_EVERY)


def refresh(db: Connection, house: House, metrics: Metrics) -> None:
    """Set every gauge from the journal."""
    records = locations.all(db)
    for status in Status:
        metrics.locations.labels(status).set(sum(1 for record in records if record.status is status))
    counted = operations.counts(db)
    for state in OPEN:
        metrics.open_operations.labels(state).set(counted[state])
    mail: Counter[Topic] = Counter()
    for (_, topic), count in inbox.depth(db).items():
        mail[topic] += count
    for topic in Topic:
        metrics.mail.labels(topic).set(mail[topic])
    now = house.clock.now()
    for lane in Lane:
        moments = (inbox.oldest(db, record.id, lane) for record in records if record.status is Status.CONNECTED)
        ages = [(now - moment).total_seconds() for moment in moments if moment is not None]
        metrics.oldest_mail_seconds.labels(lane.name.lower()).set(max([0.0, *ages]))
    metrics.attention.set(len(report.attention(db, records, now)))
