from __future__ import annotations

from datetime import timedelta

import pytest

from avantto_qbo.rules.reading import Refusals, quota_spent
from unit.rules.cases import NOW


def refused(count: int, minutes: float = 1, *, wrote: bool = False) -> Refusals:
    return Refusals(NOW - timedelta(minutes=minutes), count, wrote)


@pytest.mark.parametrize(
    ("companies", "spent"),
    [
        ([], False),
        ([refused(5, 9)], False),
        ([refused(5, 9, wrote=True)], False),
        ([refused(5, 10)], True),
        ([refused(1, 60)], False),
        ([refused(2), refused(2)], False),
        ([refused(2), refused(2, wrote=True)], True),
        ([refused(1), refused(2, wrote=True)], False),
    ],
)
def test_only_several_companies_or_a_long_time_mean_that_the_quota_is_spent(
    companies: list[Refusals], spent: bool
) -> None:
    assert quota_spent(companies, NOW) is spent
