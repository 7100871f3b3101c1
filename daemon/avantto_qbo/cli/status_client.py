"""A small synchronous client of the status API: HTTP over the daemon's unix socket, answers decoded to their types."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote

import msgspec

from avantto_qbo.errors import AvanttoQboError
from avantto_qbo.model.reconciliation import Progress
from avantto_qbo.server.api import ErrorAnswer
from avantto_qbo.server.api_reconciling import ReconcileAnswer, ReconcileLine

AnswerT = TypeVar("AnswerT")

# Connecting asks both vendors, and one call to QuickBooks may take its whole timeout of 130 s.
PATIENCE_SECONDS: Final = 300.0


class UnreachableError(AvanttoQboError):
    """No daemon answers on the socket."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"the daemon does not answer on {path}: {why} (is it running, with this configuration?)")


class ApiError(AvanttoQboError):
    """The daemon refused, with its reason."""

    def __init__(self, status: int, answer: ErrorAnswer) -> None:
        field, mend = f"{answer.field}: " if answer.field else "", f" ({answer.mend})" if answer.mend else ""
        super().__init__(f"{field}{answer.error}{mend}")
        self.status, self.answer = status, answer


class StatusClient:
    """Asks the daemon behind the socket at `path`; one connection per question."""

    def __init__(self, path: Path, patience: float = PATIENCE_SECONDS) -> None:
        self._path, self._patience = path, patience

    def get(self, path: str, answer: type[AnswerT]) -> AnswerT:
        return self._ask("GET", path, None, answer)

    def post(self, path: str, answer: type[AnswerT], body: msgspec.Struct | None = None) -> AnswerT:
        return self._ask("POST", path, body, answer)

    def patch(self, path: str, body: msgspec.Struct, answer: type[AnswerT]) -> AnswerT:
        return self._ask("PATCH", path, body, answer)

    def reconciliation(self, path: str, on_progress: Callable[[Progress], None]) -> ReconcileAnswer:
        """Follow a reconciliation line by line to its answer. Raises as `get` does."""
        connection = _UnixConnection(self._path, self._patience)
        try:
            connection.request("GET", "/v1" + path)
            response = connection.getresponse()
            if response.status >= 300:
                raise ApiError(response.status, _refusal(response.status, response.read()))
            for raw in response:
                line = msgspec.json.decode(raw, type=ReconcileLine)
                if line.error is not None:
                    raise ApiError(500, line.error)
                if line.answer is not None:
                    return line.answer
                if line.progress is not None:
                    on_progress(line.progress)
        except (OSError, http.client.HTTPException) as error:
            raise UnreachableError(self._path, _why(error)) from error
        except msgspec.MsgspecError as error:
            raise ApiError(200, _unreadable(200)) from error
        finally:
            connection.close()
        raise UnreachableError(self._path, "it stopped in the middle of its answer")

    def _ask(self, method: str, path: str, body: msgspec.Struct | None, answer: type[AnswerT]) -> AnswerT:
        """Raises UnreachableError when nobody answers, ApiError when the daemon says no."""
        status, raw = self._exchange(method, "/v1" + path, msgspec.json.encode(body) if body else None)
        try:
            if status < 300:
                return msgspec.json.decode(raw, type=answer)
        except msgspec.MsgspecError as error:
            raise ApiError(status, _unreadable(status)) from error
        raise ApiError(status, _refusal(status, raw))

    def _exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        connection = _UnixConnection(self._path, self._patience)
        headers = {"Content-Type": "application/json"} if body else {}
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise UnreachableError(self._path, _why(error)) from error
        finally:
            connection.close()


def _refusal(status: int, raw: bytes) -> ErrorAnswer:
    try:
        return msgspec.json.decode(raw, type=ErrorAnswer)
    except msgspec.MsgspecError:
        return _unreadable(status)


def _unreadable(status: int) -> ErrorAnswer:
    return ErrorAnswer(f"the daemon's answer ({status}) cannot be read, it may be of another release")


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error).lower() or type(error).__name__


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def location_path(location: str, rest: str = "") -> str:
    """Return the path of a location, with its id made safe for a URL."""
    return f"/locations/{quote(location, safe='')}{rest}"


def operation_path(operation: str, rest: str) -> str:
    return f"/operations/{quote(operation, safe='')}{rest}"
