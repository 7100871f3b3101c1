"""Who appears: the people a small business has in its books, in its CRM, or in both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from avantto_qbo.demo.business import DESK
from avantto_qbo.demo.control import Json

FIRST: Final = (
    "Amelia Bruno Carmen Dmitri Elena Farid Greta Hugo Ines Jonas Keiko Luca Mira Nadia Oscar Priya Quinn Rosa "
    "Stefan Tamara Umar Vera Wanda Yusuf"
).split()
LAST: Final = (
    "Abbott Bianchi Castillo Dvorak Eriksen Fontaine Grady Hoffman Ivanova Jansen Kowalski Lindqvist Marlow Novak "
    "Okafor Petrov Quispe Romano Silva Tanaka Ueda Vargas Whitlock Ximenes Yilmaz Zimmer Archer Barlow Cruz Delgado "
    "Ellison"
).split()
DOMAINS: Final = ("example.com", "example.net", "example.org", "mail.example.com")
EXISTING: Final = 150  # customers in QuickBooks before the day

# Positions among the existing customers.
SHOUTED: Final = range(20)  # e-mail in capitals
SEVERAL: Final = range(20, 26)  # two addresses in one field
KNOWN: Final = range(34, 40)  # already contacts in Avantto, by e-mail
BLOCKED: Final = 42  # a contact that wants no e-mail
REGULARS: Final = range(50, 60)  # paid an invoice long ago
EMAIL_ONLY: Final = range(84, 96)
PHONE_ONLY: Final = range(96, 106)
KNOWN_BY_PHONE: Final = range(96, 98)  # already contacts in Avantto, by phone
HOUSEHOLD: Final = 100  # another person's contact has the same phone
NAMELESS: Final = range(106, 112)  # neither e-mail nor phone
GONE: Final = (*range(43, 50), *range(70, 84), *range(112, 146))  # inactive
BRANCHES: Final = range(146, 149)  # sub-customers without an address of their own
BRANCH_WITH_EMAIL: Final = 149
NEWCOMERS: Final = range(160, 168)  # become customers in QuickBooks during the day
ON_THE_CLOCK: Final = range(168, 171)  # likewise, and measured
VENDOR_NAMES: Final = range(300, 304)  # people whose names belong to vendors already
WALK_INS: Final = range(310, 312)  # people known by nothing but their name


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody; `phone` is in E.164."""

    name: str
    email: str
    phone: str

    def as_contact(self, *, blank: bool = False) -> Json:
        """Return the members of a contact in Avantto; `blank` leaves the phone for somebody else to fill."""
        first, _, last = self.name.partition(" ")
        known = {"email": self.email, "phone": "" if blank else self.phone}
        filled = {member: value for member, value in known.items() if value}
        return {"firstName": first, "lastName": last, "name": self.name, "source": DESK, **filled}


def person(number: int) -> Person:
    """Return person `number`; the same number is always the same person, and no two share anything."""
    first, last = FIRST[number % len(FIRST)], LAST[number % len(LAST)]
    name = f"{first} {last}"
    if number in WALK_INS:
        return Person(name, "", "")
    email = f"{first}.{last}@{DOMAINS[number % len(DOMAINS)]}".lower()
    if number in PHONE_ONLY:
        email = ""
    return Person(name, email, f"+1212555{number:04d}")


def customers() -> Iterator[Json]:
    """Yield the existing customers as QuickBooks takes them, in order of their position."""
    for number in range(EXISTING):
        yield _customer(number)


def newcomer(number: int) -> Json:
    """Return somebody whom the bookkeeper enters into QuickBooks during the day."""
    return {**_named(number), **_reachable(number)}


def vendors() -> Iterator[Json]:
    """Yield vendors whose names customers will want, too."""
    for number in VENDOR_NAMES:
        yield {"DisplayName": person(number).name}


def contacts() -> Iterator[Json]:
    """Yield the people who are in Avantto already and in QuickBooks, too."""
    for number in (*KNOWN, BLOCKED):
        known = person(number).as_contact(blank=number % 2 == 0)
        yield {**known, "email": known["email"].title()}
    for number in KNOWN_BY_PHONE:
        yield {**person(number).as_contact(), "tags": ["regular"]}
    other = person(HOUSEHOLD + 200)
    yield {**other.as_contact(), "email": other.email, "phone": person(HOUSEHOLD).phone}


def _customer(number: int) -> Json:
    if number in NAMELESS:
        return _named(number)
    if number in BRANCHES:
        return {**_named(number), "DisplayName": f"Branch {number}", "Job": True, "BillWithParent": True}
    if number == BRANCH_WITH_EMAIL:
        return {**_named(number), **_reachable(number), "Job": True}
    return {**_named(number), **_reachable(number)}


def _named(number: int) -> Json:
    name = person(number).name
    first, _, last = name.partition(" ")
    return {"DisplayName": name, "GivenName": first, "FamilyName": last}


def _reachable(number: int) -> Json:
    who = person(number)
    members: Json = {}
    if who.email:
        members["PrimaryEmailAddr"] = {"Address": _spelled_email(number, who.email)}
    if number not in EMAIL_ONLY:
        members["PrimaryPhone"] = {"FreeFormNumber": _spelled_phone(number, who.phone)}
    return members


def _spelled_email(number: int, email: str) -> str:
    if number in SHOUTED:
        return email.upper()
    return f"{email}, office-{number}@example.com" if number in SEVERAL else email


def _spelled_phone(number: int, phone: str) -> str:
    area, block, line = phone[2:5], phone[5:8], phone[8:]
    ways = (f"({area}) {block}-{line}", f"{area}-{block}-{line}", phone, f"+1 {area} {block} {line}")
    return ways[number % len(ways)]
