"""`doctor [LOCATION]`: what is proven, what the reads suffice for, and what should be mended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

import click

from avantto_qbo.cli.failures import Exit
from avantto_qbo.cli.options import client, config_option, json_option
from avantto_qbo.cli.status_client import location_path
from avantto_qbo.cli.tables import show_json, show_pairs, show_records, show_table
from avantto_qbo.server.api_doctor import CanaryAnswer, CanaryRequest, DoctorAnswer, Finding, RealmReport

_CONSENT: Final = (
    "This makes an invoice, a payment, a sales receipt and a refund receipt over 1 in the books of this location's"
    " company, marked as a test, and takes them back."
)
_MEBI: Final = 1024 * 1024


@click.command()
@click.argument("location", required=False)
@click.option("--canary", is_flag=True, help="Prove on test documents that a repeated write makes no second object.")
@click.option("--yes", is_flag=True, help="Do not ask before test documents are made.")
@config_option
@json_option
@click.pass_context
def doctor(context: click.Context, location: str | None, canary: bool, yes: bool, as_json: bool) -> None:
    """Examine the daemon, or LOCATION and its company; exit 4 when something should be mended."""
    if canary:
        return _canary(location, yes=yes, as_json=as_json)
    answer = client().get(f"/doctor?location={quote(location, safe='')}" if location else "/doctor", DoctorAnswer)
    if as_json:
        show_json(answer)
    else:
        _show(answer)
    if any(one.should for one in answer.findings):
        context.exit(Exit.ATTENTION)
    return None


def _canary(location: str | None, *, yes: bool, as_json: bool) -> None:
    if not location:
        raise click.UsageError("--canary needs a LOCATION")
    if not yes:
        click.confirm(f"{_CONSENT} Go on?", abort=True)
    answer = client().post(location_path(location, "/canary"), CanaryAnswer, CanaryRequest(yes=True))
    if as_json:
        return show_json(answer)
    return click.echo(f"Started {answer.run}. {answer.text} Then: avantto-qbo doctor {answer.location}")


def _show(answer: DoctorAnswer) -> None:
    show_pairs(_pairs(answer))
    for realm in answer.realms:
        click.echo()
        _realm(realm)
    click.echo()
    _findings(answer.findings)


def _pairs(answer: DoctorAnswer) -> Iterable[tuple[str, object]]:
    reads = answer.reads
    yield "contacts", answer.contacts
    yield "reads", f"{reads.so_far} in {reads.month}, {reads.projected} to be expected, of {reads.monthly}"
    yield "fits", f"{reads.fits} companies at this pace"
    yield "reads refused", reads.blocked_since
    yield "mail", f"{answer.mail} waiting, the oldest {answer.oldest_mail_seconds:.0f} s" if answer.mail else "none"
    yield "journal", f"{answer.journal_bytes / _MEBI:.1f} MiB"


def _realm(realm: RealmReport) -> None:
    show_pairs(
        [
            ("company", f"{realm.company} (realm {realm.realm})"),
            ("locations", ", ".join(realm.locations)),
            ("numbers", realm.numbers),
            ("reads", f"{realm.reads} this month"),
        ]
    )
    rows = [(one.entity, one.proof or "none", one.since, one.text) for one in realm.fences]
    show_table(("document", "proof", "seen", "what a lost answer does"), rows)
    if realm.canary is not None:
        tested = realm.canary
        show_pairs([("test", f"{tested.run}, {tested.stage}, begun {tested.begun:%Y-%m-%d %H:%M:%SZ}")])
        show_table(("tried", "seen"), list(tested.results.items()))


def _findings(findings: Iterable[Finding]) -> None:
    rows = [("should" if one.should else "could", one.location, one.text, one.mend) for one in findings]
    show_records(("", "location", "what", "mend"), rows, empty="Nothing to mend.")


COMMANDS: Final = (doctor,)
