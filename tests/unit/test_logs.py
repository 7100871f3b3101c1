"""What may stand in a log."""

from __future__ import annotations

import io
import logging
import resource
import sys
import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import structlog

from avantto_qbo.logs import configure_logs, install_crash_hooks


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs(stream)
    yield stream
    structlog.reset_defaults()
    logging.captureWarnings(False)
    root.handlers[:], root.level = handlers, level


def only_line(stream: io.StringIO) -> dict[str, Any]:
    (line,) = stream.getvalue().splitlines()
    return msgspec.json.decode(line, type=dict[str, Any])


def test_an_event_is_one_line_of_json(stream: io.StringIO) -> None:
    structlog.stdlib.get_logger("x").info("operation.finished", operation="op1", state="done")
    line = only_line(stream)
    assert line.pop("at").endswith("Z")
    assert line == {"event": "operation.finished", "level": "info", "operation": "op1", "state": "done"}


def test_keys_that_are_not_on_the_list_are_named_without_their_values(stream: io.StringIO) -> None:
    structlog.stdlib.get_logger("x").info("contact.made", location="l", email="ann@example.com", token="t0k")
    assert "ann@" not in stream.getvalue()
    assert "t0k" not in stream.getvalue()
    assert only_line(stream)["dropped"] == ["email", "token"]


def test_an_exception_shows_its_types_and_places_but_not_its_text(stream: io.StringIO) -> None:
    try:
        try:
            raise ValueError("ann@example.com")
        except ValueError as error:
            raise KeyError("ann@example.com") from error
    except KeyError as error:
        structlog.stdlib.get_logger("x").error("request.broken", exc_info=error)
    line = only_line(stream)
    assert "ann@" not in stream.getvalue()
    assert line["exception"] == ["KeyError", "ValueError"]
    assert line["frames"][0].startswith("test_logs.py:")


def test_a_librarys_record_keeps_its_template_only(stream: io.StringIO) -> None:
    logging.getLogger("some.library").warning("cannot reach %s", "ann@example.com")
    line = only_line(stream)
    assert (line["event"], line["logger"], line["level"]) == ("cannot reach %s", "some.library", "warning")
    assert "ann@" not in stream.getvalue()


def test_bound_context_goes_with_every_event(stream: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(location="loc1"):
        structlog.stdlib.get_logger("x").info("actor.started")
    assert only_line(stream)["location"] == "loc1"


def test_what_a_library_filled_in_itself_is_cut_to_its_first_line(stream: io.StringIO) -> None:
    filled_in = "Task exception was never retrieved\nfuture: <Task exception=ValueError('ann@example.com')>"
    logging.getLogger("asyncio").error(filled_in)
    assert only_line(stream)["event"] == "Task exception was never retrieved"
    assert "ann@" not in stream.getvalue()


def test_what_a_library_quotes_in_its_first_line_is_blotted_out(stream: io.StringIO) -> None:
    logging.getLogger("some.library").error(f"no {'t0ken' * 8} for ann@example.com or +1 212 555 0123")
    assert only_line(stream)["event"] == "no … for … or …"


def test_a_record_that_cannot_be_formatted_shows_nothing(
    stream: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    template = "%d and %d"
    logging.getLogger("some.library").error(template, "ann@example.com")
    assert "ann@" not in stream.getvalue() + capsys.readouterr().err


def test_what_nobody_caught_is_logged_without_its_text(
    stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module, hook in ((sys, "excepthook"), (threading, "excepthook"), (sys, "unraisablehook")):
        monkeypatch.setattr(module, hook, getattr(module, hook))
    limits = resource.getrlimit(resource.RLIMIT_CORE)
    monkeypatch.setattr(resource, "setrlimit", lambda which, to: seen.append((which, to)))
    seen: list[object] = []
    install_crash_hooks()
    assert seen == [(resource.RLIMIT_CORE, (0, 0))]
    assert resource.getrlimit(resource.RLIMIT_CORE) == limits
    sys.excepthook(ValueError, ValueError("ann@example.com"), None)
    thread = threading.Thread(target=lambda: int("ann@example.com"))
    thread.start()
    thread.join()
    told = [msgspec.json.decode(line)["event"] for line in stream.getvalue().splitlines()]
    assert told == ["process.crashed", "thread.crashed"]
    assert "ann@" not in stream.getvalue() + capsys.readouterr().err
