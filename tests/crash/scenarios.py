"""Every kind of document and every kind of conversation with a vendor, as a step to be cut off anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from crash.ground import Ground
from crash.resting import idle, until
from crash.steps import (
    Step,
    back_up,
    called_back,
    connect,
    customer_by_hand,
    customers,
    debited,
    disconnect,
    disconnect_and_connect,
    edited,
    fenced,
    known_contact,
    nothing,
    only_invoice,
    only_transaction,
    paid,
    pay,
    posted,
    receipt,
    receipt_by_debit,
    receipt_called_back,
    renewed,
    sale_with_old_tokens,
    same_person,
    subscribed,
    whole_copy,
    workflow,
)
from integration.business import Business


@dataclass(frozen=True, slots=True)
class Scenario:
    """`before` is done in peace, `play` is what a kill cuts off; `knobs` and `crm_knobs` turn the vendors' switches.

    `after` is what a person would do again who saw the first try cut off. `at_most_once`: the last effect is a message
    to a person, which is lost rather than repeated. `may_ask`: a question to a person that only this scenario may
    bring. `webhooks` off leaves everything to the polls.
    """

    name: str
    play: Step
    before: Step = nothing
    after: Step = nothing
    settings: Mapping[str, str] = field(default_factory=dict)
    knobs: Mapping[str, object] = field(default_factory=dict)
    crm_knobs: Mapping[str, object] = field(default_factory=dict)
    app_knobs: Mapping[str, object] = field(default_factory=dict)
    connected: bool = True
    at_most_once: bool = False
    may_ask: tuple[str, ...] = ()
    webhooks: bool = True

    def open(self, ground: Ground) -> Business:
        """Return a business that stands where `play` begins."""
        ground.fair_weather()
        place = ground.enlist(name="Shop")
        place.set_books(**self.knobs)
        place.crm("set", **{"search_lag": 0, **self.crm_knobs})
        ground.crm("set", **{"refresh_grace": 30, **self.app_knobs})
        if not self.connected:
            self.before(place)
        else:
            ground.connect(place, **self.settings)
            self.before(place)
            until(lambda: idle(place), "the ground is laid", place)
        if not self.webhooks:
            ground.no_webhooks()
        return place


DOCUMENTS: Final = (
    Scenario("customer create", lambda place: place.sent_invoice(100)),
    Scenario(
        "item create",
        lambda place: place.sent_invoice(0, items=[{"name": "Deluxe wash", "amount": 30}]),
        settings={"products": "create"},
    ),
    Scenario("invoice create", lambda place: place.sent_invoice(60), before=posted),
    Scenario("invoice create, fence known", lambda place: place.sent_invoice(60), before=fenced),
    Scenario("invoice update", edited, before=posted),
    Scenario("invoice void", lambda place: place.crm("void_invoice", invoice=only_invoice(place)), before=posted),
    Scenario("payment create", pay(), before=posted),
    Scenario("payment create, a part", pay(amount=40), before=posted),
    Scenario("payment unlink", lambda place: place.crm("void_invoice", invoice=only_invoice(place)), before=paid),
    Scenario("payment void", called_back, before=debited),
    Scenario("sales receipt", lambda place: place.sale(40)),
    Scenario("sales receipt, renewal", renewed, before=subscribed),
    Scenario("sales receipt void", receipt_called_back, before=receipt_by_debit),
    Scenario(
        "refund receipt",
        lambda place: place.crm("refund", transaction=only_transaction(place), amount=10),
        before=receipt,
        settings={"refund_account": "Checking"},
    ),
)
PEOPLE: Final = (
    Scenario("contact create", customer_by_hand),
    Scenario("contact update and tag", same_person, before=known_contact),
    Scenario("review message", pay(), before=posted, settings={"reviews": "on"}, at_most_once=True),
    Scenario("workflow add", pay(), before=workflow, at_most_once=True),
)
CONVERSATIONS: Final = (
    Scenario("token refresh", sale_with_old_tokens, before=receipt),
    Scenario(
        "token refresh, every one rotated",
        sale_with_old_tokens,
        before=receipt,
        knobs={"rotation": "every", "old_refresh": "until_used"},
    ),
    # Both vendors forget the old refresh token at once: an answer that dies with the process ends the connection.
    Scenario(
        "token refresh, no second chance",
        sale_with_old_tokens,
        before=receipt,
        knobs={"rotation": "every", "old_refresh": "at_once"},
        app_knobs={"refresh_grace": 0},
        may_ask=("reconnect",),
    ),
    Scenario("change feed", customer_by_hand, webhooks=False),
    Scenario("connect", connect, before=customers, after=connect, connected=False),
    Scenario("disconnect", disconnect, before=posted, after=disconnect_and_connect),
    Scenario("backup", back_up, before=posted, after=whole_copy),
)
SCENARIOS: Final = (*DOCUMENTS, *PEOPLE, *CONVERSATIONS)
