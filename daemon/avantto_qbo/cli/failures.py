"""Every failure as one plain sentence on stderr and an exit code."""

from __future__ import annotations

import sys
from enum import IntEnum
from typing import Any

import click

from avantto_qbo.cli.status_client import ApiError, UnreachableError
from avantto_qbo.errors import AvanttoQboError, ConfigError


class Exit(IntEnum):
    """What the command's exit status says."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    ATTENTION = 4
    CONFIGURATION = 78  # EX_CONFIG of sysexits.h; the unit does not restart on it


class Commands(click.Group):
    """The group whose errors are sentences: which field is wrong and what mends it, without a traceback."""

    def main(self, *args: Any, **extra: Any) -> Any:
        standalone = extra.pop("standalone_mode", True)
        try:
            code = super().main(*args, **{**extra, "standalone_mode": False})
        except (click.exceptions.ClickException, click.Abort, AvanttoQboError) as error:
            if not standalone:
                raise
            code = tell(error)
        if standalone:
            sys.exit(code if isinstance(code, int) else Exit.OK)
        return code


def tell(error: Exception) -> int:
    """Write the error's sentence to stderr and return the exit code."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return Exit.USAGE
    click.echo(f"avantto-qbo: {sentence(error)}", err=True)
    return exit_code(error)


def sentence(error: Exception) -> str:
    """Return what is wrong, with which field, and what mends it, in one line."""
    match error:
        case click.Abort():
            text = "stopped"
        case click.UsageError():
            command = error.ctx.command_path if error.ctx else "avantto-qbo"
            text = f"{error.format_message().rstrip('.')} (see `{command} --help`)"
        case click.ClickException():
            text = error.format_message()
        case _:
            text = str(error)
    return " ".join(text.split())


def exit_code(error: Exception) -> int:
    match error:
        case click.ClickException():
            return error.exit_code
        case ConfigError():
            return Exit.CONFIGURATION
        case UnreachableError():
            return Exit.UNREACHABLE
        case ApiError(status=400):
            return Exit.USAGE
        case _:
            return Exit.FAILED
