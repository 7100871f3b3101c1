"""`explain`: one document to the cent."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from click.testing import Result

from avantto_qbo.model.ids import OperationId
from avantto_qbo.model.operation import State
from unit.server.standins import MemoryService

Run = Callable[..., Result]


def test_the_arithmetic_stands_line_by_line(daemon: MemoryService, run: Run) -> None:
    daemon.held[OperationId("op1")] = State.HELD
    result = run("explain", "loc1", "INV/1")
    assert result.exit_code == 0
    assert result.stdout == (
        "invoice\tINV/1 (i1)\n"
        "in Avantto\tsent 108.00 GBP\n"
        "tax as\ttax codes\n"
        "next\tnone: Both sides agree.\n"
        "note\ta\n"
        "flag\tA fee has a line.\n"
        "\nLines, in GBP\n"
        "item\tquantity\tprice\tshown\tbefore tax\tdiscount\ttaxed on\ttaxes\n"
        "Wash\t2\t50.00\t100.00\t100.00\t10.00\t90.00\tVAT 20 %\n"
        "\nSum\n"
        "what\tamount\n"
        "items before tax\t100.00\n"
        "total\t108.00\n"
        "\nAs posted\n"
        "line\tamount\n"
        "Wash [5]\t100.00\n"
        "total\t108.00\n"
        "\nIn the books\n"
        "object\tid\tnumber\ttotal\tdate\tstatus\tpart\n"
        "Invoice\t70\tINV/1\t108.00 GBP\t\tlive\t\n"
        "\nHeld\n"
        "id\twhat\twhy\tmend\n"
        "op1\tinvoice.create\tNo tax code has this rate.\tavantto-qbo retry op1\n"
    )


def test_what_cannot_be_laid_out_says_why_and_what_helps(daemon: MemoryService, run: Run) -> None:
    assert run("explain", "loc1", "i2").stdout == "invoice\ti2\nproblem\tIt is held. avantto-qbo retry op1\n"


def test_an_unknown_document_is_named(daemon: MemoryService, run: Run) -> None:
    result = run("explain", "loc1", "INV-9")
    assert (result.exit_code, result.stderr) == (1, 'avantto-qbo: document: there is no document "INV-9"\n')


def test_a_script_reads_the_same_as_json(daemon: MemoryService, run: Run) -> None:
    answer = msgspec.json.decode(run("explain", "loc1", "INV/1", "--json").stdout)
    assert answer["explanation"]["sums"][-1] == {"label": "total", "amount": "108.00"}
    assert answer["booked"][0]["id"] == "70"
