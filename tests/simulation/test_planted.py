"""The checker is proved: every bug planted on purpose is noticed within a hundred seeds, and for its own reason."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from multiprocessing.pool import ApplyResult

import pytest

from simulation import planted
from simulation.keys import pem_file
from simulation.planted_table import search

_PATIENCE = 600.0  # for one bug, on a machine that is busy with something else
Searches = dict[str, "ApplyResult[planted.Found]"]


@pytest.fixture(scope="module")
def searches() -> Iterator[Searches]:
    pem_file()  # one for all processes
    # Without the tracer of a coverage run, which they would inherit: it doubles their time, and what it sees is lost.
    untraced = partial(sys.settrace, None)
    with multiprocessing.get_context("fork").Pool(len(os.sched_getaffinity(0)), untraced) as pool:
        yield {bug.name: pool.apply_async(search, (number,)) for number, bug in enumerate(planted.ALL)}


@pytest.mark.parametrize("bug", planted.ALL, ids=lambda bug: bug.name)
def test_a_planted_bug_is_noticed_for_its_own_reason(bug: planted.Planted, searches: Searches) -> None:
    found = searches[bug.name].get(_PATIENCE)
    assert 1 <= found.seed <= planted.SEEDS
    assert found.kind in bug.noticed_as, found.sentence


def test_there_are_many_planted_bugs_and_each_says_what_it_is() -> None:
    assert len({bug.name for bug in planted.ALL}) >= 40
    assert all(bug.says for bug in planted.ALL)


def test_a_world_without_a_bug_holds() -> None:
    nothing = planted.Planted(nullcontext, frozenset())
    assert planted.first_found(nothing, range(1, 4)) == planted.Found()
