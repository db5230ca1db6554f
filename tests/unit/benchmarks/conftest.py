"""A small task of a leaderboard, for the tests of both its sides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.clips import Clip
from benchmarks.leaderboard.blinding import Blinding, blind
from benchmarks.leaderboard.task import Secret, Task, read_secret, read_task


@pytest.fixture
def clips(tmp_path: Path) -> list[Clip]:
    """Six pictures, each a real half beside a forged one, and six of a method on their own."""
    folder = tmp_path / "data"
    folder.mkdir()
    rng = np.random.default_rng(0)
    found = []
    for number in range(6):
        for name in ("pair", "fake_gan"):
            pixels = rng.integers(0, 256, (48, 96, 3), np.uint8)
            Image.fromarray(pixels).save(folder / f"{name}{number}.jpg")
        pair, gan = folder / f"pair{number}.jpg", folder / f"fake_gan{number}.jpg"
        for region, label in (("left", "real"), ("right", "fake")):
            found.append(
                Clip(
                    clip_id=f"pair{number}.jpg#{region}", path=pair, label=label, region=region,
                    method="swap", group=f"pair{number}",
                )
            )  # fmt: skip
        found.append(Clip(clip_id=gan.name, path=gan, label="fake", method="gan", group=gan.name))
    return found


@pytest.fixture
def parts(tmp_path: Path, clips: list[Clip]) -> tuple[Path, Path]:
    public, secret = tmp_path / "public", tmp_path / "secret"
    blind(clips, Blinding(name="made", private_methods=["gan"]), public, secret)
    return public, secret


@pytest.fixture
def task(parts: tuple[Path, Path]) -> Task:
    return read_task(parts[0])


@pytest.fixture
def known(parts: tuple[Path, Path], task: Task) -> dict[str, Secret]:
    return read_secret(parts[1], task)
