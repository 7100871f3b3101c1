"""The command that changes the journal key: `rotate-key`."""

from __future__ import annotations

from typing import Final

import click

from avantto_qbo.cli.options import client, config_option, json_option
from avantto_qbo.cli.tables import show_json
from avantto_qbo.server.api_keys import RotateAnswer


@click.command("rotate-key")
@config_option
@json_option
def rotate_key(as_json: bool) -> None:
    """Seal every stored token with the new journal key.

    Before: copy the secret file journal-key to journal-key-previous, then write a new journal-key
    (`openssl rand -base64 32`). The daemon goes on working meanwhile; a crash or restart in between loses nothing.
    Where systemd hands the secrets over, they change only when the service restarts, which then does all of this.
    """
    answer = client().post("/journal-key/rotate", RotateAnswer)
    if as_json:
        return show_json(answer)
    click.echo(f"Journal key {answer.key} is in use; {answer.resealed} values were sealed with it anew.")
    if answer.previous:
        click.echo("journal-key-previous may be deleted now. Backups made before still need it.")
    if not answer.scrubbed:
        click.echo(
            "The journal's file may still hold values of the old key in free space: `avantto-qbo backup` makes a "
            "copy without them."
        )
    return None


COMMANDS: Final = (rotate_key,)
