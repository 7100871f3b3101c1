"""Logs: one event per line, JSON off a terminal, and only keys from a closed list.

Names, addresses, tokens and bodies never reach a log. That holds for libraries too: of their records only the message's
template is kept, without its arguments, and of an exception its types and places, without its text.
"""

from __future__ import annotations

import logging
import resource
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from avantto_qbo.rules.redacted import redacted

ALLOWED_KEYS: Final = frozenset(
    "at attempt attempts chain code count done dropped due event exception frames generation intuit_tid kind lane "
    "level listen location logger lookups mend method minutes month next_at object operation owner part poll provider "
    "reads realm reason remaining request_id retry_after route seconds signal size state status subject topic total "
    "uid unit version waiting".split()
)
_LONGEST_TEMPLATE: Final = 200
_PACKAGE: Final = Path(__file__).parent.parent


def configure_logs(stream: TextIO = sys.stderr, level: str = "INFO") -> None:
    """Route structlog and the standard library to `stream`: coloured on a terminal, else JSON."""
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        without_text,
        only_allowed_keys,
    ]
    last: Processor = (
        structlog.dev.ConsoleRenderer(timestamp_key="at") if stream.isatty() else structlog.processors.JSONRenderer()
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_template_only, *before],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.captureWarnings(True)
    # A record that cannot be formatted would be printed with its arguments.
    logging.raiseExceptions = False
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def install_crash_hooks() -> None:
    """Let what nobody caught end in the log like everything else, and not in a core file, which holds every secret."""
    sys.excepthook = lambda _, error, __: _crashed("process.crashed", error)
    threading.excepthook = lambda thread: _crashed("thread.crashed", thread.exc_value)
    sys.unraisablehook = lambda left: _crashed("error.left_over", left.exc_value)
    with suppress(OSError, ValueError):  # systemd's filter of system calls may forbid it; the unit says the same
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _crashed(event: str, error: BaseException | None) -> None:
    structlog.stdlib.get_logger(__name__).critical(event, exc_info=error)


def only_allowed_keys(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Drop every key that is not on the list, and name the dropped keys (not their values)."""
    dropped = sorted(key for key in event if key not in ALLOWED_KEYS and not key.startswith("_"))
    kept = {key: value for key, value in event.items() if key not in dropped}
    return {**kept, "dropped": dropped} if dropped else kept


def without_text(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace `exc_info` by the exceptions' types and the places they passed."""
    info = event.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["exception"] = [type(one).__name__ for one in _causes(error)]
        event["frames"] = [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in _frames(error)]
    return event


def _causes(error: BaseException) -> Iterator[BaseException]:
    yield error
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from _causes(part)
    following = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if following is not None:
        yield from _causes(following)


def _frames(error: BaseException) -> list[traceback.FrameSummary]:
    return [frame for one in _causes(error) for frame in traceback.extract_tb(one.__traceback__)]


def _short(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(_PACKAGE)) if path.is_relative_to(_PACKAGE) else path.name


def _template_only(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Keep a library's message template instead of the message with its arguments filled in.

    Some fill it in themselves: asyncio's tells what went wrong in its first line and what was at hand in the others.
    """
    record: Any = event["_record"]
    template = str(record.msg).partition("\n")[0]
    event["event"], event["logger"] = redacted(template)[:_LONGEST_TEMPLATE], record.name
    event.pop("positional_args", None)
    return event
