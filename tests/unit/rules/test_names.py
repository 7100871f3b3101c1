from __future__ import annotations

import pytest

from avantto_qbo.rules.names import stored_name


@pytest.mark.parametrize(
    ("name", "latin", "stored"),
    [
        ("Łukasz: D’Arc\t2", True, "Lukasz D'Arc 2"),
        ("Łukasz", False, "Łukasz"),
        ("José Ñandú", True, "José Ñandú"),
        ("李雷", True, ""),
        ("李雷", False, "李雷"),
        ("A\\B\x00", True, "A/B"),
        ("Šárka…", True, "Sárka..."),
    ],
)
def test_a_name_is_told_as_it_will_be_stored(name: str, latin: bool, stored: str) -> None:
    assert stored_name(name, 100, latin=latin) == stored


def test_a_cut_name_ends_with_no_blank() -> None:
    assert stored_name("ab cd", 3, latin=True) == "ab"
