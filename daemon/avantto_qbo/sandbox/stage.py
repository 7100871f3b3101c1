"""Serve the stand-ins as a process until it is told to stop."""

from __future__ import annotations

import random
import signal
import sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from typing import Literal

import anyio

from avantto_qbo.sandbox.avantto import Avantto
from avantto_qbo.sandbox.http import encode_json
from avantto_qbo.sandbox.quickbooks import QuickBooks
from avantto_qbo.sandbox.serve import VendorService, serve

Only = Literal["quickbooks", "avantto"]


def run(quickbooks_port: int = 0, avantto_port: int = 0, only: Only | None = None, seed: int = 0) -> None:
    """Serve both stand-ins, or `only` one, on loopback; port 0 takes a free one.

    Prints one line of JSON with the base URLs, `{"quickbooks": …, "avantto": …}`, once all listen; returns on SIGTERM
    or SIGINT.
    """
    ports = {"quickbooks": quickbooks_port, "avantto": avantto_port}
    chosen = {name: port for name, port in ports.items() if only in {None, name}}
    anyio.run(partial(_serve_until_stopped, chosen, random.Random(seed)))


async def _serve_until_stopped(ports: dict[str, int], rng: random.Random) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async with AsyncExitStack() as stack:
            urls = {}
            for name, port in ports.items():
                running = await stack.enter_async_context(serve(_service(name, rng), port))
                urls[name] = running.url
            sys.stdout.write(f"{encode_json(urls).decode()}\n")
            sys.stdout.flush()
            async for _ in signals:
                break


def _service(name: str, rng: random.Random) -> VendorService:
    now = partial(datetime.now, UTC)
    return QuickBooks(now, rng) if name == "quickbooks" else Avantto(now, rng)
