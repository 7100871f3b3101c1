"""Trouble on demand: which requests are delayed, refused, cut off or committed without an answer.

Actions, by what the service has done when the client notices:

=============  ==============================================================================
delay          waits, then commits and answers
delay_after    commits, waits, then answers
status         answers `status` and `body`; nothing is committed
status_after   commits, then answers `status` and `body` in place of the truth
reset_before   resets the connection; nothing is committed
reset_after    commits, then resets the connection
lost_after     commits, then closes the connection without an answer
drop           never answers and never commits; the connection stays open for `seconds` (else a minute)
late           closes the connection now, commits `seconds` later
=============  ==============================================================================
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from avantto_qbo.sandbox.http import Reply, Request

Action = Literal[
    "delay", "delay_after", "status", "status_after", "reset_before", "reset_after", "lost_after", "drop", "late"
]
COMMITS_FIRST: frozenset[Action] = frozenset({"delay_after", "status_after", "reset_after", "lost_after"})
NEVER_COMMITS: frozenset[Action] = frozenset({"status", "reset_before", "drop"})
NO_ANSWER: frozenset[Action] = frozenset({"reset_before", "reset_after", "lost_after", "drop", "late"})


@dataclass(frozen=True, slots=True)
class Match:
    """Which requests a fault is about; an empty criterion fits everything.

    `path` is a substring, `operation` a regular expression searched in the service's own name for the request,
    `body` a substring of the request body.
    """

    method: str = ""
    path: str = ""
    operation: str = ""
    body: str = ""

    def fits(self, request: Request, operation: str) -> bool:
        """Say whether the request is meant."""
        return (
            (not self.method or self.method.upper() == request.method.upper())
            and self.path in request.path
            and (not self.operation or re.search(self.operation, operation) is not None)
            and (not self.body or self.body.encode() in request.body)
        )


@dataclass(frozen=True, slots=True)
class Fault:
    """One planned trouble: fires `times` times (0 = for ever) after `skip` matches, each with `chance`."""

    action: Action
    match: Match = field(default_factory=Match)
    status: int = 500
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    times: int = 1
    skip: int = 0
    chance: float = 1.0

    def reply(self) -> Reply:
        """Return the planned answer of `status` and `status_after`."""
        content = "text/xml" if self.body.lstrip().startswith("<") else "application/json"
        return Reply(self.status, {"content-type": content, **self.headers}, self.body.encode())


@dataclass(slots=True)
class _Planned:
    fault: Fault
    seen: int = 0
    fired: int = 0

    @property
    def spent(self) -> bool:
        return 0 < self.fault.times <= self.fired


@dataclass(frozen=True, slots=True)
class Fired:
    """What a fault did: the action and the request that met it."""

    action: Action
    method: str
    path: str
    operation: str


class FaultPlan:
    """The list of planned faults, asked once per request before the service sees it."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._planned: list[_Planned] = []
        self.fired: list[Fired] = []

    def add(self, fault: Fault) -> None:
        """Plan one more fault; earlier ones are tried first."""
        self._planned.append(_Planned(fault))

    def clear(self) -> None:
        """Forget every planned fault and what has fired."""
        self._planned.clear()
        self.fired.clear()

    @property
    def pending(self) -> tuple[Fault, ...]:
        """The faults that can still fire."""
        return tuple(planned.fault for planned in self._planned if not planned.spent)

    def decide(self, request: Request, operation: str) -> Fault | None:
        """Return the fault this request meets, or None; counts as fired."""
        for planned in self._planned:
            if not planned.spent and planned.fault.match.fits(request, operation) and self._fires(planned):
                self.fired.append(Fired(planned.fault.action, request.method, request.path, operation))
                return planned.fault
        return None

    def _fires(self, planned: _Planned) -> bool:
        planned.seen += 1
        if planned.seen <= planned.fault.skip:
            return False
        if planned.fault.chance < 1 and self._rng.random() >= planned.fault.chance:
            return False
        planned.fired += 1
        return True


def fault_from(plain: Mapping[str, Any]) -> Fault:
    """Read a fault from the control interface's JSON; raise `ValueError` on an unknown action or member.

    `match` may be an object with method, path, operation and body, or those members may stand beside `action`.
    """
    members = dict(plain)
    criteria = dict(members.pop("match", None) or {})
    criteria |= {name: members.pop(name) for name in ("method", "path", "operation") if name in members}
    if members.get("action") not in get_args(Action):
        raise ValueError(f"unknown fault action {members.get('action')!r}, expected one of {get_args(Action)}")
    for number in ("seconds", "chance"):
        if number in members:
            members[number] = float(members[number])
    try:
        return Fault(match=Match(**criteria), **members)
    except TypeError as error:
        raise ValueError(str(error)) from error
