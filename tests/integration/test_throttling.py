"""A vendor that asks to be left alone is left alone, others go on, and what was refused goes out once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from avantto_qbo.model.operation import State
from integration.business import Business
from integration.house import House

THROTTLED = '{"Fault": {"Error": [{"Message": "ThrottleExceeded", "code": "3001"}], "type": "THROTTLE"}}'


@pytest.fixture
def neighbour(house: House) -> Iterator[Business]:
    place = house.business().connected()
    yield place
    place.disconnect()


def told_to_try_again(business: Business) -> str:
    """Retry the write that waits, and return its id.

    The vendors want a minute and ten seconds, which a test does not wait: a new process does not know of it. Only the
    log tells of an operation that no person has to care about.
    """
    lines = [json.loads(line) for line in business.house.daemon.log(business.location).splitlines()]
    operation = str([line["operation"] for line in lines if line.get("state") == "retry"][-1])
    business.restart_daemon()
    assert business.house.cli("retry", operation).code == 0
    return operation


def test_a_throttled_company_is_left_alone_and_its_write_goes_out_once(business: Business, neighbour: Business) -> None:
    business.books_fault("invoice.create", "status", status=429, body=THROTTLED)
    business.sent_invoice(10)
    business.until(lambda: business.number_of(State.RETRY), "the write waits")
    asked = business.books("counters")["requests"]
    neighbour.sent_invoice(20)
    neighbour.until_in_books("Invoice")
    time.sleep(1)
    assert business.books("counters")["requests"] == asked
    assert business.waiting_for_a_person() == ()

    operation = told_to_try_again(business)
    business.until_in_books("Invoice")
    business.all_quiet()
    assert len(business.objects("Invoice")) == 1
    first, second = business.house.books("faults")["fired"], business.requests("invoice.create")
    assert (len(first), len(second)) == (1, 1)
    assert second[0]["query"]["requestid"] == operation


def test_a_throttled_location_is_left_alone_and_its_contact_is_made_once(
    business: Business, neighbour: Business
) -> None:
    business.crm_fault("contacts.create", "status", status=429, body='{"statusCode": 429}')
    business.new_customer("Walk In", "walk@example.com")
    business.until(lambda: business.number_of(State.RETRY), "the write waits")
    asked = business.crm("counters")["requests"]
    neighbour.new_customer("Someone", "someone@example.com")
    neighbour.until(neighbour.contacts, "another location goes on")
    assert business.crm("counters")["requests"] == asked
    told_to_try_again(business)
    business.until(business.contacts, "a contact")
    business.all_quiet()
    assert [contact["email"] for contact in business.contacts()] == ["walk@example.com"]
