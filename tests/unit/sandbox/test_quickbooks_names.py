"""Names, texts and references of customers, vendors, employees and lists."""

from __future__ import annotations

import pytest

from unit.sandbox.quickbooks_desk import Desk, line, ref, version


def test_a_customer_name_taken_by_a_vendor_is_refused_whatever_its_case() -> None:
    desk = Desk()
    desk.post("Vendor", {"DisplayName": "Northwind"})
    assert desk.refused("Customer", {"DisplayName": "NORTHWIND"}) == "6240"


def test_a_customer_needs_a_name_or_a_part_of_one() -> None:
    desk = Desk()
    assert desk.refused("Customer", {"Notes": "no name"}) == "6080"
    assert desk.post("Customer", {"GivenName": "Ida", "FamilyName": "Falk"})["DisplayName"] == "Ida Falk"


def test_deactivation_renames_and_frees_the_name() -> None:
    desk = Desk()
    customer = desk.customer("Anna Berg")
    gone = desk.post("Customer", version(customer, Active=False))
    assert gone["DisplayName"] == "Anna Berg (deleted)"
    assert desk.customer("Anna Berg")["Id"] != customer["Id"]


def test_two_people_of_one_name_can_both_be_deactivated() -> None:
    desk = Desk()
    gone = [desk.post("Customer", version(desk.customer("John Smith"), Active=False)) for _ in range(2)]
    assert [one["DisplayName"] for one in gone] == ["John Smith (deleted)", "John Smith (deleted) 2"]


def test_reactivation_collides_with_the_name_taken_meanwhile() -> None:
    desk = Desk()
    gone = desk.post("Customer", version(desk.customer("Anna Berg"), Active=False))
    desk.customer("Anna Berg")
    assert desk.refused("Customer", version(gone, Active=True)) == "6240"


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"DisplayName": "a:b"}, "2040"),
        ({"DisplayName": "a\tb"}, "2040"),
        ({"DisplayName": "x" * 501}, "2050"),
        ({"DisplayName": "x", "GivenName": "y" * 101}, "2050"),
        ({"DisplayName": "x", "Notes": "y" * 2001}, "2050"),
        ({"DisplayName": "x", "PrimaryEmailAddr": {"Address": "no-at-sign.com"}}, "2210"),
        ({"DisplayName": "x", "PrimaryEmailAddr": {"Address": "a" * 95 + "@b.com"}}, "2050"),
        ({"DisplayName": "x", "Nickname": "y"}, "2010"),
        ({"DisplayName": "x", "PrimaryEmailAddr": {"Addr": "a@b.com"}}, "2010"),
        ({"DisplayName": "x", "CreditLimit": "much"}, "2110"),
        ({"DisplayName": "x", "OpenBalanceDate": "22.11.2026"}, "2070"),
        ({"DisplayName": "x", "PreferredDeliveryMethod": "Email"}, "6420"),
        ({"DisplayName": "x", "ParentRef": {"value": "99"}}, "2500"),
    ],
)
def test_a_malformed_customer_is_refused_with_the_code_of_its_rule(members: dict[str, object], code: str) -> None:
    assert Desk().refused("Customer", members) == code


def test_several_addresses_with_a_comma_are_stored_as_one_text() -> None:
    stored = Desk().customer(PrimaryEmailAddr={"Address": "a@x.com, b@y.com"})
    assert stored["PrimaryEmailAddr"]["Address"] == "a@x.com, b@y.com"


def test_a_customer_cannot_be_deleted_only_deactivated() -> None:
    desk = Desk()
    assert desk.refused("Customer", version(desk.customer()), operation="delete") == "500"


def test_a_sub_customer_is_a_job_below_its_parent() -> None:
    desk = Desk()
    child = desk.customer("Kitchen", ParentRef=ref(desk.customer("Anna Berg")))
    assert (child["Job"], child["FullyQualifiedName"]) == (True, "Anna Berg:Kitchen")


def test_an_opening_balance_sent_by_the_client_is_not_taken() -> None:
    assert Desk().customer(Balance=500)["Balance"] == 0


def test_an_item_name_is_unique_among_items_only() -> None:
    desk = Desk()
    desk.customer("Consulting")
    desk.post("Item", {"Name": "Consulting", "Type": "Service", "IncomeAccountRef": {"value": "1"}})
    assert desk.refused("Item", {"Name": "consulting", "IncomeAccountRef": {"value": "1"}}) == "6240"


def test_a_service_item_needs_an_income_account() -> None:
    desk = Desk()
    assert desk.refused("Item", {"Name": "Massage", "Type": "Service"}) == "2020"
    assert desk.refused("Item", {"Name": "Massage", "IncomeAccountRef": {"value": "4"}}) == "6430"
    assert desk.refused("Item", {"Name": "Massage", "IncomeAccountRef": {"value": "99"}}) == "2500"


def test_a_payment_method_has_a_short_name() -> None:
    assert Desk().refused("PaymentMethod", {"Name": "x" * 32}) == "2050"


def test_an_account_needs_a_known_type() -> None:
    assert Desk().refused("Account", {"Name": "Stripe clearing", "AccountType": "Wallet"}) == "6010"


def test_tax_codes_cannot_be_written() -> None:
    assert Desk("uk").refused("TaxCode", {"Name": "30%"}) == "5030"


def test_a_name_has_up_to_500_characters() -> None:
    assert len(Desk().customer("x" * 500)["DisplayName"]) == 500


def test_an_employee_takes_a_name_too() -> None:
    desk = Desk()
    desk.post("Employee", {"DisplayName": "Ida Falk"})
    assert desk.refused("Customer", {"DisplayName": "ida falk"}) == "6240"


def test_a_name_with_an_apostrophe_is_found_by_a_query() -> None:
    desk = Desk()
    desk.customer("Pat O'Neil")
    found = desk.ask(r"select * from Customer where DisplayName = 'pat o\'neil'")
    assert found["Customer"][0]["DisplayName"] == "Pat O'Neil"


def test_other_scripts_are_kept_outside_the_us_only() -> None:
    name = {"DisplayName": "Ольга Петрова"}
    assert Desk("uk").post("Customer", name)["DisplayName"] == "Ольга Петрова"
    assert Desk().refused("Customer", name) == "2040"
    assert Desk().customer("Zoë Müller-Ñandú")["DisplayName"] == "Zoë Müller-Ñandú"


def test_texts_inside_a_document_follow_the_same_repertoire() -> None:
    desk = Desk()
    body = {"CustomerRef": ref(desk.customer()), "Line": [{**line(), "Description": "Массаж"}]}
    assert desk.refused("Invoice", body) == "2040"


def test_an_address_with_a_comma_is_compared_as_a_whole() -> None:
    desk = Desk()
    desk.customer(PrimaryEmailAddr={"Address": "a@x.com, b@y.com"})
    query = "select * from Customer where PrimaryEmailAddr"
    assert desk.ask(f"{query} = 'a@x.com'") == {}
    assert len(desk.ask(f"{query} LIKE '%B@y.com%'")["Customer"]) == 1
