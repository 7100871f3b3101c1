"""The command `reviews`."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from click.testing import Result

from unit.server.standins import MemoryService

Run = Callable[..., Result]


def test_reviews_says_how_many_who_and_what_the_owner_must_do(daemon: MemoryService, run: Run) -> None:
    result = run("reviews", "loc1")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[:3] == [
        "reviews\ton",
        "requests\t1 waiting, 1 sent",
        "waiting for you\t1 review request waits: no link. settings loc1 …",
    ]
    assert lines[4].split("\t")[:2] == ["customer", "state"]
    assert lines[5].startswith("7\tsent\t2026-11-22 12:00:00Z\temail\t70")
    assert lines[6].endswith("no link\tavantto-qbo settings loc1 review_link=…")


def test_reviews_speaks_json_and_keeps_its_limit(daemon: MemoryService, run: Run) -> None:
    result = run("reviews", "loc1", "--limit", "1", "--json")
    assert result.exit_code == 0
    answer = msgspec.json.decode(result.stdout)
    assert [row["customer"] for row in answer["rows"]] == ["7"]
    assert answer["counts"]["waiting"] == 1


def test_reviews_of_an_unknown_location_fails_with_one_sentence(daemon: MemoryService, run: Run) -> None:
    result = run("reviews", "nowhere")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


def test_without_a_daemon_reviews_exits_3(run: Run) -> None:
    assert run("reviews", "loc1").exit_code == 3
