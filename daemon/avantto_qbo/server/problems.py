"""Turn an error into the status API's answer: a status code and one plain sentence with its field and mend."""

from __future__ import annotations

import msgspec
import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from avantto_qbo.errors import AuthError, ConfigError, RefusedError, RejectedError, TransientError
from avantto_qbo.server.api import ErrorAnswer
from avantto_qbo.server.bodies import UnreadableBodyError, closing
from avantto_qbo.server.ports import UnknownObjectError

_log = structlog.stdlib.get_logger(__name__)


@web.middleware
async def answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error of a status request as JSON; what nobody expected is logged and becomes a 500."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        return _response(error.status, ErrorAnswer(f"{request.method} {request.path}: {error.reason.lower()}"))
    except UnreadableBodyError as error:
        return closing(_response(error.status, ErrorAnswer(f"the request's body is {error.outcome.replace('_', ' ')}")))
    except Exception as error:  # noqa: BLE001 - where a request ends
        return _response(*problem(error))


def problem(error: Exception) -> tuple[int, ErrorAnswer]:
    """Return the status and the answer for `error`: 400 a field is wrong, 404 no such object, 409 would be wrong to do,
    502 a vendor refused, 503 try again later, 500 we are wrong."""
    match error:
        case UnknownObjectError():
            return 404, ErrorAnswer(error.problem, error.field, error.mend)
        case RefusedError():
            return 400 if error.field else 409, ErrorAnswer(error.problem, error.field, error.mend)
        case ConfigError():
            return 400, ErrorAnswer(error.problem, error.key, error.mend)
        case msgspec.DecodeError() | UnicodeDecodeError() | RecursionError():
            return 400, ErrorAnswer(f"the request cannot be read: {error}", "request")
        case AuthError():
            mend = f"connect again with a fresh {error.provider} token"
            refusal = f"{error.provider} refuses the access: {error.reason}"
            return 409, ErrorAnswer(refusal, f"{error.provider}_token", mend)
        case RejectedError():
            return 502, ErrorAnswer(f"the other side refused: {error.message} (code {error.code})", error.field)
        case TransientError():
            return 503, ErrorAnswer(f"the other side cannot be asked now: {error.reason}", mend="try again in a minute")
        case _:
            _log.error("status.broken", exc_info=error)
            return 500, ErrorAnswer("the daemon failed at this", mend="look at its log")


def _response(status: int, answer: ErrorAnswer) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(answer), content_type="application/json")
