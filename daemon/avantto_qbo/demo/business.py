"""A business at both vendors: one location at Avantto, one company at QuickBooks, and the people who work there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from avantto_qbo.demo.control import Control, Json

BY_HAND: Final = "Entered by hand"  # in the note of what a human enters into QuickBooks
DESK: Final = "front desk"  # the `source` of contacts that the business itself made in Avantto


@dataclass(frozen=True, slots=True)
class Business:
    """Who they are; `kind` is the stand-in's word for their QuickBooks company, `about` says it to a reader."""

    name: str
    location: str
    realm: str
    kind: str
    about: str
    country: str = "US"
    currency: str = "USD"
    timezone: str = "America/New_York"

    @property
    def review_link(self) -> str:
        return f"https://example.com/{self.location}/review"


class Desk:
    """Both vendors' pages, as the people of one business have them open."""

    def __init__(self, business: Business, crm: Control, books: Control) -> None:
        self.business, self.crm, self.books = business, crm, books

    async def at_desk(self, action: str, /, **arguments: object) -> Any:
        """Do something in the business's location at Avantto."""
        return await self.crm.act(action, location=self.business.location, **arguments)

    async def in_books(self, action: str, /, **arguments: object) -> Any:
        """Do something in the business's QuickBooks company."""
        return await self.books.act(action, realm=self.business.realm, **arguments)

    async def open(self, **knobs: object) -> None:
        """Open the location and the company, empty but for what a new one has."""
        here = self.business
        await self.in_books("add_company", kind=here.kind, name=here.name, **knobs)
        await self.at_desk(
            "add_location",
            name=here.name,
            timezone=here.timezone,
            country=here.country,
            currency=here.currency,
            custom_values={"review_link": here.review_link},
        )

    async def tokens(self) -> dict[str, Json]:
        """What each vendor hands out when the owner agrees to the connection."""
        return {"avantto": await self.at_desk("mint_tokens"), "quickbooks": await self.in_books("mint_tokens")}
