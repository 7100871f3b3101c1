"""`avantto-qbo demo`: a day of three small businesses between two stand-in vendors, told live, proved at the end."""

from __future__ import annotations

from functools import partial

import anyio


def main(json_output: bool = False, crash: bool = False, keep: bool = False) -> int:
    """Play the day and return the exit code, 0 only if both sides of every company are equal.

    `json_output` prints one JSON document on standard output (the story goes to stderr), `crash` kills the daemon
    half-way and starts it again, `keep` leaves everything running until interrupted.
    """
    from avantto_qbo.demo.run import demonstrate

    return anyio.run(partial(demonstrate, json_output=json_output, crash=crash, keep=keep))


__all__ = ["main"]
