"""What people do meanwhile: they sell in Avantto, and they keep books in QuickBooks by hand."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Final

from avantto_qbo.sandbox.avantto import Avantto
from avantto_qbo.sandbox.avantto.documents import VendorError
from avantto_qbo.sandbox.control import ControlError
from avantto_qbo.sandbox.quickbooks import QuickBooks
from simulation.bookkeeping import Bookkeepers
from simulation.selling import Sellers
from simulation.shops import Shop

_CHANCES: Final = (ControlError, VendorError, KeyError, ValueError, IndexError)
Act = Callable[[Shop], object]


class People:
    """Acts of people, drawn one at a time; `done` counts them."""

    def __init__(self, rng: random.Random, crm: Avantto, books: QuickBooks, shops: list[Shop], *, meddle: bool) -> None:
        self._rng, self.shops, self._meddle = rng, shops, meddle
        self.sellers, self.bookkeepers = Sellers(rng, crm, shops), Bookkeepers(rng, books)
        self.done: Counter[str] = Counter()
        self._acts = self._menu()

    def _menu(self) -> list[tuple[str, Act]]:
        sellers, books = self.sellers, self.bookkeepers
        weighted: list[tuple[int, Act]] = [
            (7, sellers.send_invoice),
            (6, sellers.sell),
            (4, sellers.pay),
            (2, sellers.pay_part),
            (1, sellers.pay_cash),
            (3, sellers.edit),
            (1, sellers.renumber),
            (1, sellers.void),
            (1, sellers.delete),
            (2, sellers.refund),
            (1, sellers.debit),
            (1, sellers.settle),
            (1, sellers.subscribe),
            (2, sellers.renew),
            (1, sellers.test_sale),
            (1, sellers.old_invoice),
            (3, books.new_customer),
            (2, books.first_paid),
        ]
        if self._meddle:
            weighted += [(2, books.meddle_with_document), (2, books.meddle_with_customer)]
        return [(act.__name__, act) for weight, act in weighted for _ in range(weight)]

    def named(self, act: str) -> Act:
        """An act by its name."""
        whose = self.sellers if hasattr(self.sellers, act) else self.bookkeepers
        found: Act = getattr(whose, act)
        return found

    def act(self) -> str:
        """Let somebody do something; "" when it could not be done."""
        shop = self._rng.choice(self.shops)
        name, act = self._rng.choice(self._acts)
        try:
            act(shop)
        except _CHANCES:
            return ""
        self.done[name] += 1
        return f"{name} {shop.place[-3:]}"
