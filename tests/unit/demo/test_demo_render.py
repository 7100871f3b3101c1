"""What the demonstration prints for scripts says of every company what its table says."""

from __future__ import annotations

import msgspec

from avantto_qbo.demo.claims import Row, Tally
from avantto_qbo.demo.company import Company
from avantto_qbo.demo.programme import COMPANIES
from avantto_qbo.demo.render import NAME, Table, as_json
from avantto_qbo.demo.timing import Calls

CALLS = Calls(avantto=1, quickbooks=2, refused=0, polls=3, reads=4, documents=5)
RIGHT = Row("I1", "invoices", Tally(2, 3000), Tally(2, 3000))
WRONG = Row("I3", "payments", Tally(2, 3000), Tally(2, 2999), ("TT-1: 3000 in Avantto, 2999 in the books",))


def told(*rows: Row, company: Company = COMPANIES[1]) -> dict[str, object]:
    text = as_json(seed=7, seconds=1.25, tables=[Table(company.business, rows, CALLS)], measured=())
    answer: dict[str, object] = msgspec.json.decode(text)
    return answer


def test_equal_sides_are_equal_in_every_company() -> None:
    answer = told(RIGHT)
    assert answer["equal"] is True
    assert answer["seed"] == 7


def test_one_wrong_row_makes_the_company_and_the_whole_unequal() -> None:
    answer = told(RIGHT, WRONG)
    assert answer["equal"] is False
    [company] = msgspec.convert(answer["companies"], list[dict[str, object]])
    assert (company["equal"], company["currency"]) == (False, "GBP")
    assert company["rows"] == [
        {
            "rule": "I1",
            "what": "invoices",
            "avantto": {"count": 2, "cents": 3000},
            "books": {"count": 2, "cents": 3000},
            "equal": True,
            "differences": [],
        },
        {
            "rule": "I3",
            "what": "payments",
            "avantto": {"count": 2, "cents": 3000},
            "books": {"count": 2, "cents": 2999},
            "equal": False,
            "differences": ["TT-1: 3000 in Avantto, 2999 in the books"],
        },
    ]


def test_a_companys_name_leaves_room_in_the_story() -> None:
    assert all(len(company.business.name) < NAME for company in COMPANIES)
