"""Commands that decide something: `sync`, `retry`, `skip`, `pause` and `resume`."""

from __future__ import annotations

from typing import Final

import click

from avantto_qbo.cli.options import client, config_option, json_option
from avantto_qbo.cli.status_client import location_path, operation_path
from avantto_qbo.cli.tables import show_json
from avantto_qbo.server.api import LocationAnswer, OperationAnswer, SyncAnswer


@click.command()
@click.argument("location")
@config_option
@json_option
def sync(location: str, as_json: bool) -> None:
    """Ask both sides about LOCATION now instead of at the next poll."""
    answer = client().post(location_path(location, "/sync"), SyncAnswer)
    if as_json:
        show_json(answer)
    else:
        click.echo(f"Asking now about {', '.join(answer.polls) or 'nothing: it is not connected'}.")


@click.command()
@click.argument("operation", metavar="ID")
@config_option
@json_option
def retry(operation: str, as_json: bool) -> None:
    """Try the held operation ID again."""
    _decide(operation, "/retry", "will be tried again", as_json)


@click.command()
@click.argument("operation", metavar="ID")
@config_option
@json_option
def skip(operation: str, as_json: bool) -> None:
    """Let the held operation ID go, until its document changes in Avantto."""
    _decide(operation, "/skip", "is skipped until its document changes", as_json)


def _decide(operation: str, decision: str, result: str, as_json: bool) -> None:
    answer = client().post(operation_path(operation, decision), OperationAnswer)
    if as_json:
        show_json(answer)
    else:
        click.echo(f"{answer.kind} {answer.id} {result}.")


@click.command()
@click.argument("location")
@config_option
@json_option
def pause(location: str, as_json: bool) -> None:
    """Post nothing for LOCATION until `resume`; what happens meanwhile is kept and caught up."""
    _move(location, "/pause", as_json)


@click.command()
@click.argument("location")
@config_option
@json_option
def resume(location: str, as_json: bool) -> None:
    """Go on with LOCATION after a pause."""
    _move(location, "/resume", as_json)


def _move(location: str, decision: str, as_json: bool) -> None:
    answer = client().post(location_path(location, decision), LocationAnswer)
    if as_json:
        show_json(answer)
    else:
        click.echo(f"{answer.location} is {answer.status}." + (f" {answer.reason}" if answer.reason else ""))


COMMANDS: Final = (sync, retry, skip, pause, resume)
