from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avantto_qbo.model.avantto import Person
from avantto_qbo.model.ids import ContactId, CustomerId
from avantto_qbo.model.records import IndexedCustomer
from avantto_qbo.rules.books import customer as rule
from unit.rules.cases import BOOKS_FROM, JANE, REALM, company, customer_row

NOBODY = Person(ContactId(""))


def person(**changes: Any) -> Person:
    return msgspec.structs.replace(JANE, **changes)


def chosen(*rows: Any, email: str = "jane@example.com") -> str | None:
    row = rule.choose_customer(rows, email)
    return row.id if row else None


def test_the_customer_with_the_email_is_chosen_whatever_its_name_or_case() -> None:
    row = customer_row(display_name="J. Smith", emails=("Jane@Example.com",))
    assert chosen(row, email=" JANE@example.com") == "20"


def test_one_of_several_addresses_counts_and_a_part_of_one_does_not() -> None:
    assert chosen(customer_row(emails=("office@x.com", "jane@example.com"))) == "20"
    assert chosen(customer_row(emails=("mary-jane@example.com",))) is None
    assert chosen(customer_row(emails=()), email="") is None


@pytest.mark.parametrize("changes", [{"active": False}, {"project": True}])
def test_inactive_customers_and_projects_are_never_chosen(changes: dict[str, Any]) -> None:
    assert chosen(customer_row(**changes)) is None


def test_the_oldest_of_several_is_chosen_and_flagged() -> None:
    young = customer_row("9", created_at=BOOKS_FROM + timedelta(days=1))
    rows = (young, customer_row("30"), customer_row("4"))
    assert chosen(*rows) == "4"
    assert rule.several(rows, "jane@example.com") == 3
    assert rule.several(rows[:1], "jane@example.com") == 0


def test_a_sub_customer_is_chosen_only_where_there_is_no_other() -> None:
    job = customer_row("4", job=True)
    assert chosen(job, customer_row("30")) == "30"
    assert chosen(job) == "4"


def test_the_local_index_is_asked_by_the_keyed_hash() -> None:
    row = IndexedCustomer(
        REALM, CustomerId("20"), BOOKS_FROM, BOOKS_FROM, "0", True, False, False, "n", email_keys=("AbC=",)
    )
    assert chosen(row, email="AbC=") == "20"
    assert chosen(row, email="abc=") is None


@pytest.mark.parametrize(
    ("row", "adopted"),
    [
        (customer_row(emails=()), True),
        (customer_row(emails=(), display_name="JANE  doe"), True),
        (customer_row(), False),  # has an e-mail: somebody else, or found by it before
        (customer_row(emails=(), phones=("512 555 0199",)), False),
        (customer_row(emails=(), phones=()), False),
        (customer_row(emails=(), active=False), False),
        (customer_row(emails=(), project=True), False),
        (customer_row(emails=(), display_name="Jane Doe Jr."), False),
    ],
)
def test_a_taken_name_is_adopted_only_without_an_email_and_with_the_same_phone(row: Any, adopted: bool) -> None:
    assert (rule.on_name_taken(JANE, (row,), "US") is row) == adopted


def test_a_name_taken_by_a_vendor_brings_no_customer() -> None:
    assert rule.on_name_taken(JANE, (), "US") is None


def test_a_person_without_a_phone_adopts_nobody() -> None:
    assert rule.on_name_taken(person(phone=""), (customer_row(emails=()),), "US") is None


def test_a_person_without_an_email_is_found_by_name_and_phone() -> None:
    rows = (customer_row("30"), customer_row("4"))
    found = rule.same_name_and_phone(rows, person(email=""), "US")
    assert found is rows[1]


def test_a_new_customer_carries_the_marker_and_normal_forms() -> None:
    draft = rule.draft_customer(person(company="Acme: Inc"), 0, "US")
    assert (draft.display_name, draft.given_name, draft.family_name) == ("Jane Doe", "Jane", "Doe")
    assert (draft.email, draft.phone) == ("jane@example.com", "+15125550147")
    assert (draft.notes, draft.company_name) == ("Avantto contact c1", "Acme: Inc")


@pytest.mark.parametrize(
    ("changes", "given_name", "family_name"),
    [
        ({"first_name": "Mary Ann", "last_name": "Smith"}, "Mary Ann", "Smith"),
        ({"name": "Mary Ann Smith"}, "Mary Ann", "Smith"),
        ({"name": "Cher"}, "Cher", ""),
        ({"name": "Acme Inc", "company": "ACME inc"}, "", ""),
        ({"first_name": "", "last_name": "Smith"}, "", "Smith"),
        ({"name": "x" * 150 + " " + "y" * 150}, "x" * 100, "y" * 100),
    ],
)
def test_the_pieces_of_a_name(changes: dict[str, str], given_name: str, family_name: str) -> None:
    draft = rule.draft_customer(person(**changes), 0, "US")
    assert (draft.given_name, draft.family_name) == (given_name, family_name)


@pytest.mark.parametrize(
    ("someone", "name"),
    [
        (person(name="Doe:\tJane\n"), "Doe Jane"),
        (person(name="", first_name="Jane", last_name="Roe"), "Jane Roe"),
        (person(name=" : ", company="Acme"), "Acme"),
        (person(name=""), "jane@example.com"),
        (person(name="", email=""), "(512) 555-0147"),
        (NOBODY, "Avantto customer"),
    ],
)
def test_a_display_name_is_the_best_there_is(someone: Person, name: str) -> None:
    assert rule.display_name(someone) == name


@pytest.mark.parametrize(
    ("someone", "level", "name"),
    [
        (JANE, 1, "Jane Doe (jane@example.com)"),
        (JANE, 2, "Jane Doe (+15125550147)"),
        (JANE, 3, "Jane Doe (c1)"),
        (JANE, 4, "Jane Doe (customer)"),
        (JANE, 5, "Jane Doe (jane@example.com 5)"),
        (NOBODY, 1, "Avantto customer (customer)"),
        (NOBODY, 2, "Avantto customer (customer 2)"),
    ],
)
def test_a_taken_name_gets_a_deterministic_suffix(someone: Person, level: int, name: str) -> None:
    assert rule.draft_customer(someone, level, "US").display_name == name


def test_a_customer_without_a_contact_carries_no_marker() -> None:
    assert rule.draft_customer(NOBODY, 0, "US").notes == ""


@given(st.text(max_size=600), st.text(max_size=600), st.integers(0, 8))
def test_every_name_is_one_quickbooks_takes(name: str, family: str, level: int) -> None:
    draft = rule.draft_customer(person(name=name, last_name=family, company=name), level, "US")
    assert 0 < len(draft.display_name) <= 500
    assert not set(draft.display_name + draft.given_name + draft.family_name) & set(":\t\n\r")
    assert max(map(len, (draft.given_name, draft.family_name, draft.company_name))) <= 100


def test_a_claim_is_made_on_the_email_else_on_the_name() -> None:
    assert rule.claim_key(JANE) == rule.ClaimKey("email", "jane@example.com")
    assert rule.claim_key(person(email="")) == rule.claim_key(person(email="nonsense", name=" JANE  DOE"))
    assert rule.claim_key(person(email="")) == rule.ClaimKey("name", "jane doe")


# -- currencies --------------------------------------------------------------------------------------------------------

MANY = company(multi_currency=True)
EUR, USD = rule.currency_of(MANY, "eur"), rule.currency_of(MANY, "")


def indexed(number: str = "20", **changes: Any) -> IndexedCustomer:
    row = IndexedCustomer(
        REALM, CustomerId(number), BOOKS_FROM, BOOKS_FROM, "0", True, False, False, "n", ("e",), ("p",)
    )
    return msgspec.structs.replace(row, **changes)


def test_a_company_of_one_currency_asks_for_none() -> None:
    assert rule.currency_of(company(), "EUR") == rule.ONLY
    assert (USD.code, USD.mark, EUR.code, EUR.mark) == ("USD", "", "EUR", "EUR")


def test_a_customer_of_another_currency_is_not_used() -> None:
    rows = (customer_row("4", currency="EUR"), customer_row("30", currency="USD"))
    for currency, number in ((EUR, "4"), (USD, "30")):
        found = rule.choose_customer(rows, "jane@example.com", currency)
        assert found is not None
        assert found.id == number
        assert rule.several(rows, "jane@example.com", currency) == 0


def test_the_index_is_not_believed_where_it_knows_no_currency() -> None:
    assert rule.choose_customer((indexed(),), "e", EUR) is None
    assert rule.choose_customer((indexed(currency="EUR"),), "e", EUR) is not None


@pytest.mark.parametrize(
    ("level", "name"),
    [(0, "Jane Doe (EUR)"), (1, "Jane Doe (EUR, jane@example.com)"), (5, "Jane Doe (EUR, jane@example.com 5)")],
)
def test_a_foreign_currency_stands_in_the_name_from_the_start(level: int, name: str) -> None:
    draft = rule.draft_customer(JANE, level, "US", EUR)
    assert (draft.display_name, draft.currency) == (name, "EUR")


def test_the_company_s_own_currency_is_stated_and_not_in_the_name() -> None:
    draft = rule.draft_customer(JANE, 0, "US", USD)
    assert (draft.display_name, draft.currency) == ("Jane Doe", "USD")


def test_the_same_person_without_an_email_is_found_per_currency() -> None:
    rows = (
        customer_row("4", emails=(), currency="USD"),
        customer_row("5", emails=(), display_name="Jane Doe (EUR)", currency="EUR"),
    )
    assert rule.on_name_taken(JANE, rows, "US", EUR) is rows[1]
    assert rule.on_name_taken(JANE, rows, "US", USD) is rows[0]


def test_each_foreign_currency_is_claimed_by_itself() -> None:
    keys = {rule.claim_key(JANE, currency).value for currency in (rule.ONLY, USD, EUR)}
    assert keys == {"jane@example.com", "jane@example.com EUR"}


# -- links that no longer hold, and our own ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "holds"),
    [
        (None, True),
        (indexed(), True),
        (indexed(active=False), False),
        (indexed(currency="USD"), False),
        (indexed(currency="EUR"), True),
    ],
)
def test_a_link_holds_while_the_customer_is_active_and_of_its_currency(
    known: IndexedCustomer | None, holds: bool
) -> None:
    assert rule.trusted(known, EUR) is holds
    assert rule.trusted(indexed(currency="USD"))


@pytest.mark.parametrize(
    ("changes", "ours"),
    [
        ({}, True),
        ({"emails": ()}, True),
        ({"emails": ("other@example.com",)}, False),
        ({"notes": "Avantto contact c2"}, False),
        ({"active": False}, False),
        ({"currency": "USD"}, False),
    ],
)
def test_a_customer_is_our_own_of_this_contact_email_and_currency(changes: dict[str, Any], ours: bool) -> None:
    row = customer_row(**{"notes": "Avantto contact c1", "currency": "EUR"} | changes)
    assert rule.made_for(row, JANE, EUR) is ours


def test_our_own_customer_of_a_person_without_an_email_may_have_any() -> None:
    assert rule.made_for(customer_row(notes="Avantto contact c1"), person(email=""))


def test_the_index_s_rows_of_a_name_are_told_apart_by_phone() -> None:
    rows = (indexed("30"), indexed("4"), indexed("2", phone_keys=()), indexed("1", active=False))
    found = rule.indexed_by_phone(rows, "p")
    assert found is rows[1]
    assert rule.indexed_by_phone(rows, "") is None


# -- odd names and addresses -------------------------------------------------------------------------------------------


def test_the_first_of_several_addresses_in_one_field_is_the_person_s() -> None:
    someone = person(email="Jane@Example.com; office@example.com")
    assert rule.draft_customer(someone, 0, "US").email == "jane@example.com"
    assert rule.claim_key(someone) == rule.claim_key(JANE)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Łukasz O’Hara", "lukasz o'hara", True),
        ("Doe:\tJane", "doe jane", True),
        ("李雷", "李雷", True),
        ("李雷", "韩梅梅", False),
        ("Jane Doe", "Jane Doe (deleted)", False),
    ],
)
def test_names_are_compared_as_quickbooks_keeps_them(one: str, other: str, same: bool) -> None:
    assert (rule.name_key(one) == rule.name_key(other)) is same


def test_two_people_of_one_name_without_an_address_get_names_of_their_own() -> None:
    first, second = (
        Person(ContactId(number), name="John Smith", phone=phone)
        for number, phone in (("c1", "5125550147"), ("c2", "5125550148"))
    )
    rows = (customer_row(display_name="John Smith", emails=(), phones=("(512) 555-0147",)),)
    assert rule.on_name_taken(first, rows, "US") is rows[0]
    assert rule.on_name_taken(second, rows, "US") is None
    assert rule.draft_customer(second, 1, "US").display_name == "John Smith (+15125550148)"
    phoneless = msgspec.structs.replace(second, phone="")
    assert rule.draft_customer(phoneless, 1, "US").display_name == "John Smith (c2)"
