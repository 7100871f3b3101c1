"""Every answer of a write, and every way it can fail to come, is exactly one of five things, at both vendors."""

from __future__ import annotations

from typing import Final

import pytest

from avantto_qbo.avantto.client import AvanttoClient
from avantto_qbo.errors import AnswerLostError, NotSentError
from avantto_qbo.model.http import HttpAnswer, HttpRequest
from avantto_qbo.model.operation import Call
from avantto_qbo.model.outcome import FaultClass, InDoubt, NoAccess, NotSent, Outcome, Refused, Written
from avantto_qbo.quickbooks.client import QuickBooksClient

pytestmark = pytest.mark.anyio
INVOICE: Final = Call("POST", "invoice", b"{}")
CONTACT: Final = Call("POST", "/contacts/", b"{}")
MESSAGE: Final = Call("POST", "/conversations/messages", b"{}")
THERE: Final = b'{"Invoice":{"Id":"7","SyncToken":"0","TotalAmt":100.00}}'
HTML: Final = b"<html><body>Bad Gateway</body></html>"
DEEP: Final = b'{"Invoice":' + b"[" * 100_000
DEEP_CONTACT: Final = b'{"contact":' + b"[" * 100_000
THROTTLE: Final = "message=ThrottleExceeded; errorCode=003001; statusCode=429"


class OneAnswer:
    """A transport that gives the same answer, or fails in the same way, and counts."""

    def __init__(self, answer: HttpAnswer | Exception) -> None:
        self.answer, self.sent = answer, 0

    async def send(self, request: HttpRequest, timeout: float) -> HttpAnswer:
        assert request.method == "POST"
        assert timeout > 0
        self.sent += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def fault(code: str, message: str = "", kind: str = "ValidationFault", detail: str = "") -> bytes:
    error = f'{{"code":"{code}","Message":"{message}","Detail":"{detail}"}}'
    return f'{{"Fault":{{"Error":[{error}],"type":"{kind}"}}}}'.encode()


async def of_books(answer: HttpAnswer | Exception, call: Call = INVOICE) -> Outcome:
    transport = OneAnswer(answer)
    outcome = await QuickBooksClient(transport, "https://books.test", 1.0).write("1", "t", call, "op1")
    assert transport.sent == 1
    return outcome


async def of_crm(answer: HttpAnswer | Exception, call: Call = CONTACT) -> Outcome:
    transport = OneAnswer(answer)
    outcome = await AvanttoClient(transport, "https://crm.test", 1.0).write("L", "t", call, "op1")
    assert transport.sent == 1
    return outcome


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        # A success names the object.
        (200, THERE, Written),
        (201, THERE, Written),
        (200, b'{"Invoice":{"status":"Deleted","domain":"QBO","Id":"7"}}', Written),
        # A success that cannot be read, is about something else or contradicts itself says nothing.
        (200, b"", InDoubt),
        (204, b"", InDoubt),
        (200, b"null", InDoubt),
        (200, b"[]", InDoubt),
        (200, THERE[:-9], InDoubt),
        (200, b"\xef\xbb\xbf" + THERE, InDoubt),
        (200, b'{"Invoice":{"Id":"\xff"}}', InDoubt),
        (200, b'{"Invoice":{"SyncToken":"0"}}', InDoubt),
        (200, b'{"Invoice":{"Id":7}}', InDoubt),
        (200, b'{"Payment":{"Id":"7"}}', InDoubt),
        (200, DEEP, InDoubt),
        (200, HTML, InDoubt),
        (200, fault("10000", kind="SystemFault"), InDoubt),
        (200, fault("4711", kind="SystemFault"), InDoubt),
        (200, fault("600"), InDoubt),
        (200, b'{"Fault":{}}', InDoubt),
        (200, THERE[:-1] + b"," + fault("6000")[1:], InDoubt),
        # A fault under 200 that can be read is a refusal all the same.
        (200, fault("6000", "A business validation error"), Refused),
        (200, fault("3200", kind="AuthenticationFault"), NoAccess),
        (200, fault("3001", THROTTLE, "SERVICE"), NotSent),
        # Nobody follows a redirect, so nobody knows.
        (301, b"", InDoubt),
        (302, THERE, InDoubt),
        (307, b"", InDoubt),
        # What was read and refused changed nothing.
        (400, fault("2040"), Refused),
        (400, fault("6000", "You can only add or edit one name at a time. Please try again."), Refused),
        (400, fault("6000", detail="Transaction was deadlocked on lock resources"), Refused),
        (400, fault("140", kind="SystemFault"), Refused),
        (400, fault("10000", kind="SystemFault", detail="an account has been made inactive"), Refused),
        (400, HTML, Refused),
        (404, b"", Refused),
        (409, fault("6140"), Refused),
        (413, b"", Refused),
        # Something broke under way, an id was used before, or a gateway lost patience.
        (400, fault("10000", kind="SystemFault"), InDoubt),
        (400, fault("10000"), InDoubt),
        (400, fault("600"), InDoubt),
        (408, b"", InDoubt),
        (409, b"", InDoubt),
        (409, HTML, InDoubt),
        (500, b"", InDoubt),
        (500, fault("5010"), InDoubt),
        (502, HTML, InDoubt),
        (503, b"", InDoubt),
        (504, b"", InDoubt),
        (520, b"", InDoubt),
        # Refused unread.
        (425, b"", NotSent),
        (429, b"", NotSent),
        (429, HTML, NotSent),
        (403, fault("3001", THROTTLE), NotSent),
        (500, fault("003001", THROTTLE), NotSent),
        (401, b"", NoAccess),
        (401, HTML, NoAccess),
        (403, b'{"fault":{"error":[{"message":"no","code":"3100"}],"type":"SERVICE"}}', NoAccess),
        (400, fault("120", kind="AuthorizationFault"), NoAccess),
        (403, HTML, Refused),
    ],
)
async def test_quickbooks_answers_are_told_apart(status: int, body: bytes, outcome: type[Outcome]) -> None:
    assert isinstance(await of_books(HttpAnswer(status, {}, body)), outcome)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (fault("6000", detail="Transaction was deadlocked on lock resources"), FaultClass.PASSING),
        (fault("150"), FaultClass.PASSING),
        (fault("6000", "Amounts do not match"), FaultClass.FINAL),
        (fault("10000", detail="an account has been made inactive"), FaultClass.FINAL),
    ],
)
async def test_only_the_text_tells_a_passing_refusal_from_a_final_one(body: bytes, kind: FaultClass) -> None:
    refused = await of_books(HttpAnswer(400, {}, body))
    assert isinstance(refused, Refused)
    assert refused.fault.kind is kind


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, b'{"contact":{"id":"C1"}}', Written),
        (201, b'{"contact":{"id":"C1"}}', Written),
        (200, b"", InDoubt),
        (200, b"{}", InDoubt),
        (200, b'{"contact":{}}', InDoubt),
        (200, b'{"contact":null}', InDoubt),
        (200, b'{"messageId":"M1"}', InDoubt),
        (200, b'{"statusCode":400,"message":"refused"}', InDoubt),
        (200, b'{"contact":{"id":"\xff"}}', InDoubt),
        (200, DEEP_CONTACT, InDoubt),
        (200, HTML, InDoubt),
        (302, b"", InDoubt),
        (400, b'{"message":"email must be an email"}', Refused),
        (400, DEEP_CONTACT, Refused),
        (401, b'{"message":"The token does not have access to this scope"}', Refused),
        (401, b'{"message":"Invalid JWT"}', NoAccess),
        (403, b'{"message":"token revoked"}', NoAccess),
        (403, b"error code: 1010", NotSent),
        (404, b"", Refused),
        (408, b"", InDoubt),
        (409, b'{"message":"Conflict: the contact is being changed"}', Refused),
        (409, b"", InDoubt),
        (422, b'{"message":["x"]}', Refused),
        (425, b"", NotSent),
        (429, b"", NotSent),
        (500, b'{"message":"Internal server error"}', InDoubt),
        (502, HTML, InDoubt),
        (524, b"", InDoubt),
    ],
)
async def test_avantto_answers_are_told_apart(status: int, body: bytes, outcome: type[Outcome]) -> None:
    assert isinstance(await of_crm(HttpAnswer(status, {}, body)), outcome)


async def test_a_message_is_only_sent_when_the_answer_names_it() -> None:
    assert isinstance(await of_crm(HttpAnswer(201, {}, b'{"messageId":"M1"}'), MESSAGE), Written)
    assert isinstance(await of_crm(HttpAnswer(201, {}, b'{"contact":{"id":"C1"}}'), MESSAGE), InDoubt)


@pytest.mark.parametrize("of", [of_books, of_crm])
async def test_a_request_that_never_left_is_told_from_one_without_an_answer(of: object) -> None:
    assert callable(of)
    assert isinstance(await of(NotSentError("refused")), NotSent)
    assert isinstance(await of(AnswerLostError("reset")), InDoubt)
