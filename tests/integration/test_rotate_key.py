"""The journal key is changed while the daemon works, and checked when it starts."""

from __future__ import annotations

import base64
from pathlib import Path

from integration.business import Business
from integration.conftest import MakeHouse
from integration.house import JOURNAL_KEY, House

NEW = bytes(range(50, 82))
THIRD = bytes(range(80, 112))


def write(house: House, name: str, key: bytes) -> Path:
    file = house.secrets / name
    file.write_text(base64.b64encode(key).decode() + "\n")
    file.chmod(0o600)
    return file


def invoice_comes_into_the_books(business: Business, amount: int) -> None:
    business.sent_invoice(amount)
    business.until(lambda: amount in [one["TotalAmt"] for one in business.objects("Invoice")], f"{amount} is posted")


def test_a_new_key_is_taken_over_while_sales_come_in(make_house: MakeHouse) -> None:
    house = make_house()
    business = house.business().connected()
    invoice_comes_into_the_books(business, 10)

    refused = house.cli("rotate-key")
    assert refused.code == 1
    assert "openssl rand -base64 32" in refused.err

    previous = write(house, "journal-key-previous", JOURNAL_KEY)
    write(house, "journal-key", NEW)
    done = house.cli("rotate-key")
    assert done.code == 0
    assert "journal-key-previous may be deleted" in done.out
    previous.unlink()
    invoice_comes_into_the_books(business, 20)
    business.books("expire_tokens")
    business.crm("expire_tokens")
    invoice_comes_into_the_books(business, 30)

    house.daemon.kill()
    house.daemon.start()
    invoice_comes_into_the_books(business, 40)
    assert business.show().status == "connected"
    assert len(business.objects("Customer")) == 1


def test_a_restart_takes_a_new_key_over_by_itself_and_a_wrong_one_is_refused(make_house: MakeHouse) -> None:
    house = make_house()
    business = house.business().connected()
    invoice_comes_into_the_books(business, 10)
    house.daemon.kill()

    write(house, "journal-key", THIRD)
    refused = house.cli("run")
    assert refused.code == 78
    assert "journal-key: the journal was sealed with another key" in refused.err
    assert "journal-key-previous" in refused.err

    previous = write(house, "journal-key-previous", JOURNAL_KEY)
    house.daemon.start()
    invoice_comes_into_the_books(business, 20)
    house.daemon.kill()
    previous.unlink()
    house.daemon.start()
    invoice_comes_into_the_books(business, 30)
