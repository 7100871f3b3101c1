"""How much and how long a caller may send, and how much may wait before we ask to come back later."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec

# JSON from outside: the vendors' deepest documents nest 8 levels, an invoice with 500 lines has some 30,000 nodes.
DEEPEST: Final = 64
MOST_NODES: Final = 50_000

# The high-water mark of webhooks. A delivery under way costs its body and about 10 kB, one that waits for the disk its
# body; a second of a healthy disk commits more than 1,000. Mail costs no memory, but with 50,000 documents waiting the
# polls find everything long before its turn comes: a hint makes nothing sooner.
MOST_UNITS: Final = 1_000
MOST_MAIL: Final = 50_000
MOST_BODIES: Final = 32 * 1024 * 1024  # bytes of bodies under way, of all callers together; the slowest make way
HIGH_WATER_WAIT: Final = timedelta(seconds=30)
DEPTH_LOOK: Final = timedelta(seconds=5)  # how old a count of the mail may be


class Limits(msgspec.Struct, frozen=True):
    """Bounds of one listener. `body_time` covers a whole body, `header_time` every request's head.

    `head_bytes` bounds a head that is not complete yet, `header_bytes` one line of it and `headers` their number.
    `answer_time` is how long a caller may leave an answer unread once it no longer fits the socket's buffers.

    `connections` is of all callers, `per_address` of one IPv4 address or one /64 of IPv6. Only global addresses are
    counted one by one: a peer with a loopback or private address (or on a unix socket) is a reverse proxy that speaks
    for everybody, and keeping its own callers apart is its work (X-Forwarded-For is read by nobody, so that nobody can
    forge it). `refused` callers at most are told 429; beyond that connections are just closed.

    `intake_quickbooks` keeps the answer within the 3 s Intuit waits for. `keepalive` outlasts the idle time of the
    usual reverse proxies, so that they never write into a connection we are closing.
    """

    body_bytes: int = 1024 * 1024
    body_time: timedelta = timedelta(seconds=10)
    header_time: timedelta = timedelta(seconds=10)
    header_bytes: int = 8190
    headers: int = 64
    head_bytes: int = 32 * 1024
    answer_time: timedelta = timedelta(seconds=30)
    connections: int = 512
    per_address: int = 64
    refused: int = 128
    keepalive: timedelta = timedelta(seconds=75)
    linger: timedelta = timedelta(seconds=1)
    intake_avantto: timedelta = timedelta(seconds=10)
    intake_quickbooks: timedelta = timedelta(milliseconds=2500)
    shutdown: timedelta = timedelta(seconds=10)
