"""Commands that need no daemon: `run`, `demo`, `sandbox`, `check-config` and `version`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final, Literal

import anyio
import click

from avantto_qbo import __version__
from avantto_qbo.cli.options import config_option, config_path, json_option
from avantto_qbo.cli.tables import show_json, show_pairs
from avantto_qbo.config import Config
from avantto_qbo.config_file import load
from avantto_qbo.errors import ConfigError
from avantto_qbo.logs import configure_logs, install_crash_hooks
from avantto_qbo.secrets import load_secrets

Only = Literal["quickbooks", "avantto"]


@click.command()
@config_option
def run() -> None:
    """Run the daemon until it is told to stop (SIGTERM or SIGINT)."""
    config = load(config_path())
    secrets = load_secrets(config.secrets.directory, os.environ)
    configure_logs()
    install_crash_hooks()
    # Only here, so that every other command starts without loading the whole daemon.
    from avantto_qbo import app

    try:
        anyio.run(app.run, config, secrets)
    except BaseExceptionGroup as group:
        refusal = next(_config_errors(group), None)
        if refusal is None:
            raise
        raise refusal from group


def _config_errors(group: BaseExceptionGroup[BaseException]) -> Iterator[ConfigError]:
    """Yield the configuration errors that a task group wrapped."""
    for error in group.exceptions:
        if isinstance(error, ConfigError):
            yield error
        elif isinstance(error, BaseExceptionGroup):
            yield from _config_errors(error)


@click.command()
@config_option
@json_option
@click.option("--crash", is_flag=True, help="Kill the daemon half-way and let it recover.")
@click.option("--keep", is_flag=True, help="Leave everything running at the end, until interrupted.")
@click.pass_context
def demo(context: click.Context, as_json: bool, crash: bool, keep: bool) -> None:
    """Play a day of three companies on this machine and prove their books; needs no account.

    Stand-ins take the vendors' places. A company in the United States, one in the United Kingdom whose prices include
    VAT, and one whose books compute another tax: each ends with a table of its own, and the exit code is 0 only if
    every row of all of them is equal.
    """
    from avantto_qbo import demo as stage

    context.exit(stage.main(json_output=as_json, crash=crash, keep=keep))


@click.command()
@config_option
@click.option("--only", type=click.Choice(["quickbooks", "avantto"]), help="Only one of the two.")
@click.option("--quickbooks-port", type=click.IntRange(0, 65535), default=0, help="Default: a free one.")
@click.option("--avantto-port", type=click.IntRange(0, 65535), default=0, help="Default: a free one.")
@click.option("--seed", type=int, default=0, help="Makes every id and every planned fault repeatable.")
def sandbox(only: Only | None, quickbooks_port: int, avantto_port: int, seed: int) -> None:
    """Serve stand-ins for both vendors on this machine until interrupted; prints their addresses as JSON."""
    from avantto_qbo.sandbox.stage import run as serve

    serve(quickbooks_port, avantto_port, only, seed)


@click.command("check-config")
@config_option
@json_option
def check_config(as_json: bool) -> None:
    """Check the configuration file and the secret files without starting anything."""
    config = load(config_path())
    load_secrets(config.secrets.directory, os.environ)
    facts = _facts(config)
    if as_json:
        show_json({"ok": True, "config": str(config_path()), **facts})
    else:
        click.echo(f"{config_path()} and the secret files are fine.")
        show_pairs(facts.items())


def _facts(config: Config) -> dict[str, str]:
    return {
        "server": f"{config.server.listen}, reached as {config.server.public_url}",
        "console": str(config.console.listen),
        "status": str(config.status.socket),
        # A PostgreSQL URL may carry a password.
        "journal": config.journal.url.rpartition("@")[2],
        "avantto": config.avantto.api_url,
        "quickbooks": f"{config.quickbooks.api_url} ({config.quickbooks.environment})",
    }


@click.command()
@config_option
@json_option
def version(as_json: bool) -> None:
    """Print the release."""
    if as_json:
        show_json({"version": __version__})
    else:
        click.echo(f"avantto-qbo {__version__}")


COMMANDS: Final = (run, demo, sandbox, check_config, version)
