"""Which class and which department (a location, in QuickBooks' pages) a document's lines are counted under."""

from __future__ import annotations

from collections.abc import Sequence

from avantto_qbo.model.quickbooks import Division
from avantto_qbo.model.steps import SaleCase
from avantto_qbo.rules.books.company.choice import chosen
from avantto_qbo.rules.reasons import RETRY, held, setting


def class_of(case: SaleCase) -> str:
    """The id of the class that the setting `class` names, "" where it names none.

    Raises HeldError when the company has no such class, or does not track classes.
    """
    tracked = case.company.class_per_line or case.company.class_per_document
    return _division(case, "class", case.settings.class_, case.company.classes, tracked=tracked)


def department_of(case: SaleCase) -> str:
    """The id of the department that the setting `department` names, "" where it names none; raises as `class_of`."""
    departments = case.company.departments
    return _division(case, "department", case.settings.department, departments, tracked=bool(departments))


def _division(case: SaleCase, key: str, wanted: str, known: Sequence[Division], *, tracked: bool) -> str:
    if not wanted:
        return ""
    if not tracked:
        shown = "classes" if key == "class" else "locations (departments)"
        text = f"{key} is {wanted!r}, but the company tracks no {shown}."
        without = setting(case.location.id, f"{key}=")
        mend = f"turn on tracking in QuickBooks (Advanced settings) and add it, then: {RETRY}; or do without: {without}"
        raise held(key, text, mend)
    active = [division for division in known if division.active]
    return chosen(active, wanted, case.location.id, key, f"an active {key}")
