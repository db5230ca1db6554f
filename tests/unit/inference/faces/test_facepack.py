"""A face pack gives back what was put in, and says when it is damaged."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from inference.faces.facepack import FORMAT_VERSION, FacePack, outline, read, read_crop, write
from moderation.errors import Inconsistent, MissingPack
from moderation.media import Container, MediaFacts, MediaKind
from moderation.tracks import Crop, CropQuality, Track


def a_pack(count: int = 3) -> FacePack:
    facts = MediaFacts(
        sha256="ab" * 32,
        size_bytes=1234,
        kind=MediaKind.VIDEO,
        container=Container.WEBM,
        codec="vp9",
        width=640,
        height=480,
        duration_seconds=2.5,
        frames_sampled=32,
        frames_failed=1,
        warnings=("damaged",),
    )
    crops = tuple(
        Crop(
            crop_id=number,
            track_id=0,
            at_seconds=number / 3,
            box_xyxy=(1.5, 2.0, 101.25, 120.0),
            quality=CropQuality(
                face_pixels=99.75, sharpness=120.5, frontality=0.9, detector_score=0.99
            ),
        )
        for number in range(count)
    )
    gradient = np.add.outer(np.arange(224), np.arange(224)).astype(np.uint8) // 2
    pixels = np.stack(
        [np.stack([gradient + 20 * n, gradient, gradient // 2], -1) for n in range(3)]
    )
    return FacePack(
        facts=facts,
        tracks=(Track(track_id=0, first_seconds=0.0, last_seconds=2.0, frames_seen=30),),
        crops=crops,
        preprocessing="levelled-1.3-224-v1",
        pixels=np.clip(pixels, 0, 255)[:count].astype(np.uint8),
    )


def rewritten(content: bytes, name: str, replacement: bytes | None) -> bytes:
    """The pack with one file replaced, or left out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for entry in old.namelist():
            if entry != name:
                new.writestr(entry, old.read(entry))
            elif replacement is not None:
                new.writestr(entry, replacement)
    return buffer.getvalue()


def test_what_was_put_in_comes_out() -> None:
    pack = a_pack()

    out = read(write(pack))

    assert replace(out, pixels=pack.pixels) == pack
    assert out.pixels.shape == (3, 224, 224, 3)
    assert out.pixels.dtype == np.uint8
    assert np.abs(out.pixels.astype(int) - pack.pixels).mean() < 1.5


def test_colours_keep_their_order() -> None:
    red = np.zeros((1, 224, 224, 3), np.uint8)
    red[..., 0] = 250

    out = read(write(replace(a_pack(1), pixels=red))).pixels

    assert out[0, 100, 100].tolist() == pytest.approx([250, 0, 0], abs=3)


def test_equal_packs_are_equal_bytes() -> None:
    assert write(a_pack()) == write(a_pack())


def test_a_pack_without_crops_is_a_pack() -> None:
    assert read(write(a_pack(0))).pixels.shape == (0, 224, 224, 3)


def test_crops_and_pixels_must_match() -> None:
    with pytest.raises(Inconsistent):
        write(replace(a_pack(3), pixels=a_pack(2).pixels))


def test_a_crop_stands_at_the_place_its_id_names() -> None:
    pack = a_pack(2)
    with pytest.raises(Inconsistent):
        write(replace(pack, crops=pack.crops[::-1]))


@pytest.mark.parametrize("kept", [0, 1, 100, -1, -100])
def test_a_cut_off_pack_is_missing(kept: int) -> None:
    with pytest.raises(MissingPack):
        read(write(a_pack())[:kept])


@pytest.mark.parametrize(
    ("name", "replacement"),
    [
        ("index.json", None),
        ("index.json", b"not json"),
        ("index.json", b"[]"),
        ("index.json", json.dumps({"format_version": FORMAT_VERSION + 1}).encode()),
        ("index.json", json.dumps({"format_version": FORMAT_VERSION}).encode()),
        ("crops/0001.jpg", None),
        ("crops/0001.jpg", b"not a picture"),
        ("crops/0001.jpg", b""),
    ],
)
def test_a_pack_that_was_tampered_with_is_missing(name: str, replacement: bytes | None) -> None:
    with pytest.raises(MissingPack):
        read(rewritten(write(a_pack()), name, replacement))


def test_a_flipped_byte_in_a_crop_is_noticed() -> None:
    content = bytearray(write(a_pack()))
    content[len(content) // 2] ^= 0xFF

    with pytest.raises(MissingPack):
        read(bytes(content))


def test_one_crop_is_read_as_it_is_in_the_whole_pack() -> None:
    content = write(a_pack())
    whole = read(content)

    assert outline(content) == whole.crops
    assert np.array_equal(read_crop(content, 2), whole.pixels[2])


@pytest.mark.parametrize("number", [3, -1])
def test_a_crop_that_a_pack_does_not_hold_is_missing(number: int) -> None:
    with pytest.raises(MissingPack):
        read_crop(write(a_pack()), number)


def test_a_pack_of_another_format_has_no_outline() -> None:
    index = json.dumps({"format_version": FORMAT_VERSION + 1, "crops": []}).encode()
    with pytest.raises(MissingPack, match="of format"):
        outline(rewritten(write(a_pack()), "index.json", index))


def test_a_damaged_pack_has_neither_an_outline_nor_crops() -> None:
    with pytest.raises(MissingPack):
        outline(b"no pack")
    with pytest.raises(MissingPack):
        read_crop(b"no pack", 0)
