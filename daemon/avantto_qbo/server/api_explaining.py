"""What the status API says about one document: its arithmetic, what stands in the books, and what is held."""

from __future__ import annotations

from datetime import datetime

import msgspec

from avantto_qbo.model.ids import LocationId
from avantto_qbo.rules.books.explain import Explanation
from avantto_qbo.server.api import ActivityRow, AttentionItem


class Booked(msgspec.Struct, frozen=True):
    """One object in the books that was made from the document, as it was when both sides last agreed.

    `part` is the transaction of a payment or all that was refunded by then, `status` where our link to it stands
    (`live`, `voided`, `deleted`, …), `total` a sum with its currency, `number` as QuickBooks shows it.
    """

    entity: str
    id: str
    status: str
    total: str = ""
    number: str = ""
    part: str = ""
    day: str = ""
    since: datetime | None = None


class NextStep(msgspec.Struct, frozen=True):
    """What the planner would do with the document now, or why it would do nothing."""

    step: str
    text: str = ""
    mend: str = ""


class ExplainAnswer(msgspec.Struct, frozen=True):
    """One document from end to end. `kind` is `invoice` or `transaction`; `number` and `status` are Avantto's.

    `explanation` is None when the document cannot be laid out; `problem` says why and `mend` what helps.
    """

    location: LocationId
    kind: str
    id: str
    number: str = ""
    status: str = ""
    total: str = ""
    explanation: Explanation | None = None
    problem: str = ""
    mend: str = ""
    next: tuple[NextStep, ...] = ()
    booked: tuple[Booked, ...] = ()
    held: tuple[AttentionItem, ...] = ()
    flags: tuple[ActivityRow, ...] = ()
