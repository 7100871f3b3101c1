"""Merging customers, which only a human can do.

What change data capture shows of the loser is UNVERIFIED; the knob `merge_leaves` keeps it as an inactive customer or
removes it without a stub.
"""

from __future__ import annotations

from avantto_qbo.sandbox.quickbooks.company import ZERO, Company
from avantto_qbo.sandbox.quickbooks.entities import SALES_FORMS
from avantto_qbo.sandbox.quickbooks.fields import Json
from avantto_qbo.sandbox.quickbooks.refusals import not_found


def merge(company: Company, winner: str, loser: str) -> Json:
    """Move the loser's transactions and balance to the winner and return the winner; raise `RefusedError` 610."""
    kept, gone = company.find("Customer", winner), company.find("Customer", loser)
    if kept is None or gone is None:
        raise not_found(f"Customer {winner if kept is None else loser}")
    reference = {"value": winner, "name": kept["DisplayName"]}
    for entity in (*SALES_FORMS, "Payment"):
        for row in company.tables[entity].matching("CustomerRef", loser):
            company.update(entity, {**row.body, "CustomerRef": reference})
    _retire(company, gone)
    balance = kept["Balance"] + gone["Balance"]
    merged = company.update("Customer", {**kept, "Balance": balance, "BalanceWithJobs": balance}, "merged")
    company.changes[-1] = company.changes[-1].with_loser(loser)
    return merged


def _retire(company: Company, gone: Json) -> None:
    quiet = len(company.changes)
    name = f"{gone['DisplayName']} (deleted)"
    cleared = {"Balance": ZERO, "BalanceWithJobs": ZERO}
    company.update("Customer", {**gone, **cleared, "Active": False, "DisplayName": name, "FullyQualifiedName": name})
    if company.knobs.merge_leaves == "gone":
        company.delete("Customer", gone["Id"])
        company.tables["Customer"].deleted.pop(gone["Id"])
    del company.changes[quiet:]
