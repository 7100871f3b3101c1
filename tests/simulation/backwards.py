"""What the journal knows of the books never goes back: no older row of QuickBooks takes the place of a newer one."""

from __future__ import annotations

from typing import Final

from simulation.disk import Disk

# What we made ourselves is known by our own clock, without a SyncToken, until QuickBooks shows it.
_NOTED: Final = "create temp table went_back (what text, name text, before text, after text)"
_CUSTOMERS: Final = """
create temp trigger customers_go_back after update on main.customers
when new.updated_at < old.updated_at and old.sync_token <> ''
begin insert into went_back values ('customer', new.id, old.updated_at, new.updated_at); end
"""
_MAIL: Final = """
create temp trigger mail_goes_back after update on main.inbox when new.changed_at < old.changed_at
begin insert into went_back values ('mail about ' || new.topic, new.object_id, old.changed_at, new.changed_at); end
"""


class Backwards:
    """Watches the journal from within: what happens inside one transaction shows as well."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        for watched in (_NOTED, _CUSTOMERS, _MAIL):
            disk.raw.execute(watched)

    def complaint(self) -> str:
        """The complaint about an older row that was taken for the truth; "" when there is none."""
        for row in self._disk.look("select what, name, before, after from went_back"):
            return f"{row['what']} {row['name']} of {row['before']} was overwritten by what was true at {row['after']}"
        return ""
