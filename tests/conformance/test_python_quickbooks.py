"""The stand-in as the third-party client python-quickbooks sees it, over a real socket."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from quickbooks import QuickBooks as Client
from quickbooks.batch import batch_create
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import ObjectNotFoundException, QuickbooksException
from quickbooks.objects.base import EmailAddress, Ref
from quickbooks.objects.company_info import CompanyInfo
from quickbooks.objects.creditmemo import CreditMemo
from quickbooks.objects.customer import Customer
from quickbooks.objects.detailline import SalesItemLine, SalesItemLineDetail
from quickbooks.objects.invoice import Invoice
from quickbooks.objects.item import Item
from quickbooks.objects.payment import Payment, PaymentLine
from quickbooks.objects.preferences import Preferences
from quickbooks.objects.refundreceipt import RefundReceipt
from quickbooks.objects.salesreceipt import SalesReceipt
from requests_oauthlib import OAuth2Session

from avantto_qbo.sandbox.quickbooks import QuickBooks
from avantto_qbo.sandbox.serve import Running, serve

REALM = "4620816365000000009"


@pytest.fixture(scope="module")
def running() -> Iterator[Running[QuickBooks]]:
    service = QuickBooks(partial(datetime.now, UTC), random.Random(3))
    service.play.add_company(REALM, "us", "Conformance Ltd", rate_limits=False)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(serve(service)) as served:
        yield served


@pytest.fixture
def client(running: Running[QuickBooks], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    client = Client(company_id=REALM, minorversion=75)
    client.api_url_v3 = f"{running.url}/v3"
    client.session = OAuth2Session("sandbox-quickbooks", token=dict(running.service.play.mint_tokens(REALM)))
    client.session.trust_env = False
    client.use_decimal = True
    yield client
    client.session.close()


def saved_customer(client: Any, name: str) -> Any:
    customer = Customer()
    customer.DisplayName = name
    customer.PrimaryEmailAddr = EmailAddress()
    customer.PrimaryEmailAddr.Address = f"{name.split()[0].lower()}@example.com"
    return customer.save(qb=client)


def reference(value: str) -> Any:
    made = Ref()
    made.value = value
    return made


def sales_line(amount: int) -> Any:
    row = SalesItemLine()
    row.Amount = amount
    row.SalesItemLineDetail = SalesItemLineDetail()
    row.SalesItemLineDetail.ItemRef = reference("1")
    return row


def saved(client: Any, form: Any, customer: Any, amount: int) -> Any:
    form.CustomerRef = reference(customer.Id)
    form.Line.append(sales_line(amount))
    return form.save(qb=client)


def test_a_customer_is_created_found_changed_and_deactivated(client: Any) -> None:
    saved_customer(client, "Ida O'Falk")
    (found,) = Customer.where(r"DisplayName = 'Ida O\'Falk'", qb=client)
    found.Notes = "called on Monday"
    changed = found.save(qb=client)
    assert (changed.SyncToken, changed.Notes) == ("1", "called on Monday")
    changed.Active = False
    changed.save(qb=client)
    assert Customer.filter(DisplayName="Ida O'Falk", qb=client) == []


def test_an_invoice_is_paid_and_the_payment_voided(client: Any) -> None:
    customer = saved_customer(client, "Bo Dahl")
    bill = saved(client, Invoice(), customer, 100)
    assert bill.Balance == Decimal("100.00")
    money = Payment()
    money.CustomerRef = reference(customer.Id)
    money.TotalAmt = 100
    row = PaymentLine()
    row.Amount = 100
    row.LinkedTxn.append(bill.to_linked_txn())
    money.Line.append(row)
    money = money.save(qb=client)
    assert Invoice.get(bill.Id, qb=client).Balance == 0
    money.void(qb=client)
    assert Invoice.get(bill.Id, qb=client).Balance == Decimal("100.00")


def test_an_invoice_is_voided_and_deleted(client: Any) -> None:
    customer = saved_customer(client, "Cleo Ek")
    bill = saved(client, Invoice(), customer, 40)
    assert bill.void(qb=client)["Invoice"]["TotalAmt"] == 0
    voided = Invoice.get(bill.Id, qb=client)
    assert voided.PrivateNote == "Voided"
    voided.delete(qb=client)
    with pytest.raises(ObjectNotFoundException):
        Invoice.get(bill.Id, qb=client)


def test_an_invoice_read_back_and_saved_again_keeps_its_total(client: Any) -> None:
    bill = saved(client, Invoice(), saved_customer(client, "Disa Fors"), 55)
    again = Invoice.get(bill.Id, qb=client)
    again.PrivateNote = "seen"
    assert again.save(qb=client).TotalAmt == Decimal("55.00")


@pytest.mark.parametrize("kind", [SalesReceipt, CreditMemo, RefundReceipt])
def test_other_forms_are_created_and_read(client: Any, kind: Any) -> None:
    form = kind()
    form.DepositToAccountRef = reference("4")
    stored = saved(client, form, saved_customer(client, f"Customer of a {kind.__name__}"), 12)
    assert kind.get(stored.Id, qb=client).TotalAmt == Decimal("12.00")


def test_a_taken_name_raises_with_the_vendors_code(client: Any) -> None:
    saved_customer(client, "Eva Gran")
    with pytest.raises(QuickbooksException) as caught:
        saved_customer(client, "eva gran")
    assert caught.value.error_code == 6240


def test_lists_company_and_preferences_are_read(client: Any) -> None:
    assert {item.Name for item in Item.all(qb=client)} >= {"Services", "Hours"}
    assert CompanyInfo.get(REALM, qb=client).CompanyName == "Conformance Ltd"
    assert Preferences.get(qb=client).SalesFormsPrefs.CustomTxnNumbers is True
    assert Customer.count(qb=client) == len(Customer.all(max_results=1000, qb=client))


def test_a_batch_reports_successes_and_faults(client: Any) -> None:
    people = []
    for name in ("Finn Hall", "Greta Ek", "finn hall"):
        person = Customer()
        person.DisplayName = name
        people.append(person)
    response = batch_create(people, qb=client)
    assert (len(response.successes), len(response.faults)) == (2, 1)


def test_changes_are_captured(client: Any) -> None:
    since = datetime.now(UTC) - timedelta(minutes=5)
    customer = saved_customer(client, "Hanna Idh")
    changes = change_data_capture([Customer, Invoice], since.isoformat(timespec="seconds"), qb=client)
    assert customer.Id in {changed.Id for changed in changes.Customer}
