"""The query language and what it finds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avantto_qbo.sandbox.quickbooks.statement import Condition, Order, Statement, parse
from unit.sandbox.quickbooks_desk import REALM, Desk, version

CUSTOMERS = "select * from Customer where"


def names(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [customer["DisplayName"] for customer in answer.get("Customer", [])]


def people(*given_names: str) -> Desk:
    desk = Desk()
    desk.play.create_many(REALM, "Customer", [{"DisplayName": name} for name in given_names])
    return desk


def test_a_whole_statement_is_read() -> None:
    text = (
        "SELECT * FROM Invoice WHERE CustomerRef = '7' AND TxnDate >= '2026-01-01'"
        " ORDERBY TxnDate DESC, DocNumber STARTPOSITION 11 MAXRESULTS 10"
    )
    assert parse(text) == Statement(
        entity="Invoice",
        conditions=(
            Condition("CustomerRef", "=", ("7",), quoted=True),
            Condition("TxnDate", ">=", ("2026-01-01",), quoted=True),
        ),
        orders=(Order("TxnDate", descending=True), Order("DocNumber", descending=False)),
        start=11,
        limit=10,
    )


@given(st.text(min_size=1).filter(lambda text: "\\" not in text))
def test_any_text_survives_quoting_with_a_backslash(text: str) -> None:
    escaped = text.replace("'", "\\'")
    assert parse(f"{CUSTOMERS} DisplayName = '{escaped}'").conditions[0].values == (text,)


@pytest.mark.parametrize(
    "statement",
    [
        "select DisplayName from Customer",
        "select * from Customer where DisplayName = 'a' or DisplayName = 'b'",
        "select * from Customer where DisplayName != 'a'",
        "select * from Customer where DisplayName = 'O'Neil'",
        "select * from Customer where DisplayName = a",
        "select * from Customer maxresults",
        "select * from Customer where",
        "drop table Customer",
        "",
    ],
)
def test_a_statement_outside_the_grammar_is_a_parse_error(statement: str) -> None:
    assert Desk().query_refused(statement) == "4000"


@pytest.mark.parametrize(
    "statement",
    [
        "select * from Invoice where PrivateNote = 'x'",
        "select * from Invoice where BillEmail = 'x'",
        "select * from Nothing",
        "select * from Customer startposition 0",
        "select * from Customer maxresults 1001",
        "select * from Customer where Id > '5'",
        "select * from Customer orderby PrimaryEmailAddr",
        "select * from Customer where MetaData.CreateTime > '2026-11-22T10:00:00 00:00'",
        "select * from Customer where Active = 'maybe'",
        "select * from Invoice where TotalAmt > 'much'",
    ],
)
def test_what_cannot_be_asked_is_invalid(statement: str) -> None:
    assert Desk().query_refused(statement) == "4001"


def test_keywords_entities_members_and_values_ignore_case() -> None:
    assert names(people("Anna Berg").ask("SeLeCt * FrOm cUsToMeR wHeRe dIsPlAyNaMe = 'ANNA berg'")) == ["Anna Berg"]


def test_a_quote_is_found_by_its_backslash_form() -> None:
    assert names(people("O'Neil").ask(r"select * from Customer where DisplayName = 'O\'Neil'")) == ["O'Neil"]


def test_like_knows_the_per_cent_sign_only() -> None:
    desk = people("Anna Berg", "Annika Berg", "Bo_Berg", "BoxBerg")
    assert names(desk.ask("select * from Customer where DisplayName like 'ann%berg'")) == ["Anna Berg", "Annika Berg"]
    assert names(desk.ask("select * from Customer where DisplayName like 'Bo_Berg'")) == ["Bo_Berg"]


def test_an_address_is_compared_whole() -> None:
    desk = Desk()
    desk.customer(PrimaryEmailAddr={"Address": "a@x.com, b@x.com"})
    assert desk.ask("select * from Customer where PrimaryEmailAddr = 'a@x.com'") == {}
    assert len(desk.ask("select * from Customer where PrimaryEmailAddr like '%A@X.com%'")["Customer"]) == 1


def test_inactive_names_are_hidden_unless_asked_for() -> None:
    desk = people("Anna Berg")
    desk.post("Customer", {"Id": "1", "SyncToken": "0", "sparse": True, "Active": False})
    assert desk.ask("select * from Customer where Id = '1'") == {}
    assert names(desk.ask("select * from Customer where Active IN (true, false)")) == ["Anna Berg (deleted)"]


def test_an_empty_answer_has_no_members() -> None:
    assert Desk().ask("select * from Customer where DisplayName = 'nobody'") == {}


def test_a_count_counts_everything_that_fits() -> None:
    desk = people(*(f"Customer {number}" for number in range(120)))
    assert desk.ask("select count(*) from Customer where DisplayName like 'Customer 1%'") == {"totalCount": 31}


def test_a_page_has_a_hundred_rows_unless_said_otherwise() -> None:
    desk = people(*(f"Customer {number:03}" for number in range(130)))
    assert len(desk.ask("select * from Customer")["Customer"]) == 100
    page = desk.ask("select * from Customer orderby DisplayName desc startposition 129 maxresults 1000")
    assert (names(page), page["startPosition"], page["maxResults"]) == (["Customer 001", "Customer 000"], 129, 2)


def test_numbers_and_dates_are_compared_as_such() -> None:
    desk = Desk()
    customer = desk.customer()
    desk.invoice(customer, TxnDate="2026-09-30")
    late = desk.invoice(customer, TxnDate="2026-10-01")
    found = desk.ask("select * from Invoice where TotalAmt > '99.5' and TxnDate > '2026-09-30'")
    assert [form["Id"] for form in found["Invoice"]] == [late["Id"]]


def test_instants_are_compared_whatever_their_offset() -> None:
    desk = Desk()
    desk.customer("Early")
    desk.clock.advance(60)
    since = desk.clock().isoformat()
    late = desk.customer("Late")
    assert names(desk.ask(f"{CUSTOMERS} MetaData.LastUpdatedTime >= '{since}'")) == ["Late"]
    assert late["MetaData"]["LastUpdatedTime"].endswith("-08:00")


def test_a_new_object_can_be_invisible_to_queries_for_a_while() -> None:
    desk = Desk(query_lag=30)
    stored = desk.customer()
    assert desk.ask("select * from Customer") == {}
    assert desk.read("Customer", stored["Id"])["Id"] == stored["Id"]
    desk.clock.advance(30)
    assert names(desk.ask("select * from Customer")) == ["Anna Berg"]


def test_the_index_follows_a_rename() -> None:
    desk = people("Anna Berg")
    desk.post("Customer", version(desk.read("Customer", "1"), DisplayName="Anna Dahl"))
    assert desk.ask("select * from Customer where DisplayName = 'Anna Berg'") == {}
    assert names(desk.ask("select * from Customer where DisplayName = 'Anna Dahl'")) == ["Anna Dahl"]
