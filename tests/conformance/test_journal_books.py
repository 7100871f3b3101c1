"""What ties documents to the books: links, claims, customers, review requests."""

from __future__ import annotations

import msgspec
import pytest

from avantto_qbo.errors import InternalError
from avantto_qbo.journal import claims, customers, links, locations, reviews
from avantto_qbo.model.ids import CustomerId, OperationId
from avantto_qbo.model.records import ReviewState
from conformance.conftest import Do
from conformance.journal_values import HERE, OTHER_REALM, REALM, THERE, at, customer, link, location, review

ONE, TWO = OperationId("op-1"), OperationId("op-2")


async def test_a_link_comes_back_as_it_was_put(do: Do) -> None:
    full = link(part="txn-1", sync_token="3", agreed=b"{}", total="10.00", version="v", status="voided")
    await do(links.put, full)
    assert await do(links.get, HERE, "invoice", "inv-1", "txn-1") == full
    assert await do(links.get, HERE, "invoice", "inv-1") is None
    assert await do(links.get, THERE, "invoice", "inv-1", "txn-1") is None


async def test_putting_a_link_again_updates_it_but_not_its_birth(do: Do) -> None:
    await do(links.put, link())
    await do(links.put, link(object_id="78", created_at=at(5), updated_at=at(5), status="voided"))
    assert await do(links.of_source, HERE, "invoice", "inv-1") == [
        link(object_id="78", updated_at=at(5), status="voided")
    ]


async def test_a_source_has_one_link_for_every_part(do: Do) -> None:
    for part in ("b", "a"):
        await do(links.put, link(part=part))
    await do(links.put, link("inv-2"))
    assert [found.part for found in await do(links.of_source, HERE, "invoice", "inv-1")] == ["a", "b"]


async def test_links_lead_back_from_an_object_of_their_realm(do: Do) -> None:
    await do(links.put, link("contact-2", source_kind="customer", entity="Customer", created_at=at(2)))
    await do(links.put, link("contact-1", source_kind="customer", entity="Customer"))
    await do(links.put, link("inv-1"))
    await do(links.put, link("contact-3", source_kind="customer", entity="Customer", realm=OTHER_REALM))
    found = await do(links.by_object, REALM, "Customer", "77")
    assert [one.source_id for one in found] == ["contact-1", "contact-2"]


async def test_a_dropped_link_is_gone_and_no_other(do: Do) -> None:
    for part in ("a", "b"):
        await do(links.put, link(part=part))
    await do(links.drop, link(part="a"))
    assert [found.part for found in await do(links.of_source, HERE, "invoice", "inv-1")] == ["b"]


async def test_the_links_of_a_kind_are_those_of_every_location_of_the_realm(do: Do) -> None:
    await do(links.put, link("Wash", source_kind="item", created_at=at(2)))
    await do(links.put, link("Wax", source_kind="item", location=THERE, created_at=at(1)))
    await do(links.put, link("Dry", source_kind="item", realm=OTHER_REALM))
    await do(links.put, link("inv-1"))
    assert [found.source_id for found in await do(links.kind_in_realm, REALM, "item")] == ["Wax", "Wash"]


async def test_a_link_is_found_by_a_piece_of_its_draft_the_newest_first(do: Do) -> None:
    await do(links.put, link("a", agreed=b'{"number":"INV-1"}'))
    await do(links.put, link("b", agreed=b'{"number":"INV-1"}', created_at=at(1)))
    await do(links.put, link("c", agreed=b'{"number":"INV-1"}', created_at=at(2), source_kind="payment"))
    await do(links.put, link("d", agreed=b'{"number":"INV-1"}', created_at=at(2), location=THERE))
    found = await do(links.agreeing, HERE, "invoice", b'"INV-1"')
    assert found is not None
    assert found.source_id == "b"
    assert await do(links.agreeing, HERE, "invoice", b'"INV-2"') is None


async def test_a_link_can_come_to_stand_for_another_part(do: Do) -> None:
    recorded = link(part="recorded:1", source_kind="payment")
    await do(links.put, recorded)
    adopted = await do(links.repart, recorded, "txn-1", at(1))
    assert adopted == msgspec.structs.replace(recorded, part="txn-1", updated_at=at(1))
    assert await do(links.of_source, HERE, "payment", "inv-1") == [adopted]


async def test_a_part_that_is_linked_or_gone_is_not_taken_over(do: Do) -> None:
    first, second = link(part="a"), link(part="b")
    await do(links.put, first)
    await do(links.put, second)
    with pytest.raises(InternalError):
        await do(links.repart, first, "b", at(1))
    with pytest.raises(InternalError):
        await do(links.repart, link(part="c"), "d", at(1))
    assert await do(links.of_source, HERE, "invoice", "inv-1") == [first, second]


async def test_pages_of_links_never_split_a_document(do: Do) -> None:
    for source_id, part in (("a", "1"), ("b", "1"), ("b", "2"), ("c", "1")):
        await do(links.put, link(source_id, part=part))
    await do(links.put, link("b", part="other kind", source_kind="payment"))
    await do(links.put, link("aa", location=THERE))
    first = await do(links.all_of, HERE, "invoice", 2)
    rest = await do(links.all_of, HERE, "invoice", 2, first[-1].source_id)
    assert [(one.source_id, one.part) for one in first] == [("a", "1"), ("b", "1"), ("b", "2")]
    assert [(one.source_id, one.part) for one in rest] == [("c", "1")]


async def test_a_location_sees_its_links_in_the_company_it_is_connected_to_now(do: Do) -> None:
    old, new = link(), link(realm=OTHER_REALM, object_id="5")
    await do(links.put, old)
    await do(links.put, new)
    for realm, mine in ((REALM, old), (OTHER_REALM, new), (REALM, old)):
        await do(locations.put, location(realm=realm))
        assert await do(links.get, HERE, "invoice", "inv-1") == mine
        assert await do(links.of_source, HERE, "invoice", "inv-1") == [mine]
        assert await do(links.all_of, HERE, "invoice", 9) == [mine]


async def test_a_claim_belongs_to_the_first_and_is_unique_per_realm(do: Do) -> None:
    assert await do(claims.take, REALM, "email:a", ONE, at(0)) == ONE
    assert await do(claims.take, REALM, "email:a", ONE, at(1)) == ONE
    assert await do(claims.take, REALM, "email:a", TWO, at(1)) == ONE
    assert await do(claims.take, OTHER_REALM, "email:a", TWO, at(1)) == TWO
    assert await do(claims.holder, REALM, "email:a") == ONE
    assert await do(claims.holder, REALM, "email:b") is None


async def test_releasing_gives_back_every_key_of_the_operation_only(do: Do) -> None:
    for key, op_id in (("name:a", ONE), ("email:a", ONE), ("email:b", TWO)):
        await do(claims.take, REALM, key, op_id, at(0))
    assert await do(claims.release, ONE) == ["email:a", "name:a"]
    assert await do(claims.take, REALM, "email:a", TWO, at(1)) == TWO
    assert await do(claims.holder, REALM, "email:b") == TWO


async def test_a_customer_is_found_by_each_of_its_addresses_and_its_name(do: Do) -> None:
    person = customer(email_keys=("e1", "e2"), phone_keys=("p1",), job=True, sync_token="4")
    await do(customers.remember, person)
    for find, key in (
        (customers.by_email_key, "e1"),
        (customers.by_email_key, "e2"),
        (customers.by_phone_key, "p1"),
        (customers.by_name_key, "name-a"),
    ):
        assert await do(find, REALM, key) == [person]
        assert await do(find, OTHER_REALM, key) == []
    assert await do(customers.by_email_key, REALM, "p1") == []
    assert await do(customers.get, REALM, person.id) == person


async def test_customers_of_one_address_come_oldest_first_inactive_ones_too(do: Do) -> None:
    await do(customers.remember, customer("1", created_at=at(2)))
    await do(customers.remember, customer("2", created_at=at(1), active=False))
    for find, key in ((customers.by_email_key, "email-a"), (customers.by_name_key, "name-a")):
        found = await do(find, REALM, key)
        assert [(one.id, one.active) for one in found] == [("2", False), ("1", True)]
    assert await do(customers.count, REALM) == 2


async def test_a_changed_customer_is_no_longer_found_by_what_it_had(do: Do) -> None:
    await do(customers.remember, customer())
    assert await do(customers.remember, customer(updated_at=at(1), email_keys=("new",), phone_keys=(), name_key="n"))
    assert await do(customers.by_email_key, REALM, "email-a") == []
    assert await do(customers.by_phone_key, REALM, "phone-a") == []
    assert await do(customers.by_name_key, REALM, "name-a") == []
    assert len(await do(customers.by_email_key, REALM, "new")) == 1


async def test_an_older_row_of_a_customer_changes_nothing(do: Do) -> None:
    known = customer(updated_at=at(5))
    await do(customers.remember, known)
    assert not await do(customers.remember, customer(updated_at=at(4), email_keys=("old",)))
    assert await do(customers.get, REALM, known.id) == known
    assert await do(customers.by_email_key, REALM, "old") == []
    assert await do(customers.remember, known)


async def test_what_we_know_of_our_own_customer_gives_way_to_any_row_of_quickbooks(do: Do) -> None:
    """It has no SyncToken, and the time our clock gave it, which may be hours ahead."""
    own, told = customer(updated_at=at(500), sync_token=""), customer(updated_at=at(1), active=False)
    await do(customers.remember, own)
    assert await do(customers.remember, told)
    assert await do(customers.get, REALM, told.id) == told
    assert not await do(customers.remember, own)
    assert await do(customers.get, REALM, told.id) == told


async def test_a_retired_customer_is_inactive_until_a_newer_row_comes(do: Do) -> None:
    await do(customers.remember, customer(currency="EUR"))
    await do(customers.retire, REALM, CustomerId("1"))
    assert await do(customers.get, REALM, CustomerId("1")) == customer(currency="EUR", active=False)
    await do(customers.remember, customer(updated_at=at(1)))
    assert await do(customers.get, REALM, CustomerId("1")) == customer(updated_at=at(1))


async def test_nobody_is_found_by_nothing(do: Do) -> None:
    await do(customers.remember, customer(name_key="", email_keys=(), phone_keys=()))
    for find in (customers.by_email_key, customers.by_phone_key, customers.by_name_key):
        assert await do(find, REALM, "") == []
    assert await do(customers.get, REALM, CustomerId("2")) is None


async def test_a_review_request_is_claimed_once_per_customer(do: Do) -> None:
    sending = review(state=ReviewState.SENDING)
    assert await do(reviews.claim, sending, ["e1"])
    assert not await do(reviews.claim, review(state=ReviewState.SENDING, invoice="another"), ["e2"])
    assert await do(reviews.get, REALM, CustomerId("1")) == sending


async def test_the_same_person_is_never_asked_as_another_customer(do: Do) -> None:
    assert await do(reviews.claim, review("1"), ["e1", "p1"])
    assert not await do(reviews.claim, review("2"), ["e2", "p1"])
    assert await do(reviews.get, REALM, CustomerId("2")) is None
    assert await do(reviews.claim, review("3"), ["e2"]), "a refused claim must leave no key behind"
    assert await do(reviews.claim, review("1", realm=OTHER_REALM), ["e1", "p1"])


async def test_a_request_that_only_waited_can_still_be_claimed_once(do: Do) -> None:
    await do(reviews.put, review())
    sending = review(state=ReviewState.SENDING)
    assert await do(reviews.claim, sending, ["e1"])
    assert await do(reviews.get, REALM, CustomerId("1")) == sending
    assert not await do(reviews.claim, sending, ["e1"])


async def test_people_without_an_address_are_not_taken_for_one_person(do: Do) -> None:
    assert await do(reviews.claim, review("1"), [""])
    assert await do(reviews.claim, review("2"), [])


async def test_a_review_request_is_brought_up_to_date(do: Do) -> None:
    await do(reviews.claim, review(), [])
    sent = review(
        state=ReviewState.SENT,
        updated_at=at(1),
        invoice="77",
        payment="78",
        channel="sms",
        tried=("email", "sms"),
        reason="sent",
        operation=ONE,
    )
    await do(reviews.put, sent)
    assert await do(reviews.get, REALM, CustomerId("1")) == sent


async def test_the_reviews_of_a_location_come_latest_first(do: Do) -> None:
    for name, minute in (("1", 1), ("2", 3), ("3", 2)):
        await do(reviews.put, review(name, updated_at=at(minute)))
    await do(reviews.put, review("4", location=THERE))
    assert [one.customer for one in await do(reviews.of_location, HERE, 2)] == ["2", "3"]
