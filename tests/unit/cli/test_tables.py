"""What a person sees on a terminal."""

from __future__ import annotations

import io

import pytest

from avantto_qbo.cli.tables import show_records, show_table


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_names_with_brackets_are_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("NO_COLOR", "1")
    show_table(("name", "held"), [("Corner [bold]Cafe[/bold]", 3)])
    assert "Corner [bold]Cafe[/bold]" in terminal.getvalue()
    assert "\t" not in terminal.getvalue()


def test_on_a_terminal_sums_stand_below_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("NO_COLOR", "1")
    show_table(("what", "amount"), [("tax", "7.20"), ("total", "115.20")], numbers={"amount"})
    assert [line.rstrip() for line in terminal.getvalue().splitlines()[1:]] == ["tax      7.20", "total  115.20"]


def test_anywhere_else_lines_are_tab_separated(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("name", "held"), [("Corner", 3)])
    assert capsys.readouterr().out == "name\theld\nCorner\t3\n"


def test_on_a_terminal_a_command_of_a_record_is_never_cut(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mend = "avantto-qbo settings Loc00000000000000001 'sources.gift card=on' (or off)" * 3
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    show_records(("id", "mend"), [("op1", mend), ("op2", "m")])
    assert capsys.readouterr().out == f"id    op1\nmend  {mend}\n\nid    op2\nmend  m\n\n"
    show_records(("id",), [], empty="Nothing.")
    assert capsys.readouterr().out == "Nothing.\n"
