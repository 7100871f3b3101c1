from __future__ import annotations

import pytest

from avantto_qbo.avantto import answers, encode
from avantto_qbo.avantto.workflows import decode_workflows, workflows
from avantto_qbo.model.avantto import Workflow
from avantto_qbo.model.http import HttpAnswer
from avantto_qbo.model.ids import ContactId, LocationId
from avantto_qbo.model.outcome import InDoubt, Outcome, Refused, Written

ENROL = encode.workflow_add(ContactId("c9"), "w/1")


def answered(status: int, body: bytes) -> Outcome:
    return answers.outcome("loc1", ENROL, HttpAnswer(status, {}, body))


def test_a_contact_is_added_to_a_workflow_by_the_paths_ids_alone() -> None:
    assert (ENROL.method, ENROL.path, ENROL.body) == ("POST", "/contacts/c9/workflow/w%2F1", b"{}")


def test_the_answer_names_nothing_so_the_contact_is_the_one_of_the_path() -> None:
    assert answered(200, b'{"succeded":true}') == Written("c9")
    assert answered(201, b"{}") == Written("c9")


@pytest.mark.parametrize("body", [b'{"succeded":false}', b"<html>"])
def test_a_success_that_says_otherwise_is_in_doubt(body: bytes) -> None:
    assert isinstance(answered(200, body), InDoubt)


def test_a_workflow_that_is_not_published_is_refused() -> None:
    refused = answered(400, b'{"statusCode":400,"message":"Workflow not found or not published"}')
    assert isinstance(refused, Refused)
    assert refused.fault.code == "gone"


def test_workflows_are_read_with_their_state_and_without_nameless_rows() -> None:
    body = b'{"workflows":[{"id":"w1","name":" Ask ","status":"Published"},{"id":"w2","status":"draft"},{"name":"x"}]}'
    assert decode_workflows(body) == (Workflow("w1", "Ask", published=True), Workflow("w2", "", published=False))
    assert decode_workflows(b"{}") == ()
    assert workflows(LocationId("loc1")).path == "/workflows/?locationId=loc1"
