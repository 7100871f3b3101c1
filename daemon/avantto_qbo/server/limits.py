"""How much and how long a caller may send."""

from __future__ import annotations

from datetime import timedelta

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """Bounds of one listener. `body_time` covers a whole body, `header_time` the first request's headers.

    `intake_quickbooks` keeps the answer within the 3 s Intuit waits for. `keepalive` outlasts the idle time of the
    usual reverse proxies, so that they never write into a connection we are closing.
    """

    body_bytes: int = 1024 * 1024
    body_time: timedelta = timedelta(seconds=10)
    header_time: timedelta = timedelta(seconds=10)
    keepalive: timedelta = timedelta(seconds=75)
    linger: timedelta = timedelta(seconds=1)
    intake_avantto: timedelta = timedelta(seconds=10)
    intake_quickbooks: timedelta = timedelta(milliseconds=2500)
    shutdown: timedelta = timedelta(seconds=10)
