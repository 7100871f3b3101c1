"""The command line: renders the status API, one file per group of commands."""

from __future__ import annotations

import click

from avantto_qbo import __version__
from avantto_qbo.cli import (
    connecting,
    deciding,
    doctor,
    explaining,
    keeping,
    keys,
    looking,
    mapping,
    reconciling,
    reviewing,
    running,
    settings,
)
from avantto_qbo.cli.failures import Commands
from avantto_qbo.cli.options import config_option

__all__ = ["main"]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="avantto-qbo")
@config_option
def main() -> None:
    """Keep QuickBooks Online right for businesses whose CRM is Avantto.

    Exit codes: 0 fine, 1 failed, 2 wrong usage, 3 the daemon cannot be reached, 4 something needs attention,
    78 the configuration must be changed.
    """


_GROUPS = (
    running,
    connecting,
    looking,
    settings,
    mapping,
    deciding,
    explaining,
    reviewing,
    keys,
    reconciling,
    doctor,
    keeping,
)
for _group in _GROUPS:
    for _command in _group.COMMANDS:
        main.add_command(_command)
