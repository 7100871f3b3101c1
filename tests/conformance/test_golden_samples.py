"""The golden samples are what the program does today, byte for byte; `UPDATE_GOLDEN=1` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from conformance.golden_cases import GOLDEN, Golden, Scene
from vendor_fields import complaints

SAMPLES: Final = Path(__file__).parents[1] / "samples" / "golden"
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def played(golden: Golden) -> dict[str, Any]:
    """What happens in Avantto and what is sent to QuickBooks for it, side by side."""
    scene = Scene(golden)
    golden.play(scene)
    assert scene.left == ()
    flags = [flag.text for flag in scene.mirror.flags]
    return {
        "shows": golden.shows,
        "company": golden.kind,
        **({"said": flags} if flags else {}),
        "avantto": scene.avantto,
        "quickbooks": [{"entity": entity, "body": body} for entity, body in scene.ground.sent],
    }


def written(golden: Golden) -> bytes:
    return msgspec.json.format(_ENCODER.encode(played(golden)), indent=2) + b"\n"


def path_of(golden: Golden) -> Path:
    return SAMPLES / golden.kind / f"{golden.name}.json"


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: f"{golden.kind}-{golden.name}")
def test_a_golden_sample_is_what_is_sent(golden: Golden) -> None:
    path, now = path_of(golden), written(golden)
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(now)
    assert path.read_bytes() == now


def test_every_golden_sample_has_its_case() -> None:
    assert {path.relative_to(SAMPLES) for path in SAMPLES.glob("*/*.json")} == {
        path_of(golden).relative_to(SAMPLES) for golden in GOLDEN
    }


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*/*.json")), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_body_of_a_golden_sample_is_one_the_vendor_documents(path: Path) -> None:
    for sent in msgspec.json.decode(path.read_bytes())["quickbooks"]:
        assert complaints(sent["entity"], msgspec.json.encode(sent["body"])) == []
