from __future__ import annotations

from typing import Any

import pytest

from avantto_qbo.model.quickbooks import Division
from avantto_qbo.model.settings import Settings
from avantto_qbo.rules.books.company.divisions import class_of, department_of
from avantto_qbo.rules.reasons import HeldError
from unit.rules.cases import PLACE, company, invoice_case

CLASSES = (Division("5", "Retail"), Division("6", "Old", active=False))
TRACKED = company(classes=CLASSES, class_per_line=True, departments=(Division("8", "North"),))


def case(facts: Any = TRACKED, **settings: Any) -> Any:
    return invoice_case(company=facts, settings=Settings(**settings))


def test_nothing_is_named_where_nothing_is_set() -> None:
    assert (class_of(case()), department_of(case())) == ("", "")


@pytest.mark.parametrize("wanted", ["5", "Retail", "retail "])
def test_a_class_is_named_by_id_or_name(wanted: str) -> None:
    assert class_of(case(class_=wanted)) == "5"
    per_document = company(classes=CLASSES, class_per_document=True)
    assert class_of(case(per_document, class_=wanted)) == "5"


def test_a_department_is_named_by_id_or_name() -> None:
    assert department_of(case(department="north")) == "8"


@pytest.mark.parametrize("wanted", ["Old", "6", "Wholesale"])
def test_a_class_the_company_does_not_have_is_held_naming_the_setting(wanted: str) -> None:
    with pytest.raises(HeldError) as caught:
        class_of(case(class_=wanted))
    assert caught.value.reason.code == "class"
    assert caught.value.reason.mend == f"avantto-qbo settings {PLACE} class=NAME"


def test_what_the_company_does_not_track_is_held_with_both_ways_out() -> None:
    for decide, settings, words in (
        (class_of, {"class_": "Retail"}, "tracks no classes"),
        (department_of, {"department": "North"}, "tracks no locations"),
    ):
        with pytest.raises(HeldError, match=words) as caught:
            decide(case(company(), **settings))
        assert "turn on tracking" in caught.value.reason.mend
        key = next(iter(settings)).rstrip("_")
        assert caught.value.reason.mend.endswith(f"or do without: avantto-qbo settings {PLACE} {key}=")
