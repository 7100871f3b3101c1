"""`reconcile` on the command line of a running daemon: a day that is equal, and one that somebody touched."""

from __future__ import annotations

import json

from integration.business import Business


def test_a_day_is_equal_until_somebody_touches_the_books(business: Business) -> None:
    business.sent_invoice(100)
    business.sale(40)
    business.until_in_books("Invoice")
    business.until_in_books("SalesReceipt")
    business.all_quiet()
    command = ("reconcile", business.location)

    equal = business.house.cli(*command)
    assert equal.code == 0, equal.out
    assert "equal" in equal.out
    told = json.loads(business.house.cli(*command, "--json").out)
    assert {day["kind"]: (day["avantto"], day["books"]) for day in told["days"]} == {
        "invoices": ("100.00 USD", "100.00 USD"),
        "receipts": ("40.00 USD", "40.00 USD"),
    }

    [invoice] = business.objects("Invoice")
    business.books("edit_line", entity="Invoice", identifier=invoice["Id"], Amount=95)
    [receipt] = business.objects("SalesReceipt")
    business.books("delete", entity="SalesReceipt", body={"Id": receipt["Id"]})
    different = business.house.cli(*command)
    assert different.code == 4
    assert "its total is 95.00 USD there instead of 100.00 USD" in " ".join(different.out.split())
    assert f"avantto-qbo explain {business.location} " in different.out
    assert "nothing to do: that is respected" in " ".join(different.out.split())
    assert business.house.cli("attention", business.location).out.count(f"avantto-qbo reconcile {business.location}")

    business.books("edit_line", entity="Invoice", identifier=invoice["Id"], Amount=100)
    assert business.house.cli(*command).code == 0
    assert business.waiting_for_a_person() == ()


def test_days_that_are_none_and_places_that_are_none_are_refused(business: Business) -> None:
    assert business.house.cli("reconcile", business.location, "--since", "2026-02-30").code == 2
    assert business.house.cli("reconcile", "nowhere").code == 1
