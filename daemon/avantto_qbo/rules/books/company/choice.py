"""What a setting names among the company's own lists: by id, else by name, else a hold that names the setting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.quickbooks import Company
from avantto_qbo.rules.reasons import held, setting

AUTO: Final = frozenset({"auto", ""})


class Stocked(Protocol):
    """A company and the items it was given, by name."""

    @property
    def company(self) -> Company: ...

    @property
    def made_items(self) -> Mapping[str, str]: ...


class Named(Protocol):
    """An item, an account, a class: whatever a person may name in a setting."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...


def chosen(rows: Iterable[Named], wanted: str, location: LocationId, key: str, what: str) -> str:
    """Return the id of the row that the setting `key` names; case does not matter.

    Raises HeldError with the code of the setting (a table's entry has its table's) when it names none; `what` says
    what it should have been, as in "an active account".
    """
    known = tuple(rows)
    if any(row.id == wanted for row in known):
        return wanted
    for row in known:
        if row.name.casefold() == wanted.strip().casefold():
            return row.id
    text = f"{key} is {wanted!r}, which is not {what} of the company."
    raise held(key.partition(".")[0], text, setting(location, f"{key}=NAME"))
