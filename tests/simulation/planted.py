"""Every planted bug, what must notice it, and the search for the first seed in which that happens.

A bug is found by a seed that ends in a violation with the bug and holds without it. Seeds are tried from 1 on, so that
the number needed is the true one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from simulation import planted_access as access
from simulation import planted_books as books
from simulation import planted_inlets as inlets
from simulation import planted_recording as recording
from simulation import planted_sending as sending
from simulation.keys import pem_file
from simulation.narrowed import (
    Patch,
    companies,
    forgetful,
    impatient,
    lagging,
    meddling,
    mortal,
    no_nights,
    only,
    refreshes_meet,
    repeated,
    request_ids_proven,
    sharing,
    stormy,
    unnumbered,
    very_late,
    writes_meet,
)
from simulation.outcome import Bug, Options
from simulation.report import play
from simulation.weather import Fate

SEEDS: Final = 100
# What noticed, by words of its sentence; the first that fits.
_KINDS: Final = {
    "an error of ours": "our own error",
    "the daemon ended by itself": "our own error",
    "a message to a person": "message without intent",
    "without a committed intent": "write without intent",
    "left with the token of": "another tenant's token",
    "left while another write": "two at once",
    "twice (ids": "duplicated",
    "was asked for a review twice": "message twice",
    "by a person and is there again": "put back",
    "came into the books": "reordered",
    "no inbox was told of": "cursor too early",
    "is not in the journal": "lost at the door",
    "no mailbox was told": "lost at the door",
    "was overwritten by": "older over newer",
    "a forged webhook": "forged",
    "is asked to connect again": "needless reconnect",
    "nothing came to rest": "stuck",
    "there is no end to it": "stuck",
    "which nobody is shown": "hidden",
    "contacts at": "contact missing or twice",
    "at rest wrote": "writes at rest",
    "nobody thought of a review": "review forgotten",
    "no message ever left": "review forgotten",
    "the books say nothing": "lost",
    "Avantto says nothing": "not called for",
    "Avantto says": "sums or days",
}


@dataclass(frozen=True)
class Planted:
    """A bug, the kinds of complaint that are about it, and the worlds it is looked for in."""

    bug: Bug
    noticed_as: frozenset[str]
    worlds: tuple[Bug, ...] = ()

    @property
    def name(self) -> str:
        """What it is called."""
        return self.bug.__name__

    @property
    def says(self) -> str:
        """What a careless engineer would have said."""
        return " ".join((self.bug.__doc__ or "").split())


@dataclass(frozen=True)
class Found:
    """The first seed in which a bug was noticed; `seed` is 0 when none was."""

    seed: int = 0
    kind: str = ""
    sentence: str = ""


def kind_of(sentence: str) -> str:
    """What kind of invariant a complaint comes from."""
    return next((kind for words, kind in _KINDS.items() if words in sentence), "something else")


def first_found(planted: Planted, seeds: Sequence[int] = range(1, SEEDS + 1)) -> Found:
    """Play seeds until one ends otherwise with the bug than without it."""
    pem, around = pem_file(), (impatient, *planted.worlds)
    plain, broken = Options(bugs=around), Options(bugs=(*around, planted.bug))
    for seed in seeds:
        sentence = play(seed, pem, broken).violation
        if sentence and not play(seed, pem, plain).violation:
            return Found(seed, kind_of(sentence), sentence)
    return Found()


def _planted(bug: Bug, *kinds: str, worlds: tuple[Bug, ...] = ()) -> Planted:
    return Planted(bug, frozenset(kinds), worlds)


def _sales() -> Patch:
    return only("sell", "send_invoice")


def _charges() -> Patch:
    return only("sell", "sell", "subscribe", "renew", "renew", "refund", "refund")


def _first_payments() -> Patch:
    return only("first_paid", "first_paid", "sell")


def _late() -> Patch:
    return writes_meet(Fate.LATE)


def _answers_lost() -> Patch:
    return writes_meet(Fate.LOST_AFTER, Fate.ERROR_AFTER)


def _garbled() -> Patch:
    return writes_meet(Fate.GARBLED)


def _throttled() -> Patch:
    return writes_meet(Fate.THROTTLED, Fate.THROTTLED_UNTIL)


def _refreshes_lost() -> Patch:
    return refreshes_meet(Fate.LOST_BEFORE, Fate.ERROR_BEFORE)


def _dies_waiting() -> Patch:
    return mortal("arrived")


def _dies_recording() -> Patch:
    return mortal("recorded")


def _dies_committing() -> Patch:
    return mortal("after commit")


ALL: Final = (
    _planted(sending.blind_retry, "duplicated", "contact missing or twice", worlds=(stormy, _late, unnumbered)),
    _planted(sending.instant_look, "duplicated", "contact missing or twice", worlds=(stormy, _late, unnumbered)),
    _planted(sending.failed_look_is_empty, "duplicated", "contact missing or twice", worlds=(lambda: stormy(0.6),)),
    _planted(sending.any_hit_is_ours, "reordered", "lost"),
    _planted(sending.unreadable_is_done, "duplicated", worlds=(stormy, _garbled)),
    _planted(sending.nothing_recovered, "stuck"),
    _planted(
        sending.recovered_by_sending,
        "duplicated",
        "message twice",
        "contact missing or twice",
        worlds=(_dies_waiting,),
    ),
    _planted(sending.intent_after_send, "write without intent"),
    _planted(sending.made_anew, "write without intent", worlds=(stormy,)),
    _planted(
        sending.new_request_id,
        "duplicated",
        worlds=(stormy, _late, very_late, request_ids_proven, unnumbered, _sales),
    ),
    _planted(sending.two_workers, "two at once", "our own error", "write without intent"),
    _planted(sending.doubt_parks_nothing, "duplicated", "reordered"),
    _planted(recording.link_stored_later, "duplicated", "contact missing or twice", worlds=(_dies_recording,)),
    _planted(recording.throttled_is_taken, "lost", "sums or days", worlds=(_throttled,)),
    _planted(books.total_not_compared, "sums or days", worlds=(lambda: companies("us_recompute"), _sales)),
    _planted(sending.message_before_intent, "message without intent"),
    _planted(sending.message_again, "message twice", worlds=(lambda: only("first_paid"), stormy, _answers_lost)),
    _planted(recording.unsent_is_asked, "review forgotten", worlds=(lambda: only("first_paid"), stormy, _throttled)),
    _planted(inlets.unsigned, "forged"),
    _planted(inlets.answered_first, "lost at the door"),
    _planted(inlets.event_stored_apart, "lost at the door", worlds=(_dies_committing, repeated)),
    _planted(inlets.webhooks_trusted, "lost", "sums or days", worlds=(no_nights,)),
    _planted(inlets.no_overlap, "lost", "sums or days", worlds=(_charges, no_nights)),
    _planted(inlets.cursor_first, "cursor too early"),
    _planted(inlets.cursor_by_own_clock, "cursor too early"),
    _planted(inlets.older_row_wins, "older over newer", worlds=(lagging,)),
    _planted(inlets.history_believed, "review forgotten", worlds=(_first_payments,)),
    _planted(inlets.taken_out_first, "lost", "contact missing or twice", "review forgotten"),
    _planted(inlets.three_tries, "lost", "contact missing or twice", worlds=(stormy, no_nights)),
    _planted(inlets.keyed_by_order, "lost", worlds=(_charges, no_nights)),
    _planted(books.invoices_from_ever, "not called for"),
    _planted(books.play_money, "not called for"),
    _planted(books.invoices_sold_again, "not called for", worlds=(lambda: only("send_invoice", "pay"),)),
    _planted(books.money_through_float, "sums or days"),
    _planted(books.day_of_the_server, "sums or days", worlds=(lambda: companies("au"),)),
    _planted(books.first_refund_only, "lost", "sums or days", worlds=(_charges,)),
    _planted(books.nothing_claimed, "duplicated", worlds=(sharing, _sales)),
    _planted(books.deleted_made_again, "put back", worlds=(meddling,)),
    _planted(access.anybodys_token, "another tenant's token"),
    _planted(access.kept_in_memory, "needless reconnect"),
    _planted(access.previous_thrown_away, "needless reconnect", worlds=(lambda: stormy(0.2), forgetful, _sales)),
    _planted(access.spent_thrown_away, "needless reconnect", worlds=(stormy, _refreshes_lost)),
    _planted(access.refused_is_over, "needless reconnect"),
    _planted(access.trouble_is_over, "needless reconnect", worlds=(stormy,)),
)
