"""One business of a test: a location in Avantto, a company in QuickBooks, and the people who work in both."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from avantto_qbo.model.operation import OPEN, State
from avantto_qbo.server.api import AttentionItem, LocationAnswer, ShowAnswer, SyncAnswer
from integration.processes import Answer, Json
from integration.waiting import seconds_until, until

if TYPE_CHECKING:
    from integration.house import House

T = TypeVar("T")
ANN: Mapping[str, str] = {"name": "Ann Bee", "email": "ann@example.com", "phone": "+12025550111"}
BOB: Mapping[str, str] = {"name": "Bob Cee", "email": "bob@example.com"}
# What one round of polls asks: of the books, and of the location.
_POLLS = {"books": ("cdc",), "crm": ("invoices.list", "transactions.list")}


class Business:
    """A location and a company; `crm` and `books` act as the people in the two services."""

    def __init__(self, house: House, location: str, realm: str) -> None:
        self.house, self.location, self.realm = house, location, realm

    # -- the owner and the operator ----------------------------------------------------------------------------------

    def connect(self, *more: str) -> Answer:
        """Run `connect` with fresh token files."""
        return self.house.cli(*self.connect_command(), *more)

    def connect_command(self, *, realm: str = "") -> tuple[str, ...]:
        """Return the command that connects this location to its (or another) company, with fresh token files."""
        realm = realm or self.realm
        avantto = self.house.token_file(f"{self.location}-avantto", self.crm("mint_tokens"))
        quickbooks = self.house.token_file(f"{realm}-quickbooks", self.house.books("mint_tokens", realm=realm))
        tokens = ("--avantto-token", avantto, "--quickbooks-token", quickbooks)
        return ("connect", self.location, "--realm", realm, *tokens)

    def connected(self, *more: str) -> Business:
        """Connect and return itself once the customers that were there are contacts."""
        answer = self.connect(*more)
        assert answer.code == 0, answer.err
        self.until(lambda: self.show().mail == 0, "the mailbox is empty after connecting")
        return self

    def set(self, **settings: str) -> None:
        """Change settings of the location."""
        answer = self.house.cli("settings", self.location, *(f"{key}={value}" for key, value in settings.items()))
        assert answer.code == 0, answer.err

    def restart_daemon(self) -> None:
        """Kill -9 and start again, as fast as no supervisor of processes would.

        The new process knows nothing of what the old one asked within the same second, so the vendor's limit is off.
        """
        self.set_books(rate_limits=False)
        self.house.daemon.kill()
        self.house.daemon.start()

    def disconnect(self) -> None:
        self._ask("/disconnect", LocationAnswer)

    def show(self) -> ShowAnswer:
        return self.house.daemon.client.get(f"/locations/{self.location}", ShowAnswer)

    def number_of(self, state: State) -> int:
        """How many operations stand in `state`."""
        return self.show().operations[state]

    def waiting_for_a_person(self) -> tuple[AttentionItem, ...]:
        return self.show().attention

    def _ask(self, path: str, kind: type[T]) -> T:
        return self.house.daemon.client.post(f"/locations/{self.location}{path}", kind)

    # -- Avantto -----------------------------------------------------------------------------------------------------

    def crm(self, action: str, **arguments: object) -> Any:
        return self.house.crm(action, location=self.location, **arguments)

    def sent_invoice(self, amount: int = 100, *, contact: Mapping[str, str] = ANN, **more: Any) -> str:
        """Write an invoice of one line, send it, and return its id."""
        items = more.pop("items", [{"name": "Wash", "amount": amount}])
        invoice = self.crm("create_invoice", contact=contact, items=items, **more)["_id"]
        self.crm("send_invoice", invoice=invoice)
        return str(invoice)

    def sale(self, amount: int = 40, *, contact: Mapping[str, str] = ANN) -> str:
        """Sell something by an order form and return the transaction's id."""
        sold = self.crm("sell_order_form", contact=contact, items=[{"name": "Kit", "amount": amount}])
        return str(sold["transaction"]["_id"])

    def contacts(self) -> list[Json]:
        return list(self.crm("state")["contacts"].values())

    def messages(self) -> list[Json]:
        return list(self.crm("messages"))

    # -- QuickBooks --------------------------------------------------------------------------------------------------

    def books(self, action: str, **arguments: object) -> Any:
        return self.house.books(action, realm=self.realm, **arguments)

    def objects(self, entity: str) -> list[Json]:
        return list(self.books("state")[entity])

    def new_customer(self, name: str, email: str = "") -> Json:
        body: Json = {"DisplayName": name}
        if email:
            body["PrimaryEmailAddr"] = {"Address": email}
        created: Json = self.books("create", entity="Customer", body=body)
        return created

    def set_books(self, **knobs: object) -> None:
        self.books("set", **knobs)

    def asked(self) -> Counter[str]:
        """Count what was asked of the books, by operation, leaving out the poll."""
        counted = Counter(self.books("counters")["operations"])
        del counted["cdc"]
        return counted

    def requests(self, operation: str) -> list[Json]:
        """Return the requests of one operation to this company, in the order they came."""
        seen = self.house.books("journal")
        return [one for one in seen if one["account"] == self.realm and one["operation"] == operation]

    # -- trouble -----------------------------------------------------------------------------------------------------

    def books_fault(self, operation: str, action: str, **more: object) -> None:
        """Plan one fault for this company only."""
        fault = {"action": action, "operation": rf"^{operation}$", "path": f"/{self.realm}/", **more}
        self.house.books("faults", add=[fault])

    def crm_fault(self, operation: str, action: str, **more: object) -> None:
        self.house.crm("faults", add=[{"action": action, "operation": rf"^{operation}$", **more}])

    def fired(self) -> int:
        return len(self.house.books("faults")["fired"]) + len(self.house.crm("faults")["fired"])

    # -- waiting -----------------------------------------------------------------------------------------------------

    def until(self, check: Callable[[], T], what: str, *, within: float = 6.0) -> T:
        return until(check, what, within=within, story=self._story)

    def seconds_until(self, check: Callable[[], object], what: str, *, within: float) -> float:
        return seconds_until(check, what, within=within, story=self._story)

    def until_in_books(self, entity: str, count: int = 1, *, within: float = 6.0) -> list[Json]:
        """Wait until the company holds at least `count` objects, and return them."""
        self.until(lambda: len(self.objects(entity)) >= count, f"{count} {entity} in the books", within=within)
        return self.objects(entity)

    def until_held(self, code: str, *, within: float = 6.0) -> AttentionItem:
        """Wait until something of that code waits for a person."""

        def found() -> AttentionItem | None:
            return next((item for item in self.waiting_for_a_person() if item.code == code), None)

        item = self.until(found, f"{code} waits for a person", within=within)
        assert item is not None
        return item

    def all_quiet(self, *, within: float = 25.0) -> None:
        """Ask both sides once more about everything and wait until nothing is left to do: what is so now stays so.

        Sweeps are held to 20 requests in 10 s, so that asking often makes a poll wait its turn.
        """
        # A poll of which only the question was seen may still be working: the next one waits for it.
        wanted = tuple(count + 2 for count in self._polled())
        self.until(lambda: self._polled_again(wanted), "polled twice", within=within)
        self.until(self._idle, "nothing is left to do", within=within)

    def _polled_again(self, wanted: tuple[int, ...]) -> bool:
        self._ask("/sync", SyncAnswer)
        time.sleep(0.3)
        return all(count >= most for count, most in zip(self._polled(), wanted, strict=True))

    def _polled(self) -> tuple[int, ...]:
        books, crm = self.books("counters")["operations"], self.crm("counters")["operations"]
        return tuple(books.get(name, 0) for name in _POLLS["books"]) + tuple(crm.get(name, 0) for name in _POLLS["crm"])

    def _idle(self) -> bool:
        shown = self.show()
        return shown.mail == 0 and not any(shown.operations[state] for state in OPEN)

    def _story(self) -> str:
        shown, log = self.show(), self.house.daemon.log
        lines = [f"{shown.status} {shown.reason}; operations {shown.operations}; mail {shown.mail}"]
        lines += [f"waits: {item.kind} {item.object}: {item.code}: {item.text}" for item in shown.attention]
        lines += [f"done: {row.text}" for row in shown.activity]
        return "\n".join([*lines, log(self.location), log(self.realm)])
