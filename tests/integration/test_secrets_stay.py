"""Secrets and people in a real process: not in its log, its pages, its answers, its crash output or its files."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from avantto_qbo.cli import main
from integration.business import Business
from integration.conftest import MakeHouse
from integration.house import JOURNAL_KEY, VERIFIER, House
from integration.processes import _environment, get, post
from integration.waiting import until

PERSON = {"name": "Canaria Pajarito", "email": "canaria.pajarito@example.com", "phone": "+12125550177"}
PERSONAL = ("Canaria", "Pajarito", "canaria.pajarito", "5550177")
OF_A_LOCATION = ("show", "settings", "map", "activity", "attention", "reviews", "doctor", "reconcile", "preview")
ALONE = ("status", "locations", "attention", "doctor", "check-config", "version")


class Watched:
    """A house whose daemon runs with every debugging aid of Python on, and all that it lets out."""

    def __init__(self, house: House, business: Business) -> None:
        self.house, self.business = house, business
        self.out: list[str] = []

    def cli(self, *arguments: str) -> int:
        """Run a command in this process, which is quicker by far; returns its exit code."""
        said = CliRunner().invoke(main, ["--config", str(self.house.config), *arguments])
        self.out.append(said.output)
        return said.exit_code

    def asked(self) -> None:
        """Ask everything there is to ask."""
        for command in ALONE:
            if command in main.commands:
                self.cli(command, "--json")
        for command in OF_A_LOCATION:
            if command in main.commands:
                self.cli(command, self.business.location, "--json")
        for page in ("/metrics", "/readyz", "/"):
            self.out.append(get(self.house.console_url + page)[1].decode())

    @property
    def secrets(self) -> set[str]:
        """Everything that must stay inside: what stands in the secret and token files."""
        files = [*(self.house.folder / "secrets").iterdir()]
        tokens = [json.loads(path.read_text()) for path in self.house.folder.glob("*-*.json")]
        given = {one[name] for one in tokens for name in ("access_token", "refresh_token") if one.get(name)}
        return {path.read_text() for path in files} | given | {JOURNAL_KEY.hex(), repr(JOURNAL_KEY)[2:-1]}

    @property
    def token(self) -> str:
        """One of the tokens."""
        return max((secret for secret in self.secrets if secret.isalnum()), key=len)

    @property
    def log(self) -> str:
        return (self.house.folder / "log").read_text(errors="replace")


@pytest.fixture
def watched(make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> Watched:
    monkeypatch.setenv("PYTHONDEVMODE", "1")  # asyncio's debugging, faulthandler and every warning
    house = make_house()
    return Watched(house, house.business().connected())


def assert_none(where: str, text: str, canaries: set[str] | tuple[str, ...]) -> None:
    for canary in canaries:
        at = text.find(canary)
        assert at < 0, f"{where} shows {canary}: …{text[max(0, at - 300) : at + 100]}…"


def test_a_day_with_trouble_and_a_crash_lets_nothing_out(watched: Watched) -> None:
    house, business = watched.house, watched.business
    a_day(watched)
    watched.asked()
    forged(house)
    malformed(watched)
    os.kill(house.daemon.pid, signal.SIGABRT)
    until(lambda: not house.daemon.running, "it is gone")
    assert "Fatal Python error" in watched.log
    for where, text in (("the log", watched.log), ("an answer", "\n".join(watched.out))):
        assert_none(where, text, watched.secrets)
        assert_none(where, text, PERSONAL)
    assert len(watched.secrets) >= 8
    assert "refused.6000" in "".join(watched.out)
    assert business.location in watched.log
    no_secret_in(house.folder, watched.secrets)


def a_day(watched: Watched) -> None:
    """A person's sales in both services, while both refuse with what they were sent."""
    house, business = watched.house, watched.business
    business.new_customer(PERSON["name"], PERSON["email"])
    business.sent_invoice(contact=PERSON)
    business.until(lambda: len(business.objects("Invoice")) == 1, "the invoice is in the books", within=10)
    words = f"{PERSON['email']} {PERSON['phone']} {watched.token}"
    error = f'{{"code":"6000","Message":"bad {words}","Detail":"{PERSON["name"]}"}}'
    house.books("faults", add=[{"operation": "invoice.create", "action": "status", "status": 400, "times": 1,
                                "body": f'{{"Fault":{{"Error":[{error}],"type":"ValidationFault"}}}}'}])  # fmt: skip
    house.crm("faults", add=[{"operation": "invoices.get", "action": "status", "status": 422, "times": 1,
                              "body": f'{{"statusCode":422,"message":["bad {words}"]}}'}])  # fmt: skip
    business.sent_invoice(30, contact=PERSON)
    business.sent_invoice(40, contact=PERSON)
    business.until(business.waiting_for_a_person, "one is held", within=15)
    house.books("expire_tokens", realm=business.realm)
    business.sale(contact=PERSON)
    business.until(lambda: business.objects("SalesReceipt"), "new tokens work", within=15)


def forged(house: House) -> None:
    for provider in ("avantto", "quickbooks"):
        body = json.dumps({"type": "InvoiceSent", **PERSON, "token": VERIFIER}).encode()
        assert post(f"{house.public_url}/webhooks/{provider}", body, {"intuit-signature": VERIFIER})[0] == 401
    assert get(f"{house.public_url}/connect/{VERIFIER}")[0] >= 400
    assert get(f"{house.public_url}/oauth/quickbooks/callback?code={VERIFIER}&state=x&realmId=1")[0] >= 400


def malformed(watched: Watched) -> None:
    """Token files that are none; what stands in them is a secret all the same."""
    token = watched.token
    for number, text in enumerate(
        (f"{token}", f'{{"access_token": ["{token}"]}}', f'{{"access_token":"{token}', "\xff")
    ):
        path = watched.house.folder / f"bad{number}.txt"
        path.write_text(text, encoding="latin-1")
        files = ("--avantto-token", str(path), "--quickbooks-token", str(path))
        assert watched.cli("connect", watched.business.location, "--realm", watched.business.realm, *files) != 0


def no_secret_in(folder: Path, secrets: set[str]) -> None:
    """The journal with its write-ahead log, as the crash left it."""
    journal = [path for path in folder.glob("journal.db*") if path.is_file()]
    assert {"journal.db", "journal.db-wal"} <= {path.name for path in journal}
    for path in journal:
        raw = path.read_bytes()
        for secret in secrets:
            assert secret.encode() not in raw, f"{path.name} holds {secret}"
        assert JOURNAL_KEY not in raw
        assert base64.b64encode(JOURNAL_KEY) not in raw


CRASHES = """
import sys
from avantto_qbo import app
from avantto_qbo.cli import main

async def broken(config, secrets):
    import asyncio, gc
    async def lost():
        raise RuntimeError(config.avantto.client_id + secrets.avantto_client_secret)
    task = asyncio.ensure_future(lost())
    await asyncio.sleep(0)
    del task
    gc.collect()
    try:
        raise ValueError(secrets.quickbooks_client_secret)
    except ValueError as error:
        raise RuntimeError("ann@example.com " + secrets.quickbooks_webhook_verifier) from error

app.run = broken
main(["--config", sys.argv[1], "run"])
"""


def test_what_nobody_catches_at_the_start_ends_in_the_log_without_its_text(make_house: MakeHouse) -> None:
    house = make_house()
    command = [sys.executable, "-X", "dev", "-c", CRASHES, str(house.config)]
    done = subprocess.run(command, capture_output=True, text=True, env=_environment(), timeout=30)
    assert done.returncode not in {0, 78}
    said = done.stdout + done.stderr
    assert "process.crashed" in said
    assert "RuntimeError" in said
    assert "Task exception was never retrieved" in said
    assert_none("the crash", said, {path.read_text() for path in (house.folder / "secrets").iterdir()})
    assert "ann@example.com" not in said
