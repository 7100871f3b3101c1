"""`settings LOCATION [KEY[=VALUE]…]`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import click
import msgspec

from avantto_qbo.cli.options import client, config_option, json_option
from avantto_qbo.cli.status_client import location_path
from avantto_qbo.cli.tables import show_json, show_table
from avantto_qbo.errors import ConfigError
from avantto_qbo.location_settings import check_key, parse_setting
from avantto_qbo.server.api import SettingRow, SettingsAnswer, SettingsRequest


@click.command()
@click.argument("location")
@click.argument("items", nargs=-1, metavar="[KEY[=VALUE]]...")
@click.option("--reset", multiple=True, metavar="KEY", help="Go back to the default.")
@config_option
@json_option
def settings(location: str, items: tuple[str, ...], reset: tuple[str, ...], as_json: bool) -> None:
    """Show or change the settings of LOCATION.

    KEY shows one setting, KEY=VALUE changes it; an entry of a table is KEY.ENTRY. All changes are made, or none.
    """
    changes = _changes(items, reset)
    wanted = {item.partition("=")[0] for item in items} | set(reset)
    daemon, path = client(), location_path(location, "/settings")
    answer = (
        daemon.patch(path, SettingsRequest(changes), SettingsAnswer) if changes else daemon.get(path, SettingsAnswer)
    )
    rows = tuple(row for row in answer.settings if not wanted or _is_wanted(row.key, wanted))
    if as_json:
        show_json(msgspec.structs.replace(answer, settings=rows))
    else:
        _show(rows)


def _changes(items: Iterable[str], reset: Iterable[str]) -> dict[str, str | None]:
    """Check every key and value here already, so that a slip never travels half-way."""
    changes: dict[str, str | None] = {}
    try:
        for item in items:
            key, given, value = item.partition("=")
            check_key(key)
            if given and key in changes:
                raise click.UsageError(f'"{key}" is named twice')
            if given:
                parse_setting(key, value)
                changes[key] = value
        for key in reset:
            check_key(key)
            changes[key] = None
    except ConfigError as error:
        raise click.UsageError(str(error)) from error
    return changes


def _is_wanted(key: str, wanted: Iterable[str]) -> bool:
    return any(key == one or key.startswith(f"{one}.") for one in wanted)


def _show(rows: Iterable[SettingRow]) -> None:
    show_table(
        ("setting", "value", "resolved to", "set by"),
        [(row.key, row.value, row.resolved, "location" if row.set_here else "default") for row in rows],
    )


COMMANDS: Final = (settings,)
