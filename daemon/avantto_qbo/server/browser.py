"""Connecting in a browser: the link, the two vendors' callbacks, and the page at the end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from aiohttp import web

from avantto_qbo.errors import AvanttoQboError, RefusedError
from avantto_qbo.server.pages import connected_page, refused_page
from avantto_qbo.server.ports import BrowserFlow, Redirect

_log = structlog.stdlib.get_logger(__name__)

COOKIE: Final = "avantto_qbo_connect"
_COOKIE_SECONDS: Final = 3600


class BrowserDoor:
    """The pages of the OAuth flow; `secure` is whether browsers reach us by https."""

    def __init__(self, flow: BrowserFlow, *, secure: bool) -> None:
        self._flow, self._secure = flow, secure

    async def connect(self, request: web.Request) -> web.Response:
        return await _or_refusal(self._connect, request)

    async def avantto(self, request: web.Request) -> web.Response:
        return await _or_refusal(self._avantto, request)

    async def quickbooks(self, request: web.Request) -> web.Response:
        return await _or_refusal(self._quickbooks, request)

    async def _connect(self, request: web.Request) -> web.Response:
        return self._sent_on(await self._flow.begin_connect(request.match_info["token"]))

    async def _avantto(self, request: web.Request) -> web.Response:
        return self._sent_on(await self._flow.avantto_callback(dict(request.query), request.cookies.get(COOKIE, "")))

    async def _quickbooks(self, request: web.Request) -> web.Response:
        answer = await self._flow.quickbooks_callback(dict(request.query), request.cookies.get(COOKIE, ""))
        response = connected_page(answer)
        response.del_cookie(COOKIE, path="/oauth/")
        return response

    def _sent_on(self, step: Redirect) -> web.Response:
        headers = {"Location": step.url, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        response = web.Response(status=303, headers=headers)
        if step.cookie:
            # Lax, not Strict: the vendors send the browser back from their own site.
            response.set_cookie(
                COOKIE,
                step.cookie,
                max_age=_COOKIE_SECONDS,
                path="/oauth/",
                secure=self._secure,
                httponly=True,
                samesite="Lax",
            )
        return response


async def _or_refusal(step: Callable[[web.Request], Awaitable[web.Response]], request: web.Request) -> web.Response:
    """Take one step of the flow; whatever goes wrong becomes a page in plain words."""
    try:
        return await step(request)
    except RefusedError as error:
        return refused_page(error.problem, error.mend)
    except AvanttoQboError as error:
        _log.warning("connect.failed", exc_info=error)
        return refused_page("One of the two services did not answer as it should.", "Open the link again.", 502)
    except Exception as error:  # noqa: BLE001 - where a request ends
        _log.error("connect.broken", exc_info=error)
        return refused_page("Something went wrong on our side.", "Ask the operator to look at the log.", 500)
