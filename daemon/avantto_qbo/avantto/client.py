"""The client: sends what the pure modules built and hands the answer back to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from avantto_qbo.avantto import answers
from avantto_qbo.avantto.limits import Limits, read_limits
from avantto_qbo.avantto.requests import read_request, write_request
from avantto_qbo.errors import AnswerLostError, NotSentError
from avantto_qbo.model.http import HttpAnswer, HttpRequest, Read, Transport
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.operation import Call
from avantto_qbo.model.outcome import InDoubt, NotSent, Outcome

T = TypeVar("T")


class AvanttoClient:
    """Avantto's API over a transport; `subject` is the location id.

    It neither retries nor paces. `timeout` is in seconds per exchange; `on_limits` is told the limits of every answer
    that names them.
    """

    def __init__(
        self,
        transport: Transport,
        api_url: str,
        timeout: float,
        on_limits: Callable[[LocationId, Limits], None] | None = None,
    ) -> None:
        self._transport = transport
        self._api_url = api_url
        self._timeout = timeout
        self._on_limits = on_limits

    async def write(self, subject: str, access_token: str, call: Call, request_id: str) -> Outcome:
        """Send the exact bytes once and say what became of them; never raises for the network or the vendor."""
        del request_id  # the vendor knows no idempotency key
        try:
            answer = await self._send(subject, write_request(self._api_url, access_token, call))
        except NotSentError as error:
            return NotSent(error.reason, error.retry_after)
        except AnswerLostError as error:
            return InDoubt(error.reason)
        return answers.outcome(subject, call, answer)

    async def read(self, subject: str, access_token: str, read: Read[T]) -> T:
        """Return the decoded answer.

        Raises TransientError (with `retry_after` when throttled), RejectedError (`code` "gone" when it is not there,
        "unreadable" when we do not understand it) or AuthError.
        """
        answer = await self._send(subject, read_request(self._api_url, access_token, read))
        return answers.result(subject, read, answer)

    async def _send(self, subject: str, request: HttpRequest) -> HttpAnswer:
        answer = await self._transport.send(request, self._timeout)
        limits = read_limits(answer.headers)
        if self._on_limits is not None and limits is not None:
            self._on_limits(LocationId(subject), limits)
        return answer
