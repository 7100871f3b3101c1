"""People at work in the vendor's UI: every public method of `Play` is one control action."""

from __future__ import annotations

from avantto_qbo.sandbox.avantto.play.app import AppPlay
from avantto_qbo.sandbox.avantto.play.billing import BillingPlay
from avantto_qbo.sandbox.avantto.play.money import MoneyPlay
from avantto_qbo.sandbox.avantto.play.people import PeoplePlay
from avantto_qbo.sandbox.avantto.play.sales import SalesPlay
from avantto_qbo.sandbox.avantto.play.subscriptions import SubscriptionsPlay


class Play(AppPlay, PeoplePlay, BillingPlay, MoneyPlay, SalesPlay, SubscriptionsPlay):
    """All control actions of the stand-in Avantto service; `location` is always a location's id."""


__all__ = ["Play"]
