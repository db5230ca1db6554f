"""The packaged bundle as its own shadow, on the embedded stack: one server has its models twice."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inference.bundles.bundle import PACKAGED, open_bundle
from tests.acceptance.stack import Stack, start_stack

SAMPLES = Path(__file__).parents[2] / "samples"
SHADOW = open_bundle(PACKAGED).manifest.title


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = start_stack(
        tmp_path_factory.mktemp("shadowed"),
        VERISCOPE_SHADOW__BUNDLE=SHADOW,
        VERISCOPE_SHADOW__SHARE="1",
    )
    yield stack
    stack.stop()


def compared(stack: Stack) -> dict[str, Any]:
    """What the command tells once it tells of two uploads; the test's own time limit ends it."""
    while True:
        answer = json.loads(stack.command("models", "shadow", "--json", "--sample", "9").stdout)
        if sum(answer["comparisons"][0]["outcomes"].values() if answer["comparisons"] else ()) == 2:
            return answer
        time.sleep(1.0)


def test_a_shadow_looks_at_what_was_judged_and_says_of_itself_what_it_would_have_said(
    stack: Stack,
) -> None:
    media = [str(SAMPLES / name) for name in ("portrait.jpg", "portrait-forged.jpg")]
    done = stack.command("check", "--json", "--api", stack.api, *media)
    labels = [json.loads(line)["label"] for line in done.stdout.splitlines()]
    assert sorted(labels) == ["clear", "fake"]
    answer = compared(stack)
    (found,) = answer["comparisons"]
    assert found["outcomes"] == {"scored": 2}
    assert (found["flips"]["count"], found["agreement"]["kappa"]) == (0, 1.0)
    assert (found["serving"], found["cost_ratio"] > 0) == (found["shadow"], True)
    assert answer["flipped"] == []
