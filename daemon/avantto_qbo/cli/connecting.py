"""`connect` and `disconnect`."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from avantto_qbo.cli.options import client, config_option, json_option
from avantto_qbo.cli.status_client import StatusClient, location_path
from avantto_qbo.cli.tables import show_json, show_table
from avantto_qbo.model.ids import LocationId, RealmId
from avantto_qbo.model.records import Status
from avantto_qbo.server.api import (
    BackfillState,
    ConnectAnswer,
    ConnectRequest,
    LinkAnswer,
    LocationAnswer,
    ShowAnswer,
)

POLL_SECONDS: Final = 1.0


def _token(_: click.Context, __: click.Parameter, path: Path | None) -> msgspec.Raw | None:
    """Read a provider's token response: a JSON object with at least an `access_token`."""
    if path is None:
        return None
    try:
        text = path.read_bytes()
        token = msgspec.json.decode(text, type=dict[str, Any])
    except OSError as error:
        raise click.BadParameter(f"{path} cannot be read: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise click.BadParameter(f"{path} is not a token response (a JSON object)") from error
    if not isinstance(token.get("access_token"), str) or not token["access_token"]:
        raise click.BadParameter(f"{path} holds no `access_token`")
    return msgspec.Raw(text.strip())


def _instant(_: click.Context, __: click.Parameter, text: str | None) -> datetime | None:
    """Read an ISO 8601 day or instant; without an offset it is UTC."""
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f'"{text}" is no ISO 8601 time, such as 2026-01-31T00:00:00Z') from error
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


_FILE: Final = click.Path(path_type=Path)


@click.command()
@click.argument("location")
@click.option("--realm", help="The QuickBooks company (realm id).")
@click.option("--avantto-token", type=_FILE, callback=_token, help="File with Avantto's token response as JSON.")
@click.option("--quickbooks-token", type=_FILE, callback=_token, help="File with QuickBooks' token response as JSON.")
@click.option(
    "--since", metavar="ISO8601", callback=_instant, help="Take over what is created from here on (default: now)."
)
@click.option("--share", is_flag=True, help="Confirm that another location already uses this company.")
@click.option("--wait", is_flag=True, help="Wait until every QuickBooks customer is a contact.")
@config_option
@json_option
def connect(location: str, wait: bool, as_json: bool, **options: Any) -> None:
    """Connect LOCATION to a QuickBooks company.

    With --realm and both token files it is connected at once. With LOCATION alone, a single-use link is printed that
    connects it in a browser.
    """
    needed = ("realm", "avantto_token", "quickbooks_token")
    missing = [name for name in needed if not options[name]]
    if len(missing) < len(needed):
        if missing:
            raise click.UsageError(f"--{missing[0].replace('_', '-')} is missing: connecting needs all three")
        request = ConnectRequest(LocationId(location), RealmId(options.pop("realm")), **options)
        return _connect(client(), request, wait, as_json)
    for name in ("since", "share"):
        if options[name]:
            raise click.UsageError(f"--{name} goes with --realm and the two token files")
    if wait:
        raise click.UsageError("--wait goes with --realm and the two token files")
    return _print_link(client(), location, as_json)


def _connect(daemon: StatusClient, request: ConnectRequest, wait: bool, as_json: bool) -> None:
    answer = daemon.post("/locations", ConnectAnswer, request)
    if as_json:
        show_json(answer)
    else:
        click.echo(f"{answer.name} ({answer.location}) is connected to {answer.company} (realm {answer.realm}).")
        click.echo(f"Taken over: what is created in Avantto from {answer.books_from:%Y-%m-%d %H:%M:%S%z} on.")
        show_table(("what", "goes to"), [(posting.what, posting.where) for posting in answer.posting])
        for warning in answer.warnings:
            click.echo(f"Note: {warning}", err=True)
    if wait:
        try:
            wait_for_contacts(daemon, answer.location)
        except KeyboardInterrupt as error:
            mend = f"`avantto-qbo show {answer.location}` tells how far it is"
            raise click.ClickException(f"no longer waiting; the copying goes on ({mend})") from error


def _print_link(daemon: StatusClient, location: str, as_json: bool) -> None:
    answer = daemon.post(location_path(location, "/link"), LinkAnswer)
    if as_json:
        show_json(answer)
    else:
        click.echo(answer.url)
        click.echo(f"Open it once in a browser before {answer.expires_at:%Y-%m-%d %H:%M} UTC.", err=True)


def wait_for_contacts(daemon: StatusClient, location: LocationId) -> None:
    """Follow the first copy of the customers on stderr until it is done. It goes on in the daemon if interrupted."""
    columns = (TextColumn("Customers to contacts"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None)
        while True:
            shown = daemon.get(location_path(location), ShowAnswer)
            bar.update(task, completed=shown.backfill.done, total=shown.backfill.total or None)
            if shown.backfill.state in {BackfillState.DONE, BackfillState.NONE}:
                return
            if shown.status not in {Status.CONNECTED, Status.MONEY_PAUSED}:
                raise click.ClickException(f"{location} is {shown.status}: {shown.reason or 'see `attention`'}")
            time.sleep(POLL_SECONDS)


@click.command()
@click.argument("location")
@click.option("--yes", is_flag=True, help="Do not ask.")
@config_option
def disconnect(location: str, yes: bool) -> None:
    """Disconnect LOCATION: nothing is posted any more, nothing in the books is changed.

    Only a test of `doctor --canary` that is under way is taken back first.
    """
    if not (yes or _agreed(f"Disconnect {location}? Nothing will be posted for it any more")):
        raise click.ClickException("nothing was changed (--yes does not ask)")
    answer = client().post(location_path(location, "/disconnect"), LocationAnswer)
    click.echo(f"{answer.location} is {answer.status}.")
    if answer.warning:
        click.echo(f"Note: {answer.warning}", err=True)


def _agreed(question: str) -> bool:
    """Ask; nobody there to answer is a no."""
    try:
        return click.confirm(question, err=True)
    except click.Abort:
        return False


COMMANDS: Final = (connect, disconnect)
