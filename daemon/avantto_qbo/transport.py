"""The transport both edges share: one request, one answer, and the difference between *not sent* and *answer lost*.

That difference decides whether a write may be repeated, so nothing here repeats anything by itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
from yarl import URL

from avantto_qbo.errors import AnswerLostError, InternalError, NotSentError
from avantto_qbo.model.http import HttpAnswer, HttpRequest

CONNECT_TIMEOUT: Final = 10.0
# Intuit announces `Keep-Alive: timeout=5`: a connection that is reused later than that is closed under our request.
KEEP_ALIVE: Final = 4.0
LARGEST_ANSWER: Final = 64 * 1024 * 1024


class AiohttpTransport:
    """Carries requests over an aiohttp session to the origins it was given, and to no other."""

    def __init__(
        self, session: aiohttp.ClientSession, origins: frozenset[URL], *, largest: int = LARGEST_ANSWER
    ) -> None:
        self._session, self._origins, self._largest = session, origins, largest

    async def send(self, request: HttpRequest, timeout: float) -> HttpAnswer:
        """Return the answer of any status; see `model.http.Transport`.

        Raises NotSentError when no request byte can have been acted on, AnswerLostError for everything that goes wrong
        later (an answer over the size limit included), InternalError for an origin that is not on the list.
        """
        url = URL(request.url, encoded=True)
        if url.origin() not in self._origins:
            raise InternalError(f"{url.origin()} is not on the list of origins")
        try:
            return await self._exchange(request, url, timeout)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSentError(_name(error)) from error
        except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
            raise AnswerLostError(_name(error)) from error

    async def _exchange(self, request: HttpRequest, url: URL, timeout: float) -> HttpAnswer:
        async with self._session.request(
            request.method,
            url,
            headers=request.headers,
            data=request.body or None,
            allow_redirects=False,
            # Only the connect timeout can be told from a lost answer, so it has to run out before the total does.
            timeout=aiohttp.ClientTimeout(total=timeout, connect=min(CONNECT_TIMEOUT, timeout / 2)),
        ) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            return HttpAnswer(response.status, headers, await self._body(response))

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        whole = bytearray()
        async for chunk in response.content.iter_chunked(1 << 16):
            whole += chunk
            if len(whole) > self._largest:
                response.close()
                raise AnswerLostError(f"the answer is larger than {self._largest} bytes")
        return bytes(whole)


@asynccontextmanager
async def open_transport(
    urls: Iterable[str], *, largest: int = LARGEST_ANSWER, connections: int = 256
) -> AsyncIterator[AiohttpTransport]:
    """Open a transport to the origins of `urls` (API, token and revoke addresses) and no others, for one block."""
    origins = frozenset(URL(url).origin() for url in urls)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=KEEP_ALIVE),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "avantto-qbo"},
        trust_env=False,
        middlewares=(_once,),
    ) as session:
        yield AiohttpTransport(session, origins, largest=largest)


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating a request.

    It repeats GET, PUT and DELETE by itself when a kept-alive connection drops; it knows those drops by their class, so
    they leave here as ours.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise AnswerLostError(_name(error)) from error


def _name(error: BaseException) -> str:
    """Only the class: the text of an error may hold the address with its query."""
    return type(error).__name__
