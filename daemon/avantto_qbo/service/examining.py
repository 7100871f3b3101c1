"""What a doctor finds: about one company, and about one location's settings in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from avantto_qbo.actors.fences import FENCED, Fence
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.quickbooks import Company
from avantto_qbo.model.records import LocationRecord, Status
from avantto_qbo.model.settings import OnOff, Settings
from avantto_qbo.rules.books.company.accounts import deposit_account_of, income_account, refund_account_of
from avantto_qbo.rules.reasons import HeldError
from avantto_qbo.server.api_doctor import Finding

_NUMBERS: Final = (
    "in QuickBooks: Account and settings, Sales, Sales form content, switch on Custom transaction numbers and the"
    " warning about duplicate numbers"
)


def company_findings(place: LocationId, facts: Company | None, known: Sequence[Fence]) -> Iterable[Finding]:
    """Say what a company's owner could switch on, and which lost answers nothing protects."""
    if facts is not None and not facts.custom_numbers:
        text = f"{facts.name} numbers its documents itself: Avantto's numbers stand only in the memo."
        yield Finding("numbers_off", text, _NUMBERS, location=place)
    fenced = {one.entity for one in known if not one.lost}
    if open_kinds := [entity for entity in FENCED.values() if entity not in fenced]:
        text = f"A lost answer of {', '.join(open_kinds)} would wait for a person: nothing is proven about them."
        yield Finding("no_fence", text, f"avantto-qbo doctor {place} --canary", location=place)


def location_findings(record: LocationRecord, facts: Company | None, settings: Settings) -> Iterable[Finding]:
    """Say what of a location waits for its owner, and which account each processor deserves."""
    if record.status is Status.BROKEN:
        yield Finding("broken", record.reason, f"avantto-qbo connect {record.id}", should=True, location=record.id)
    if facts is None:
        return
    checks: list[tuple[str, Callable[[], str]]] = [
        ("deposit_account", lambda: deposit_account_of(facts, settings, record.id)),
        ("income_account", lambda: income_account(facts, settings, record.id)),
    ]
    if settings.refunds is OnOff.ON:
        checks.append(("refund_account", lambda: refund_account_of(facts, settings, record.id)))
    for code, check in checks:
        try:
            check()
        except HeldError as waiting:
            reason = waiting.reason
            yield Finding(code, reason.text, reason.mend, should=True, location=record.id)
    if not settings.deposit_accounts and settings.deposit_account == "undeposited":
        text = "All money is received on Undeposited Funds; a clearing account per processor makes payouts match."
        mend = f"avantto-qbo map {record.id} account stripe=NAME"
        yield Finding("clearing_account", text, mend, location=record.id)
