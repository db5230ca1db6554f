"""What media say of their origin, through the whole of an embedded stack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.stack import start_stack
from tests.signing import an_action, signed, the_identity

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The verdicts on the same pictures with several origins, under a trust list."""
    folder = tmp_path_factory.mktemp("origins")
    forged = (SAMPLES / "portrait-forged.jpg").read_bytes()
    landscape = (SAMPLES / "landscape.jpg").read_bytes()
    captured = signed(forged)
    media = {
        "forged.jpg": forged,
        "forged-captured.jpg": captured,
        "landscape.jpg": landscape,
        "landscape-generated.jpg": signed(
            landscape, actions=(an_action("trainedAlgorithmicMedia"),)
        ),
        "landscape-tampered.jpg": signed(landscape)[:-2] + b"\x00\xff\xd9",
    }
    files = [folder / name for name in media]
    for file, content in zip(files, media.values(), strict=True):
        file.write_bytes(content)
    trusted = folder / "cameras.pem"
    trusted.write_text(the_identity().authority)
    stack = start_stack(folder, VERISCOPE_PROVENANCE__TRUST_LIST=str(trusted))
    try:
        done = stack.command("check", "--json", "--api", stack.api, *map(str, files))
        table = stack.command("check", "--api", stack.api, str(files[1]), COLUMNS="300").stdout
    finally:
        stack.stop()
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {"table": {"text": table}, **{Path(line["file"]).name: line for line in lines}}


def state(end: dict[str, Any]) -> str:
    return str(end["provenance"]["state"])


def test_a_media_that_says_nothing_is_unknown_and_judged_by_its_pixels(
    ends: dict[str, dict[str, Any]],
) -> None:
    assert state(ends["landscape.jpg"]) == "unknown"
    assert (ends["landscape.jpg"]["action"], ends["landscape.jpg"]["action_because"]) == (
        "publish",
        [],
    )


def test_credentials_change_neither_label_nor_probability(
    ends: dict[str, dict[str, Any]],
) -> None:
    plain, captured = ends["forged.jpg"], ends["forged-captured.jpg"]
    assert plain["fake_probability"] is not None
    assert captured["fake_probability"] == plain["fake_probability"]
    assert (captured["label"], captured["reasons"]) == (plain["label"], plain["reasons"])


def test_a_trusted_capture_that_looks_forged_goes_to_people(
    ends: dict[str, dict[str, Any]],
) -> None:
    captured = ends["forged-captured.jpg"]
    assert state(captured) == "trusted"
    assert captured["provenance"]["credentials"]["trust_list"]["name"] == "cameras.pem"
    assert captured["action"] == "review"
    withheld = ends["forged.jpg"]["action"] == "withhold"
    assert captured["action_because"] == (["trusted_capture_contradicted"] if withheld else [])


def test_a_media_that_says_it_was_generated_is_labelled(ends: dict[str, dict[str, Any]]) -> None:
    generated = ends["landscape-generated.jpg"]
    assert (generated["label"], generated["action"]) == ("no_face", "label")
    assert generated["action_because"] == ["declared_generated"]


def test_credentials_that_do_not_hold_go_to_people(ends: dict[str, dict[str, Any]]) -> None:
    tampered = ends["landscape-tampered.jpg"]
    assert state(tampered) == "invalid"
    assert (tampered["action"], tampered["action_because"]) == ("review", ["credentials_invalid"])


def test_the_table_says_it_in_one_line(ends: dict[str, dict[str, Any]]) -> None:
    said = "credentials of a trusted signer (Test Cameras); says that it was captured"
    assert said in ends["table"]["text"]
