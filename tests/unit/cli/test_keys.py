"""`rotate-key`."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from click.testing import Result

from avantto_qbo.errors import RefusedError, TransientError
from unit.server.standins import MemoryService

Run = Callable[..., Result]


def test_it_says_which_key_is_in_use_and_that_the_old_file_may_go(daemon: MemoryService, run: Run) -> None:
    result = run("rotate-key")
    assert result.exit_code == 0
    assert result.stdout == (
        "Journal key 0123456789abcdef is in use; 3 values were sealed with it anew.\n"
        "journal-key-previous may be deleted now. Backups made before still need it.\n"
    )
    assert daemon.actors[-1].startswith("uid ")


def test_it_says_what_may_be_left_in_a_large_file(daemon: MemoryService, run: Run) -> None:
    daemon.scrubbed = False
    assert "`avantto-qbo backup` makes a copy without them" in run("rotate-key").stdout


def test_it_answers_as_json(daemon: MemoryService, run: Run) -> None:
    answer = msgspec.json.decode(run("rotate-key", "--json").stdout)
    assert answer == {"key": "0123456789abcdef", "resealed": 3, "previous": True, "scrubbed": True}


def test_an_unchanged_key_is_a_failure_with_the_command_that_makes_one(daemon: MemoryService, run: Run) -> None:
    daemon.trouble = RefusedError("the key is in use already", "openssl rand -base64 32 > journal-key")
    result = run("rotate-key")
    assert result.exit_code == 1
    assert result.stderr == "avantto-qbo: the key is in use already (openssl rand -base64 32 > journal-key)\n"


def test_a_journal_that_cannot_be_written_is_to_be_tried_again(daemon: MemoryService, run: Run) -> None:
    daemon.trouble = TransientError("journal: disk is full")
    result = run("rotate-key")
    assert result.exit_code == 1
    assert "disk is full" in result.stderr
