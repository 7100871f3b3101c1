"""Copy the journal while it is in use, put the copy back, and find every later document where it was."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import avantto_qbo
from avantto_qbo.server.api import StatusAnswer
from integration.business import BOB, Business
from integration.conftest import MakeHouse
from integration.house import House, free_port

SOURCE = os.environ | {"PYTHONPATH": str(Path(avantto_qbo.__file__).parents[1])}
ENTITIES = ("Customer", "Invoice", "Payment", "SalesReceipt", "RefundReceipt")


def backup(house: House, name: str = "copy.db") -> Path:
    target = house.folder / name
    answer = house.cli("backup", str(target))
    assert answer.code == 0, answer.err
    return target


def put_back(business: Business, copy: Path, *, log: bool = True) -> None:
    """Kill the daemon, put the copy in the journal's place and start again; the journal's `log` may be left there."""
    house = business.house
    business.set_books(rate_limits=False)
    house.daemon.kill()
    if not log:
        os.unlink(f"{house.folder}/journal.db-wal")
    shutil.copy(copy, house.folder / "journal.db")
    house.daemon.start()


def status(house: House) -> StatusAnswer:
    return house.daemon.client.get("/status", StatusAnswer)


def in_books(business: Business) -> dict[str, list[Any]]:
    return {entity: sorted(row["Id"] for row in business.objects(entity)) for entity in ENTITIES}


def first_payment(business: Business, name: str) -> None:
    """A customer of QuickBooks pays a first invoice there, and is asked for a review."""
    before = len(business.messages())
    email = f"{name.lower()}@example.com"
    customer = {"value": business.new_customer(name, email)["Id"]}
    business.until(lambda: email in [one.get("email") for one in business.contacts()], f"{name} is a contact")
    line = {"DetailType": "SalesItemLineDetail", "Amount": 50, "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    invoice = business.books("create", entity="Invoice", body={"CustomerRef": customer, "Line": [line]})
    paid = [{"Amount": 50, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}]
    body = {"CustomerRef": customer, "TotalAmt": 50, "Line": paid}
    business.books("create", entity="Payment", body=body)
    business.until(lambda: len(business.messages()) == before + 1, f"{name} is asked for a review", within=15)


def test_a_restored_backup_posts_nothing_twice(make_house: MakeHouse) -> None:
    house = make_house({"defaults": {"reviews": "on", "review_hours": "always"}})
    business = house.business().connected()
    business.crm("set", search_lag=0)  # nothing is written for longer than that where the doubts settle as they should
    morning = business.sent_invoice(100)
    business.until_in_books("Invoice")
    first_payment(business, "Mia")
    business.all_quiet()
    copy = backup(house)

    business.crm("pay_invoice", invoice=morning)
    noon = business.sent_invoice(70, contact=BOB)
    business.sale(30)
    business.new_customer("Walk In")
    first_payment(business, "Leo")
    business.until_in_books("Invoice", 4)
    business.until_in_books("SalesReceipt")
    business.until(lambda: any(one.get("name") == "Walk In" for one in business.contacts()), "Walk In is a contact")
    business.all_quiet()
    books, contacts, messages = in_books(business), len(business.contacts()), len(business.messages())

    put_back(business, copy)
    business.until(lambda: not status(house).restoring, "the books were read again", within=20)
    business.all_quiet()
    assert in_books(business) == books
    assert (len(business.contacts()), len(business.messages())) == (contacts, messages)
    assert business.waiting_for_a_person() == ()
    assert "documents linked again" in house.cli("activity", business.location, "--limit", "500").out

    business.crm("pay_invoice", invoice=noon)
    business.crm("edit_invoice", invoice=morning, items=[{"name": "Wash", "amount": 120}])
    business.until_in_books("Payment", len(books["Payment"]) + 1)
    business.all_quiet()
    assert in_books(business)["Invoice"] == books["Invoice"]
    assert any(row["TotalAmt"] == 120 for row in business.objects("Invoice"))


def test_a_plain_copy_of_the_files_is_noticed_too(make_house: MakeHouse) -> None:
    house = make_house()
    business = house.business().connected()
    business.all_quiet()
    assert house.daemon.stop() == 0
    copy = house.folder / "plain.db"
    shutil.copy(house.folder / "journal.db", copy)
    business.set_books(rate_limits=False)
    house.daemon.start()
    business.sent_invoice(100)
    business.sale(30)
    business.until_in_books("Invoice")
    business.until_in_books("SalesReceipt")
    business.all_quiet()
    books = in_books(business)

    put_back(business, copy, log=False)
    business.until(lambda: not status(house).restoring, "the books were read again", within=20)
    business.all_quiet()
    assert in_books(business) == books
    assert "journal.restored" in house.cli("activity", business.location, "--limit", "500").out


def test_a_copy_is_made_under_load_and_refused_in_plain_words(business: Business) -> None:
    house = business.house
    for amount in range(10, 18):
        business.sent_invoice(amount)
    copy = backup(house, "under-load.db")
    assert copy.stat().st_mode & 0o777 == 0o600
    assert status(house).backup_at is not None
    assert "hours ago" in house.cli("status").out
    again = house.cli("backup", str(copy))
    assert (again.code, again.err) == (
        2,
        f"avantto-qbo: file: cannot write {copy}: File exists (name a file that does not exist yet)\n",
    )
    missing = house.cli("backup", f"{house.folder}/missing/copy.db")
    assert (missing.code, "make the directory first" in missing.err) == (2, True)
    business.until_in_books("Invoice", 8, within=20)


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_a_second_daemon_on_the_same_journal_exits_78(make_house: MakeHouse, link: str) -> None:
    house = make_house()
    other = house.folder / "other.db"
    getattr(other, link)(house.folder / "journal.db")
    config = house.folder / "second.toml"
    text = house.config.read_text().replace("journal.db", "other.db").replace('socket = "s"', 'socket = "s2"')
    config.write_text(text.replace(str(house.public), str(free_port())).replace(str(house.console), str(free_port())))
    command = [sys.executable, "-m", "avantto_qbo", "--config", str(config)]
    second = subprocess.run([*command, "run"], capture_output=True, text=True, timeout=20, check=False, env=SOURCE)
    assert second.returncode == 78, second.stderr
    assert "is using this journal already" in second.stderr
    checked = subprocess.run([*command, "check-config"], capture_output=True, timeout=20, check=False, env=SOURCE)
    assert checked.returncode == 0
    assert house.daemon.running
    assert house.cli("status").code == 0
