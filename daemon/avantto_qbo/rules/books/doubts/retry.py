"""When to try again what certainly was not carried out, and when to stop trying."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from avantto_qbo.model.operation import Operation

GIVE_UP_AFTER: Final = timedelta(hours=24)
_FIRST: Final = timedelta(seconds=2)
_LONGEST: Final = timedelta(minutes=15)


def retry_at(attempts: int, retry_after: timedelta | None, now: datetime, jitter: float) -> datetime:
    """The time of the next attempt after `attempts` (1 or more) of them; `jitter` is in [0, 1).

    2 seconds, doubled each time up to 15 minutes, of which the jitter takes off up to half; never before what the
    other side asked for, to which the jitter adds up to a tenth so that not everybody comes back at once.
    """
    doublings = min(max(attempts, 1) - 1, 9)  # 2 s · 2⁹ is beyond the longest
    own = min(_FIRST * (1 << doublings), _LONGEST) * (1 - jitter / 2)
    asked = (retry_after or timedelta(0)) * (1 + jitter / 10)
    return now + max(own, asked)


def exhausted(since: datetime, now: datetime) -> bool:
    """Say whether an operation planned at `since` has been tried long enough to need a human."""
    return now - since > GIVE_UP_AFTER


def request_id_after(op: Operation) -> str:
    """The request id of the next attempt: the same, but a fresh one after a refusal (`op1`, `op1.2`, `op1.3`).

    Whether Intuit repeats the answer to a refused request, too, is UNVERIFIED. An operation that was in doubt before
    keeps its id: that may be all that stops its first attempt from being carried out beside the next.
    """
    refused = op.reason is not None and op.reason.code.startswith("refused.")
    if not refused or op.lookups:
        return op.request_id
    _, _, number = op.request_id.removeprefix(op.id).rpartition(".")
    return f"{op.id}.{int(number or 1) + 1}"
