"""Changes that come when a document is posted already: what must be looked at first, and what is said aloud."""

from __future__ import annotations

from datetime import date

from avantto_qbo.model.drafts import InvoiceDraft
from avantto_qbo.model.money import total
from avantto_qbo.model.operation import Reason
from avantto_qbo.model.settings import LateChanges
from avantto_qbo.model.steps import InvoiceCase
from avantto_qbo.rules.books.checks import check_period, named
from avantto_qbo.rules.dates import day_of
from avantto_qbo.rules.reasons import LOWER_PAYMENTS, RETRY, SKIP, held, setting


def check_change(case: InvoiceCase, agreed: InvoiceDraft, draft: InvoiceDraft, changed: frozenset[str]) -> None:
    """Hold a change that a person must look at first."""
    what, names = named(case), ", ".join(sorted(changed))
    if case.settings.late_changes is LateChanges.HOLD and is_late(case, agreed.day) and not case.late_allowed:
        text = f"{what} of {agreed.day:%B %Y} was changed in Avantto ({names}) when that month was over."
        mirror = setting(case.location.id, "late_changes=mirror")
        raise held("late_change", text, f"{RETRY} takes this change over, {SKIP} leaves it; for all of them: {mirror}")
    check_period(case, [agreed.day, draft.day], what)
    # One that a person deleted settles nothing there any more.
    paid = total((payment.amount for payment in case.posted if payment.draft is not None), draft.total.currency)
    if draft.total < paid:
        text = f"{what}: total was lowered to {draft.total}, below the payments of {paid} in QuickBooks."
        raise held("below_paid", text, LOWER_PAYMENTS)


def late_flags(case: InvoiceCase, agreed: InvoiceDraft, changed: frozenset[str]) -> tuple[Reason, ...]:
    """A change of figures in a month that may have been reported already is said aloud."""
    if not (is_late(case, agreed.day) and changed & {"day", "lines"}):
        return ()
    text = f"{named(case)} of {agreed.day:%B %Y} was changed in Avantto when that month was over."
    return (Reason("late_change", text),)


def is_late(case: InvoiceCase, day: date) -> bool:
    """Say whether the month of `day` is over where the location is."""
    today = day_of(case.now, case.location.time_zone)
    return today is not None and (day.year, day.month) < (today.year, today.month)
