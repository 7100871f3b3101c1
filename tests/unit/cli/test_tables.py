"""What a person sees on a terminal."""

from __future__ import annotations

import io

import pytest

from avantto_qbo.cli.tables import show_table


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


def test_anywhere_else_lines_are_tab_separated(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("name", "held"), [("Corner", 3)])
    assert capsys.readouterr().out == "name\theld\nCorner\t3\n"
