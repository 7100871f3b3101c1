"""The part of the control interface both services share: faults, webhooks, journal, counters.

A service's `Play` adds its own actions to this class. Each public method is one action: its keyword arguments are the
members of the JSON object posted to `/_sandbox/<action>`, its result is the JSON answer.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from avantto_qbo.sandbox.faults import Fault, FaultPlan, fault_from
from avantto_qbo.sandbox.traffic import Traffic
from avantto_qbo.sandbox.webhooks import Outbox


class ControlError(Exception):
    """An action was called wrongly, or the vendor refused it; `payload` is the JSON answer."""

    def __init__(self, message: str, payload: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.payload: dict[str, Any] = {"error": message, **(payload or {})}


class CommonPlay:
    """Actions every stand-in service offers."""

    def __init__(self, faults: FaultPlan, outbox: Outbox, traffic: Traffic) -> None:
        self._faults = faults
        self._outbox = outbox
        self._traffic = traffic

    def faults(self, add: Iterable[Mapping[str, Any] | Fault] = (), clear: bool = False) -> dict[str, Any]:
        """Plan faults, or forget all; return how many are pending and what has fired."""
        if clear:
            self._faults.clear()
        for fault in add:
            self._faults.add(fault if isinstance(fault, Fault) else fault_from(fault))
        return {"pending": len(self._faults.pending), "fired": [asdict(fired) for fired in self._faults.fired]}

    def webhooks(self, **settings: object) -> dict[str, Any]:
        """Change how webhooks are sent (see `OutboxSettings`); return the settings and what was sent."""
        changed = self._outbox.configure(**settings)
        return {
            **asdict(changed),
            "announced": self._outbox.announced,
            "dropped": self._outbox.dropped,
            "attempts": [asdict(attempt) for attempt in self._outbox.attempts],
        }

    def journal(self, clear: bool = False) -> list[dict[str, Any]]:
        """Return the requests seen, oldest first; with `clear` also forget them."""
        seen = [asdict(entry) for entry in self._traffic.seen]
        if clear:
            self._traffic.clear()
        return seen


def call_action(play: object, action: str, arguments: Mapping[str, Any]) -> Any:
    """Call the action of that name; raise `ControlError` when there is none or the arguments do not fit."""
    method = None if action.startswith("_") else getattr(play, action, None)
    if not inspect.ismethod(method):
        raise ControlError(f"there is no action {action!r}")
    try:
        inspect.signature(method).bind(**arguments)
    except TypeError as error:
        raise ControlError(f"{action}: {error}") from error
    try:
        return method(**arguments)
    except (KeyError, ValueError) as error:
        raise ControlError(f"{action}: {error}") from error
