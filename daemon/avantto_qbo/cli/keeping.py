"""The command that copies the journal: `backup`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from avantto_qbo.cli.options import client, config_option, json_option
from avantto_qbo.cli.tables import show_json
from avantto_qbo.server.api_backup import BackupAnswer, BackupRequest


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@config_option
@json_option
def backup(file: Path, as_json: bool) -> None:
    """Copy the journal into FILE, which must not exist yet, while the daemon goes on working.

    The copy is complete, checked and readable by the daemon's user only. To restore it: stop the daemon, put it in the
    journal's place, owned by the same user, and start the daemon. Nothing is written then until what QuickBooks holds
    by that time is linked again.
    """
    target = BackupRequest(str(file.absolute()))
    answer = client().post("/backup", BackupAnswer, target)
    if as_json:
        return show_json(answer)
    moment = f"{answer.taken_at:%Y-%m-%d %H:%M:%SZ}"
    return click.echo(f"The journal as of {moment} is in {answer.file} ({answer.bytes} bytes).")


COMMANDS: Final = (backup,)
