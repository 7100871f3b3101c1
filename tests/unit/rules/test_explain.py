from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from avantto_qbo.model.money import Money
from avantto_qbo.rules.books.explain import ExplainedSum, explain
from avantto_qbo.rules.books.invoice import draft_invoice
from unit.rules.cases import invoice_case


def _amounts(sums: tuple[ExplainedSum, ...]) -> list[Decimal]:
    return [Decimal(one.amount) for one in sums]


@pytest.mark.parametrize(("part", "rest"), [("100", []), ("30", [Decimal(-70)])])
def test_the_sum_comes_to_what_is_booked_also_for_a_part(part: str, rest: list[Decimal]) -> None:
    drafted = draft_invoice(invoice_case())
    booked = msgspec.structs.replace(drafted.draft, total=Money.of(Decimal(part), "USD"))
    *sums, total = _amounts(explain(drafted.reckoning, booked).sums)
    assert (sum(sums), total, sums[1:]) == (Decimal(part), Decimal(part), rest)
