"""Options shared by the commands: `--config` before or after the command's name, and `--json`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from avantto_qbo.cli.status_client import StatusClient
from avantto_qbo.config import DEFAULT_PATH
from avantto_qbo.config_file import load

CommandT = TypeVar("CommandT", bound=Callable[..., Any])
_KEY: Final = "avantto_qbo.config"


def _keep(context: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        context.meta[_KEY] = value


config_option: Final = click.option(
    "--config",
    type=click.Path(path_type=Path),
    callback=_keep,
    expose_value=False,
    help=f"The configuration file (default {DEFAULT_PATH}).",
)
json_option: Final = click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")


def config_path() -> Path:
    """Return the configuration file the command line names, wherever it named it."""
    chosen: Path = click.get_current_context().meta.get(_KEY, DEFAULT_PATH)
    return chosen


def client() -> StatusClient:
    """Return a client of the daemon that the configuration file describes."""
    return StatusClient(load(config_path()).status.socket)
