"""Show and change the settings of a location."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from avantto_qbo.actors.directory import Directory
from avantto_qbo.actors.house import House
from avantto_qbo.errors import RefusedError
from avantto_qbo.journal import activity, cursors, inbox
from avantto_qbo.journal import settings as stored
from avantto_qbo.journal.connection import Connection
from avantto_qbo.location_settings import check_key, encode_setting, merge_settings, parse_setting, setting_values
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.records import Activity, Lane, Topic
from avantto_qbo.model.settings import Contacts
from avantto_qbo.server import api
from avantto_qbo.service import report
from avantto_qbo.service.known import location_of
from avantto_qbo.service.reconsidering import reconsider

_PERSONAL: Final = frozenset({"alert_email", "review_message"})


class SettingsDesk:
    """The settings of every location."""

    def __init__(self, house: House, directory: Directory) -> None:
        self._house, self._directory = house, directory

    async def settings(self, location: LocationId) -> api.SettingsAnswer:
        """Every setting, where it comes from, and what `auto` means here."""
        return await self._house.journal.read(lambda db: self._settings(db, location))

    def _settings(self, db: Connection, location: LocationId) -> api.SettingsAnswer:
        record = location_of(db, location)
        own = stored.of(db, location)
        settings = merge_settings(self._house.defaults, own)
        resolved = report.resolved(report.company(db, record.realm), settings, record)
        return api.SettingsAnswer(
            location,
            tuple(
                api.SettingRow(key, value, set_here=key in own, resolved=resolved.get(key, ""))
                for key, value in {"books_from": record.books_from, **setting_values(settings)}.items()
            ),
        )

    async def set_settings(
        self, location: LocationId, changes: Mapping[str, str | None], actor: str
    ) -> api.SettingsAnswer:
        """Change all of `changes` or none; documents that were held for a setting are looked at again."""
        for key in changes:
            if key == "books_from":
                raise RefusedError("books_from is the cut-off and is set by connect --since", field=key)
            check_key(key)
        values = {key: None if text is None else parse_setting(key, text) for key, text in changes.items()}

        def change(db: Connection) -> api.SettingsAnswer:
            record = location_of(db, location)
            now = self._house.clock.now()
            for key, value in values.items():
                if value is None:
                    stored.remove(db, location, key)
                else:
                    stored.put(db, location, key, encode_setting(value), now, actor)
                text = _told(key, changes[key])
                activity.record(db, Activity(now, location, "settings.changed", text, subject=key, actor=actor))
            reconsider(self._house, db, location, f"settings changed by {actor}")
            if "contacts" in changes:
                self._copy_customers(db, location)
            # A setting may name an account or item that was made a minute ago.
            self._directory.realm(record.realm).forget_company()
            return self._settings(db, location)

        answer = await self._house.journal.write(change)
        self._house.nudge(location)
        return answer

    def _copy_customers(self, db: Connection, location: LocationId) -> None:
        """`contacts = all` means existing customers too, also when it is switched on later (C1)."""
        settings = merge_settings(self._house.defaults, stored.of(db, location))
        if settings.contacts is Contacts.ALL:
            now = self._house.clock.now()
            cursors.put(db, location, "backfill", "1", now)
            inbox.tell(db, location, Topic.BACKFILL, "customers", Lane.BACKFILL, now)


def _told(key: str, value: str | None) -> str:
    """What the activity says of a changed setting; of people's addresses and words only that they changed."""
    if value is None:
        return f"{key} back to its default"
    return f"{key} changed" if key.partition(".")[0] in _PERSONAL else f"{key} = {value}"
