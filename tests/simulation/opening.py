"""The plan of a seed: which shops there are, how their vendors behave, and how the daemon is configured."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import Final

from avantto_qbo.config import Config, Doubt, Polling
from avantto_qbo.model.settings import Settings
from avantto_qbo.sandbox.avantto import Avantto
from avantto_qbo.sandbox.quickbooks import QuickBooks
from simulation.run import config_of
from simulation.shops import HOMES, Shop

_KINDS: Final = ("us", "us", "us", "us_recompute", "us_no_tax", "us_manual", "uk", "ca", "au")
_SHOPS: Final = (1, 1, 2, 2, 3)
_SHARED: Final = 0.5  # how often one keeps its books in the company of the one before
_REQUEST_IDS: Final = ("honoured", "honoured", "ignored", "expired")
# Companies that keep the numbers they are sent and refuse one that is taken. Where request ids are forced, all do: with
# neither nothing can ever be sent again.
_NUMBERED: Final = (True, True, True, False)
_UNTAXED: Final = {"uk": "6", "ca": "5", "au": "3"}


def open_shops(draw: random.Random, books: QuickBooks, crm: Avantto, requestid: str) -> list[Shop]:
    """Draw the shops, and open each at both vendors; `requestid` forces that knob of every company."""
    kind = draw.choice(_KINDS)
    shops: list[Shop] = []
    for number in range(1, draw.choice(_SHOPS) + 1):
        share = bool(shops) and draw.random() < _SHARED
        realm = shops[-1].realm if share else f"46208163650000000{number:02d}"
        shops.append(Shop(f"Loc000000000000000{number:02d}", realm, kind, shared=share))
    for side in (books, crm):
        side.outbox.configure(url=f"https://daemon.test/{side.__class__.__name__}")
    for shop in shops:
        _open_books(draw, books, shop, requestid)
        home = HOMES.get(kind, HOMES["us"])
        crm.play.add_location(shop.place, f"Shop {shop.place[-2:]}", google_place_id="PLACE", **home)
        crm.play.set(
            shop.place,
            invoice_link=draw.choice(("entity", "source", "order")),
            transaction_lag=draw.choice((0.0, 0.0, 20.0)),
            refunded_status=draw.random() < 0.3,
        )
    crm.play.set(refresh_grace=draw.choice((0.0, 60.0)))
    return shops


def _open_books(draw: random.Random, books: QuickBooks, shop: Shop, requestid: str) -> None:
    numbered = bool(requestid) or draw.choice(_NUMBERED)
    requestid = requestid or draw.choice(_REQUEST_IDS)
    query_lag = draw.choice((0.0, 0.0, 5.0, 60.0))
    rotation, old = draw.choice(("daily", "every")), draw.choice(("at_once", "until_used"))
    touches, leaves = draw.random() < 0.3, draw.choice(("inactive", "gone"))
    if shop.realm not in books.companies:
        books.play.add_company(
            shop.realm,
            shop.kind,  # type: ignore[arg-type]
            requestid=requestid,
            custom_txn_numbers=numbered,
            query_lag=query_lag,
            rotation=rotation,
            old_refresh=old,
            balance_touches_customer=touches,
            merge_leaves=leaves,
        )


def configure(draw: random.Random, kind: str, pem: Path) -> Config:
    """Draw the configuration of a daemon whose companies are of this kind."""
    codes = {"none": _UNTAXED[kind]} if kind in _UNTAXED else {}
    settings = Settings(review_hours="always", refund_account="Checking", tax_codes=codes)
    minutes = draw.choice((1, 2, 3))
    polling = Polling(
        contacts=timedelta(minutes=4 * minutes),
        payments=timedelta(minutes=5 * minutes),
        invoices=timedelta(minutes=10 * minutes),
    )
    return config_of(pem, polling=polling, doubt=Doubt(), defaults=settings)
