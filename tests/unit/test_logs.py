"""What may stand in a log."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import structlog

from avantto_qbo.logs import configure_logs


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
