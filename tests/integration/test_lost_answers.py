"""An answer that is lost never makes two of anything, whoever kept the request id (the doubt rule)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from integration.business import Business
from integration.house import SETTLE_SECONDS
from integration.processes import Json

# What makes each kind of write, and which object it is in the books.
Play = Callable[[Business], object]


def sent(business: Business) -> str:
    return business.sent_invoice(100)


def paid(business: Business) -> None:
    business.crm("pay_invoice", invoice=sent(business))


WRITES: dict[str, tuple[Play, str]] = {
    "customer.create": (sent, "Customer"),
    "invoice.create": (sent, "Invoice"),
    "payment.create": (paid, "Payment"),
    "salesreceipt.create": (Business.sale, "SalesReceipt"),
}


@pytest.fixture
def business(house: object, business: Business) -> Iterator[Business]:
    """Reviews are off: what they read is not about lost answers."""
    business.set(reviews="off")
    yield business


def carried_out(business: Business, operation: str) -> list[Json]:
    """What came of one kind of write, once all is quiet and both sides were asked again."""
    play, entity = WRITES[operation]
    play(business)
    business.until(lambda: business.house.books("faults")["fired"], "the fault met its request")
    business.all_quiet(within=6 * SETTLE_SECONDS + 4)
    return business.objects(entity)


@pytest.mark.parametrize("requestid", ["honoured", "ignored"])
@pytest.mark.parametrize("operation", WRITES)
def test_an_answer_lost_after_the_commit_leaves_exactly_one(
    business: Business, operation: str, requestid: str
) -> None:
    business.set_books(requestid=requestid)
    business.books_fault(operation, "lost_after")
    assert len(carried_out(business, operation)) == 1
    assert len(business.requests(operation)) == 1
