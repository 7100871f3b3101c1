"""Document numbers of sales forms.

With custom transaction numbers on, the client's number is used, none sent means none, and a number already taken is
refused with 6140 where the company wants the warning (`include=allowduplicatedocnum` bypasses it). With them off the
server numbers; a number sent nevertheless is stored. Source: the vendor's Invoice page on DocNumber.
"""

from __future__ import annotations

from avantto_qbo.sandbox.quickbooks.company import Company
from avantto_qbo.sandbox.quickbooks.draft import Draft
from avantto_qbo.sandbox.quickbooks.refusals import duplicate_number

BYPASS = "allowduplicatedocnum"


def document_number(company: Company, draft: Draft) -> str | None:
    """Return the DocNumber to store, or None; raise `RefusedError` 6140."""
    number = draft.body.get("DocNumber")
    if company.knobs.custom_txn_numbers:
        if number and draft.changed("DocNumber"):
            _check_free(company, draft, str(number))
        return number
    return number or (draft.current or {}).get("DocNumber") or _next_number(company)


def _check_free(company: Company, draft: Draft, number: str) -> None:
    if not company.knobs.warn_duplicates or BYPASS in draft.options:
        return
    for row in company.tables[draft.entity].matching("DocNumber", number):
        if row.id != draft.id:
            raise duplicate_number(number, draft.entity, row.id)


def _next_number(company: Company) -> str:
    number = company.next_number
    company.next_number += 1
    return str(number)
