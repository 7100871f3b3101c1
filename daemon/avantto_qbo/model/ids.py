"""Names for the ids that travel through the house, so that the type checker tells them apart."""

from __future__ import annotations

from typing import NewType

LocationId = NewType("LocationId", str)
RealmId = NewType("RealmId", str)
ContactId = NewType("ContactId", str)
CustomerId = NewType("CustomerId", str)
OperationId = NewType("OperationId", str)
Chain = NewType("Chain", str)


def invoice_chain(invoice_id: str) -> Chain:
    """The chain of an invoice with its payments, refunds and void."""
    return Chain(f"invoice:{invoice_id}")


def receipt_chain(transaction_id: str) -> Chain:
    """The chain of one sale paid at once."""
    return Chain(f"receipt:{transaction_id}")


def contact_chain(customer_id: str) -> Chain:
    """The chain of one QuickBooks customer and its contact."""
    return Chain(f"contact:{customer_id}")


def review_chain(customer_id: str) -> Chain:
    """The chain of the one review request a customer can ever get."""
    return Chain(f"review:{customer_id}")
