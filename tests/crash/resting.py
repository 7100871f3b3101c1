"""Let the daemon come to rest after a crash, and note every question it asks of a person on the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from avantto_qbo.cli.status_client import ApiError
from avantto_qbo.model.operation import OPEN
from avantto_qbo.model.records import Status
from avantto_qbo.server.api import AttentionItem, OperationAnswer, ShowAnswer, SyncAnswer
from crash.ground import Ground
from crash.picture import Picture, count, picture
from integration.business import Business
from integration.waiting import NeverHappenedError

_POLLED: Final = {"books": ("cdc",), "crm": ("invoices.list", "transactions.list")}
_WITHIN: Final = 15.0
_PAUSE: Final = 0.015
_ASK_AGAIN: Final = 0.5
UNRESOLVED: Final = "doubt_unresolved"
# What a doubtful create would have made, to tell a needless question from one that only a person can answer.
_MAKES: Final = {
    "invoice.create": "Invoice",
    "payment.create": "Payment",
    "receipt.create": "SalesReceipt",
    "refund.create": "RefundReceipt",
    "contact.create": "contacts",
}


@dataclass(slots=True)
class Rest:
    """How the daemon came to rest: what it asked (code and kind), and what of that it had no reason to ask."""

    asked: list[str] = field(default_factory=list)
    needless: list[str] = field(default_factory=list)


def until(check: Callable[[], object], what: str, place: Business, within: float = _WITHIN) -> None:
    began = time.monotonic()
    while not check():
        if time.monotonic() - began > within:
            raise NeverHappenedError(f"not within {within:g} s: {what}\n{place._story()}")
        time.sleep(_PAUSE)


def at_rest(ground: Ground, place: Business, wanted: Picture | None = None) -> Rest:
    """Ask both sides about everything, answer what a person is asked, and wait until nothing is left to do.

    `wanted` is how both systems shall look in the end: the books lacking what a held create makes is what makes its
    question one that only a person can answer.
    """
    rest, written = Rest(), None
    while written != (now := _writes(place)):
        written = now
        for _ in range(2):  # a poll of which only the question was seen may be at work still: the next one waits for it
            _poll(ground, place, rest)
        until(lambda: _idle(ground, place, rest, wanted), "nothing is left to do", place)
    return rest


def idle(place: Business) -> bool:
    """Nothing is left to do, as far as the daemon knows."""
    return _nothing_left(place.show())


def _poll(ground: Ground, place: Business, rest: Rest) -> None:
    """Ask for every poll and wait until each has begun."""
    goal, asked = tuple(number + 1 for number in _polled(place)), 0.0

    def begun() -> bool:
        nonlocal asked
        if time.monotonic() - asked > _ASK_AGAIN:
            asked = time.monotonic()
            _sync(ground, place, rest)
        return all(now >= then for now, then in zip(_polled(place), goal, strict=True))

    until(begun, "every poll has begun", place)


def _sync(ground: Ground, place: Business, rest: Rest) -> None:
    if place.show().status is Status.BROKEN:
        rest.asked.append("reconnect")
        ground.connect(place)
    ground.daemon.client.post(f"/locations/{place.location}/sync", SyncAnswer)


def _writes(place: Business) -> int:
    return int(place.books("counters")["writes"]) + int(place.crm("counters")["writes"])


def _polled(place: Business) -> tuple[int, ...]:
    books, crm = place.books("counters")["operations"], place.crm("counters")["operations"]
    return tuple(books.get(name, 0) for name in _POLLED["books"]) + tuple(crm.get(name, 0) for name in _POLLED["crm"])


def _idle(ground: Ground, place: Business, rest: Rest, wanted: Picture | None) -> bool:
    shown = place.show()
    for item in shown.attention:
        _answer(ground, place, item, rest, wanted)
    if shown.attention:
        return False
    return _nothing_left(shown)


def _nothing_left(shown: ShowAnswer) -> bool:
    return shown.mail == 0 and not any(shown.operations[state] for state in OPEN)


def _answer(ground: Ground, place: Business, item: AttentionItem, rest: Rest, wanted: Picture | None) -> None:
    """Do as the mend says, once."""
    question = f"{item.code} {item.kind}"
    rest.asked.append(question)
    if rest.asked.count(question) > 2 or item.code != UNRESOLVED:
        raise NeverHappenedError(f"waits for a person: {question} {item.object}: {item.text}\n{place._story()}")
    made = _MAKES.get(item.kind, "")
    if wanted is not None and made and count(picture(place), made) >= count(wanted, made):
        rest.needless.append(question)
    try:
        ground.daemon.client.post(f"/operations/{item.id}/retry", OperationAnswer)
    except ApiError:  # it moved on meanwhile
        return
