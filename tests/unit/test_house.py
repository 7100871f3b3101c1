"""The house keeps what its README says, and its own measure."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Final

import msgspec
import pytest
from aiohttp import web

from avantto_qbo import __version__
from avantto_qbo.cli import main
from avantto_qbo.config import Config
from avantto_qbo.metrics import Metrics
from avantto_qbo.model.operation import TRANSITIONS
from avantto_qbo.model.settings import Settings
from avantto_qbo.server.private import private_app
from avantto_qbo.server.public import public_app
from avantto_qbo.typed_values import field_types
from unit.server.standins import MemoryFlow, MemoryHealth, MemoryIntake

ROOT: Final = Path(__file__).parents[2]
PACKAGE: Final = ROOT / "daemon" / "avantto_qbo"
SOURCES: Final = sorted(PACKAGE.rglob("*.py"))
LOCKS: Final = ("requirements.lock", "requirements-dev.lock")
README: Final = (ROOT / "README.md").read_text()


def section(title: str) -> str:
    """Return the text under one heading of the README, up to the next heading of any level."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found, f"the README has no heading {title!r}"
    return found[1]


def first_cells(title: str) -> list[str]:
    """Return what stands in backticks in the first cell of every row of a section's table."""
    rows = re.findall(r"^\| (`[^|]*) \|", section(title), re.MULTILINE)
    return [code for row in rows for code in re.findall(r"`([^`]+)`", row)]


def functions() -> Iterator[tuple[str, int]]:
    """Yield each function of the package with its length in lines."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(PACKAGE)}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def routes(app: web.Application) -> set[str]:
    """Return `METHOD /path` of every route but the implied HEAD."""
    return {
        f"{route.method} {route.resource.canonical}"
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }


def test_the_readme_draws_the_state_table() -> None:
    drawn = re.findall(r"^\s*(\w+) --> (\w+)\s*$", section("The life of a write"), re.MULTILINE)
    assert sorted(drawn) == sorted((state, later) for state, following in TRANSITIONS.items() for later in following)


def test_the_readme_lists_the_commands() -> None:
    listed = [code.split()[0] for code in first_cells("Commands")]
    assert sorted(listed) == sorted(main.commands)


def test_the_readme_names_every_option_of_a_command() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)[^|]*\| ?([^\n]*)", section("Commands"), re.MULTILINE))
    for name, command in main.commands.items():
        options = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
        missing = {option for option in options - {"--config", "--json"} if f"`{option}" not in rows[name]}
        assert not missing, f"{name}: {missing}"


def test_every_file_of_the_way_exists() -> None:
    named = re.findall(r"[\w/]+/[\w/]+\.(?:py|sql)\b", section("The way through the house"))
    assert len(set(named)) >= 5
    assert [name for name in named if not (PACKAGE / name).is_file()] == []


def test_the_readme_lists_the_keys_of_the_configuration() -> None:
    keys = {
        f"{name}.{key}"
        for name, kind in field_types(Config).items()
        if kind is not Settings
        for key in field_types(kind)
    }
    assert set(first_cells("Configuration")) == keys


def test_the_readme_lists_the_settings_of_a_location() -> None:
    names = [field.encode_name for field in msgspec.structs.fields(Settings)]
    assert first_cells("Settings of a location") == names


def test_the_readme_lists_the_routes() -> None:
    public = public_app(MemoryIntake(), MemoryFlow(), Metrics(), public_url="https://qbo.example")
    private = private_app(MemoryHealth(), Metrics())
    assert set(first_cells("Routes")) == routes(public) | routes(private)


def test_every_reason_the_readme_names_is_one_the_program_gives() -> None:
    codes = set(re.findall(r"\(`([a-z_.]+)`\)", section("The five rules and where they stand")))
    program = "\n".join(path.read_text() for path in SOURCES if "sandbox" not in path.parts)
    assert codes
    assert {code for code in codes if f'"{code}"' not in program} == set()


def test_the_readme_lists_what_waits_for_a_person() -> None:
    listed = set(first_cells("What waits for a person"))
    rules = "\n".join(path.read_text() for path in SOURCES if "rules" in path.parts and "crm" not in path.parts)
    raised = set(re.findall(r"held\(\s*\"([a-z_.]+)\"", rules))
    assert raised - listed == set()
    program = "\n".join(path.read_text() for path in SOURCES if "sandbox" not in path.parts)
    unknown = {code for code in listed if f'"{code}"' not in program and "." not in code}
    assert {code for code in unknown if f'_{code.rpartition("_")[2]}"' not in program} == set()


def test_every_link_of_the_readme_leads_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_the_changelog_knows_this_release() -> None:
    newest = re.search(r"^## \[(\d[^\]]*)\] - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest
    assert newest[1] == __version__


@pytest.mark.parametrize("name", LOCKS)
def test_the_locks_pin_every_release_by_hash_and_name_no_place(name: str) -> None:
    text = (ROOT / name).read_text()
    pinned = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert pinned
    assert [entry for entry in pinned if "==" not in entry or "--hash=sha256:" not in entry] == []
    assert "://" not in text
    assert "index" not in text


def test_what_is_installed_at_run_time_is_what_was_tested() -> None:
    runtime, dev = (
        set(re.findall(r"^[a-z0-9][\w.-]*==[^ ]+", (ROOT / name).read_text(), re.MULTILINE)) for name in LOCKS
    )
    assert runtime <= dev


def test_functions_are_short() -> None:
    lengths = dict(functions())
    assert median(lengths.values()) < 10
    assert [f"{name} ({length})" for name, length in lengths.items() if length > 50] == []


def test_files_are_short() -> None:
    sizes = {str(path.relative_to(PACKAGE)): len(path.read_text().splitlines()) for path in SOURCES}
    assert {name: size for name, size in sizes.items() if size > 400} == {}
