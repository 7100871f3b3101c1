"""The daemon's own complaints: an error of ours in its log is a violation, also where the work goes on."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog

from avantto_qbo.errors import AuthError, RejectedError, TransientError

_listener: list[Callable[[str], object] | None] = [None]


def listen() -> None:
    """Hear errors only; everything else costs nothing."""
    structlog.configure(
        processors=[_hear],
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        cache_logger_on_first_use=False,
    )


def attend(fail: Callable[[str], object] | None) -> None:
    """From now on, tell `fail` of errors of ours; None to tell nobody."""
    _listener[0] = fail


def passes(error: BaseException | None) -> bool:
    """Whether this is trouble from outside, which passes or waits for a person."""
    if isinstance(error, BaseExceptionGroup):
        return all(passes(inner) for inner in error.exceptions)
    return isinstance(error, TransientError | RejectedError | AuthError | TimeoutError)


def _hear(_: Any, __: str, event: MutableMapping[str, Any]) -> Any:
    info = event.get("exc_info")
    error = info if isinstance(info, BaseException) else sys.exc_info()[1]
    fail = _listener[0]
    if fail is not None and error is not None and not passes(error):
        fail(f"an error of ours ({event.get('event')}): {type(error).__name__}: {error}")
    raise structlog.DropEvent
