"""Bank deposits, made by a human: what is in one cannot be changed any more."""

from __future__ import annotations

from avantto_qbo.sandbox.quickbooks.company import Company
from avantto_qbo.sandbox.quickbooks.fields import Json
from avantto_qbo.sandbox.quickbooks.refusals import not_found


def deposit(company: Company, entity: str, identifier: str) -> Json:
    """Mark a payment or sales receipt as deposited and link the deposit; raise `RefusedError` 610."""
    body = company.find(entity, identifier)
    if body is None:
        raise not_found(f"{entity} {identifier}")
    linked = [*body.get("LinkedTxn", ()), {"TxnId": company.new_id(entity), "TxnType": "Deposit"}]
    stored = company.update(entity, {**body, "LinkedTxn": linked})
    company.deposited.add((entity, identifier))
    return stored
