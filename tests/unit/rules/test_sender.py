from __future__ import annotations

from typing import Any

import pytest

from avantto_qbo.model.avantto import CustomValue, Workflow
from avantto_qbo.model.ids import ContactId
from avantto_qbo.model.records import ReviewState
from avantto_qbo.model.settings import Reviews, Settings
from avantto_qbo.model.steps import AddToWorkflow, NeedWorkflows, Settle, Wait
from avantto_qbo.rules.crm.review import plan_review
from avantto_qbo.rules.crm.sender import refused_workflow, review_link
from unit.rules.cases import NOW, contact, held, review, review_case

ASK = Workflow("w1", "Ask for a review", published=True)
DRAFT = Workflow("w2", "ask for a review", published=False)


def by_workflow(name: str = "w1", *workflows: Workflow, **changes: Any) -> Any:
    settings = changes.pop("settings", Settings(review_workflow=name))
    case = review_case(settings=settings, workflows=workflows or (ASK, DRAFT), link="", **changes)
    return plan_review(case)


def test_the_workflows_are_asked_for_once_they_are_needed() -> None:
    case = review_case(settings=Settings(review_workflow="w1"))
    assert plan_review(case) == (NeedWorkflows(),)


@pytest.mark.parametrize("name", ["w1", " w1 ", "Ask for a review", "ASK FOR A REVIEW "])
def test_a_workflow_is_named_by_id_or_name_and_needs_no_link(name: str) -> None:
    assert by_workflow(name) == (AddToWorkflow(ContactId("c9"), "w1"),)


@pytest.mark.parametrize(
    ("name", "workflows", "words"),
    [
        ("other", (ASK,), "no such workflow"),
        ("w2", (ASK, DRAFT), "not published"),
        ("Ask for a review", (ASK, Workflow("w3", "Ask for a review", published=True)), "give its id"),
    ],
)
def test_a_workflow_that_cannot_be_used_waits_for_its_owner(name: str, workflows: Any, words: str) -> None:
    reason = held(by_workflow(name, *workflows))
    assert reason.code == "review_workflow"
    assert words in reason.text + reason.mend
    assert "review_workflow=" in reason.mend


@pytest.mark.parametrize(
    "changes",
    [
        {"contact": contact(no_disturb=frozenset({"all"}))},
        {"contact": contact(email="")},  # only a text message could reach them, and they gave no consent
        {"review": review(ReviewState.SENDING, tried=("workflow",))},
    ],
)
def test_who_may_not_be_written_to_is_not_put_into_a_workflow(changes: dict[str, Any]) -> None:
    (step,) = by_workflow(**changes)
    assert isinstance(step, Settle)
    assert step.reason.code == "no_channel"


def test_a_workflow_begins_in_the_locations_hours_and_not_in_shadow() -> None:
    (step,) = by_workflow(now=NOW.replace(hour=7))
    assert isinstance(step, Wait)
    (step,) = by_workflow(settings=Settings(review_workflow="w1", reviews=Reviews.SHADOW))
    assert isinstance(step, Settle)
    assert "a workflow" in step.reason.text


def test_a_refusal_is_about_the_workflow_unless_it_is_about_the_person() -> None:
    assert refused_workflow("refused.gone")
    assert not refused_workflow("refused.dnd")
    assert not refused_workflow("unsubscribed")


@pytest.mark.parametrize(
    ("settings", "values", "place", "expected"),
    [
        (Settings(review_link="https://own"), (CustomValue("review_link", "https://cv"),), "P", "https://own"),
        (Settings(), (CustomValue("Review Link", " https://cv "),), "P", "https://cv"),
        (Settings(), (CustomValue("review_link", "{{x}}"), CustomValue("other", "https://no")), "", ""),
        (Settings(), (), "a b", "https://search.google.com/local/writereview?placeid=a%20b"),
        (Settings(), (), "", ""),
    ],
)
def test_the_review_link_is_the_setting_then_the_custom_value_then_google(
    settings: Settings, values: Any, place: str, expected: str
) -> None:
    assert review_link(settings, values, place) == expected
