"""Questions as the exact path, and recorded answers as rows."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest

from avantto_qbo.errors import RejectedError, TransientError
from avantto_qbo.model.avantto import Address
from avantto_qbo.model.drafts import DraftLine
from avantto_qbo.model.ids import CustomerId, RealmId
from avantto_qbo.model.page import Page
from avantto_qbo.model.quickbooks import Account, Company, Division, PaymentMethod, TaxCode, TaxRate
from avantto_qbo.quickbooks import reads
from quickbooks_material import sample, usd

SINCE = datetime(2026, 11, 22, 12, 0, 5, 999_999, tzinfo=timezone(timedelta(hours=2)))


def question(path: str) -> str:
    return unquote(path)


def test_a_page_of_customers_is_asked_for_in_an_order_that_does_not_shift() -> None:
    assert question(reads.customers_page(1001).path) == (
        "query?query=select * from Customer where Active IN (true,false) "
        "orderby MetaData.CreateTime startposition 1001 maxresults 1000"
    )


def test_changes_are_asked_for_in_one_request_to_the_second_below() -> None:
    assert reads.changes(SINCE).path == "cdc?entities=Customer%2CPayment&changedSince=2026-11-22T10%3A00%3A05Z"


def test_paged_changes_are_ordered_by_their_time() -> None:
    assert question(reads.payments_since(SINCE, 1001).path) == (
        "query?query=select * from Payment where MetaData.LastUpdatedTime >= '2026-11-22T10:00:05Z' "
        "orderby MetaData.LastUpdatedTime startposition 1001 maxresults 1000"
    )
    assert "Active IN (true,false) and MetaData.LastUpdatedTime >= " in question(reads.customers_since(SINCE).path)


def test_quotes_are_escaped_and_backslashes_dropped() -> None:
    assert question(reads.customers_by_name("O'Neil\\ & Søn + 1").path).endswith(
        "DisplayName = 'O\\'Neil & Søn + 1' startposition 1 maxresults 1000"
    )
    assert "%2B" in reads.customers_by_name("a+b").path


def test_a_customer_in_full() -> None:
    first, second = reads.customers_page().decode(sample("customers_page.json")).rows
    assert (first.id, first.sync_token, first.display_name) == ("1", "0", "Amy's Bird Sanctuary")
    assert first.emails == ("birds@intuit.com", "amy@example.com")
    assert first.phones == ("(650) 555-3311", "(650) 555-3312")
    assert first.address == Address("4581 Finch St.", "", "Bayshore", "CA", "94326", "")
    assert first.created_at == datetime(2014, 9, 11, 23, 48, 43, tzinfo=UTC)
    assert first.updated_at.utcoffset() == timedelta(0)
    assert (first.notes, first.active, first.job, first.project) == ("Avantto contact 3bN9k", True, False, False)
    assert (first.currency, second.currency) == ("USD", "")
    assert (second.active, second.job, second.project, second.emails) == (False, True, True, ())


def test_an_empty_answer_is_an_empty_page() -> None:
    assert reads.customers_page().decode(sample("empty_page.json")) == Page((), 0)
    assert reads.items_page().decode(sample("empty_page.json")) == ()
    assert reads.invoices_of(CustomerId("1")).decode(sample("empty_page.json")).rows == ()


@pytest.mark.parametrize(
    ("stated", "as_of"),
    [
        (b',"time":"2026-11-22T02:05:06.100-08:00"', datetime(2026, 11, 22, 10, 5, 6, 100_000, tzinfo=UTC)),
        (b"", None),
        (b',"time":1', None),
    ],
)
def test_a_history_is_as_old_as_its_answer(stated: bytes, as_of: datetime | None) -> None:
    found = reads.invoices_of(CustomerId("1")).decode(b'{"QueryResponse":{}' + stated + b"}")
    assert (found.rows, found.as_of) == ((), as_of)


def test_the_invoices_of_one_person_under_several_customers_are_one_query() -> None:
    asked = reads.invoices_of(CustomerId("1"), CustomerId("7")).path
    assert "CustomerRef%20IN%20%28%271%27%2C%277%27%29" in asked


def test_an_email_matches_only_as_a_whole_address() -> None:
    body = sample("customers_page.json")
    assert [row.id for row in reads.customers_by_email("AMY@example.com").decode(body)] == ["1"]
    assert reads.customers_by_email("my@example.com").decode(body) == ()
    assert "PrimaryEmailAddr LIKE '%amy@example.com%'" in question(reads.customers_by_email("AMY@example.com").path)


def test_changes_of_both_kinds_with_deletions() -> None:
    found = reads.changes(SINCE).decode(sample("changes.json"))
    paid, deleted = found.payments
    assert paid.invoices == (("129", Decimal("100.10")), ("130", Decimal("49.90")))
    assert (paid.customer_id, paid.total, paid.day) == ("16", Decimal("156.00"), date(2026, 11, 20))
    assert (paid.reference, paid.note, paid.sync_token) == ("9g3k1", "Avantto payment 6a1", "1")
    assert (deleted.id, deleted.deleted) == ("979", True)
    assert [row.id for row in found.customers] == ["63"]
    assert found.as_of == datetime(2026, 11, 21, 21, 0, 1, 250_000, tzinfo=UTC)
    assert not found.overflowed


def test_no_change_is_no_row() -> None:
    found = reads.changes(SINCE).decode(sample("changes_none.json"))
    assert (found.customers, found.payments, found.overflowed) == ((), (), False)


def test_a_feed_asked_too_far_back_is_refused() -> None:
    with pytest.raises(RejectedError, match="4002"):
        reads.changes(SINCE).decode(sample("changes_too_old.json"))


def _many_customers(count: int) -> list[dict[str, object]]:
    model = msgspec.json.decode(sample("customers_page.json"))["QueryResponse"]["Customer"][0]
    return [{**model, "Id": str(number)} for number in range(count)]


@pytest.mark.parametrize(("count", "overflowed"), [(999, False), (1000, True)])
def test_a_full_change_feed_says_that_more_may_have_changed(count: int, overflowed: bool) -> None:
    answer = {
        "CDCResponse": [{"QueryResponse": [{"Customer": _many_customers(count)}]}],
        "time": "2026-11-22T10:00:00Z",
    }
    assert reads.changes(SINCE).decode(msgspec.json.encode(answer)).overflowed is overflowed


def test_a_page_of_a_thousand_customers_decodes_in_less_than_a_tenth_of_a_second() -> None:
    body = msgspec.json.encode({"QueryResponse": {"Customer": _many_customers(1000)}})
    read = reads.customers_page()
    spent = []
    for _ in range(3):
        begun = time.perf_counter()
        assert read.decode(body).size == 1000
        spent.append(time.perf_counter() - begun)
    assert min(spent) < 0.1


def test_a_company_is_asked_for_in_one_batch() -> None:
    read = reads.company(RealmId("9001"))
    assert (read.method, read.path, read.content_type) == ("POST", "batch", "application/json")
    parts = msgspec.json.decode(read.body)["BatchItemRequest"]
    assert [part["Query"].split()[3] for part in parts] == [
        "CompanyInfo", "Preferences", "TaxCode", "TaxRate", "PaymentMethod", "Account", "Class", "Department",
    ]  # fmt: skip
    assert all(len(part["bId"]) <= 10 for part in parts)


def test_the_facts_of_a_company() -> None:
    facts = reads.company(RealmId("9001")).decode(sample("company_batch.json"))
    assert (facts.realm, facts.name, facts.country, facts.currency) == ("9001", "Sandbox Company_US_1", "US", "USD")
    assert facts.american
    assert facts.custom_numbers
    assert facts.allow_discount
    assert facts.sales_tax
    assert facts.auto_apply
    assert not facts.multi_currency
    assert (facts.discount_account, facts.default_item, facts.books_closed) == ("86", "1", date(2025, 12, 31))
    assert facts.tax_codes == (TaxCode("2", "California", ("3", "4")), TaxCode("5", "None"))
    assert facts.tax_rates == (TaxRate("3", "California", Decimal(8)), TaxRate("4", "Tucson", Decimal("9.975")))
    assert facts.accounts == (Account("4", "Undeposited Funds", "Other Current Asset", "UndepositedFunds"),)
    assert facts.payment_methods == (PaymentMethod("4", "Visa"),)
    assert facts.items == ()
    assert facts.automated_tax
    assert (facts.class_per_line, facts.class_per_document) == (True, False)
    retail, east = "5000000000000007280", "5000000000000007281"
    assert facts.classes == (Division(retail, "Retail"), Division(east, "Retail:East"))
    assert facts.departments == (Division("1", "North"),)


def batch(**preferences: dict[str, object]) -> dict[str, Any]:
    """The recorded answer with other preferences."""
    answer: dict[str, Any] = msgspec.json.decode(sample("company_batch.json"))
    answer["BatchItemResponse"][1]["QueryResponse"]["Preferences"][0] |= preferences
    return answer


def facts_of(answer: dict[str, Any]) -> Company:
    return reads.company(RealmId("9001")).decode(msgspec.json.encode(answer))


REFUSED = {"Fault": {"Error": [{"code": "5030", "Message": "Feature Not Supported Error"}], "type": "ValidationFault"}}


def test_classes_and_departments_are_read_only_where_they_are_tracked() -> None:
    facts = facts_of(batch(AccountingInfoPrefs={"ClassTrackingPerTxn": False}))
    assert (facts.classes, facts.departments, facts.class_per_line, facts.class_per_document) == ((), (), False, False)
    per_document = facts_of(batch(AccountingInfoPrefs={"ClassTrackingPerTxn": True}))
    assert (len(per_document.classes), per_document.class_per_document) == (2, True)


def test_a_plan_without_classes_may_refuse_the_question() -> None:
    untracked, tracked = batch(AccountingInfoPrefs={}), batch(AccountingInfoPrefs={"ClassTrackingPerTxn": True})
    for answer in (untracked, tracked):
        answer["BatchItemResponse"][6] = {"bId": "6", **REFUSED}
    assert facts_of(untracked).classes == ()
    with pytest.raises(RejectedError, match="5030"):
        facts_of(tracked)
    del untracked["BatchItemResponse"][6:]
    assert facts_of(untracked).departments == ()


def test_a_company_without_the_tax_engine_keeps_its_codes_by_hand() -> None:
    assert not facts_of(batch(TaxPrefs={"UsingSalesTax": True})).automated_tax


def test_inactive_accounts_are_asked_for_because_items_may_stand_on_them() -> None:
    parts = msgspec.json.decode(reads.company(RealmId("9001")).body)["BatchItemRequest"]
    assert "Account where Active IN (true,false)" in parts[5]["Query"]


def test_a_company_without_its_own_facts_is_none() -> None:
    answer = batch()
    answer["BatchItemResponse"][0]["QueryResponse"] = {}
    with pytest.raises(RejectedError, match="no-object"):
        facts_of(answer)


def test_a_batch_with_a_refused_part_or_with_nothing_is_no_company() -> None:
    read = reads.company(RealmId("9001"))
    with pytest.raises(RejectedError, match="6190"):
        read.decode(sample("company_batch_fault.json"))
    with pytest.raises(TransientError):
        read.decode(sample("batch_nothing.json"))


def test_an_invoice_becomes_the_draft_it_could_have_been_made_from() -> None:
    found = reads.invoice("239").decode(sample("invoice.json"))
    assert (found.row.total, found.row.balance, found.row.payments) == (Decimal("97.20"), Decimal("47.20"), ("301",))
    assert (found.row.number, found.row.sync_token, found.row.voided) == ("INV-1042", "2", False)
    draft = found.draft
    assert all(len(line.parts) == 1 for line in draft.lines)  # each as it came, to be sent again untouched
    assert tuple(msgspec.structs.replace(line, parts=()) for line in draft.lines) == (
        DraftLine("5", usd("100"), "Haircut", Decimal(2), Decimal(50), "TAX"),
        DraftLine("", usd("0"), "thanks!"),
    )
    assert (draft.discount, draft.discount_account, draft.tax, draft.total) == (
        usd("10"), "86", usd("7.20"), usd("97.20"),
    )  # fmt: skip
    assert (draft.customer, draft.email, draft.memo) == ("63", "geeta@example.com", "Thank you")
    assert (draft.day, draft.due) == (date(2026, 11, 20), date(2026, 12, 20))
    assert draft.note == "Avantto invoice INV-1042 · 64e2"


def test_a_voided_invoice_is_readable_though_its_words_are_spelled_differently() -> None:
    assert reads.invoice("239").decode(sample("invoice_voided.json")).row.voided


def test_an_answer_about_another_thing_is_refused() -> None:
    with pytest.raises(RejectedError, match="no-object"):
        reads.payment("1").decode(sample("invoice.json"))


STAMPS = {"LastUpdatedTime": "2026-11-21T12:55:50-08:00"}
LOST: tuple[dict[str, object], ...] = (
    {"Id": "8", "MetaData": STAMPS, "DisplayName": ["no", "text"]},
    {"Id": "9", "MetaData": {"LastUpdatedTime": "yesterday"}},
    {"MetaData": STAMPS},
)


def feed(**rows: list[object]) -> bytes:
    answer = {"CDCResponse": [{"QueryResponse": [rows]}], "time": "2026-11-22T10:00:00Z"}
    return msgspec.json.encode(answer)


def test_a_row_of_the_feed_that_makes_no_sense_is_left_out_and_counted() -> None:
    payments: list[object] = [{"Id": "1", "MetaData": STAMPS}, {"Id": "2", "MetaData": STAMPS, "TotalAmt": "x"}, "?"]
    found = reads.changes(SINCE).decode(feed(Customer=[*LOST, {"Id": "7", "MetaData": STAMPS}], Payment=payments))
    assert ([row.id for row in found.customers], [row.id for row in found.payments]) == (["7"], ["1"])
    assert found.unreadable == 5
    assert found.as_of == datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_rows_that_make_no_sense_count_towards_the_feeds_limit() -> None:
    found = reads.changes(SINCE).decode(feed(Customer=[*_many_customers(999), LOST[0]]))
    assert (found.overflowed, found.unreadable) == (True, 1)


def test_a_stub_that_names_no_time_is_as_old_as_the_answer() -> None:
    stubs: list[object] = [{"Id": "979", "status": "Deleted"}, {"Id": "980", "status": "Deleted", "MetaData": {}}]
    found = reads.changes(SINCE).decode(feed(Payment=stubs, Customer=[{"Id": "5", "status": "Deleted"}]))
    assert found.unreadable == 0
    assert [(row.id, row.deleted, row.updated_at) for row in found.payments] == [
        ("979", True, found.as_of),
        ("980", True, found.as_of),
    ]
    (customer,) = found.customers
    assert (customer.active, customer.updated_at) == (False, found.as_of)


def test_a_page_of_customers_names_the_rows_that_make_no_sense() -> None:
    body = msgspec.json.encode({"QueryResponse": {"Customer": [*LOST, {"Id": "7", "MetaData": STAMPS}]}})
    for read in (reads.customers_page(), reads.customers_since(SINCE)):
        page = read.decode(body)
        assert [row.id for row in page.rows] == ["7"]
        assert (page.unreadable, page.size) == (("8", "9", ""), 4)


def test_a_page_of_payments_names_the_rows_that_make_no_sense() -> None:
    rows = [{"Id": "1", "MetaData": STAMPS}, {"Id": "2", "MetaData": STAMPS, "Line": "none"}, {"Id": "3"}]
    page = reads.payments_since(SINCE).decode(msgspec.json.encode({"QueryResponse": {"Payment": rows}}))
    assert ([row.id for row in page.rows], page.unreadable) == (["1"], ("2", "3"))


def test_a_look_up_is_believed_only_as_a_whole() -> None:
    """A customer left out of a look-up would be made a second time."""
    body = msgspec.json.encode({"QueryResponse": {"Customer": [LOST[0]]}})
    with pytest.raises(msgspec.ValidationError):
        reads.customers_by_email("amy@example.com").decode(body)


def test_parts_of_a_batch_that_nobody_asked_for_are_passed_over() -> None:
    answer = batch()
    answer["BatchItemResponse"].insert(0, {"QueryResponse": {}})
    assert facts_of(answer).name == facts_of(batch()).name
