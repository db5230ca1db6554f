"""200 media as a platform gets them: pictures and clips of several kinds, and broken ones."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

SAMPLE = Path(__file__).parents[2] / "samples" / "portrait.jpg"
COUNT = 200
BROKEN = 20
CLIPS = 20
_FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "gif": "GIF"}
_CODECS = {"mp4": "libx264", "mkv": "libx264", "webm": "libvpx", "avi": "mpeg4", "mov": "libx264"}


def make_mixed(folder: Path) -> None:
    """Write COUNT files, BROKEN of them such that nothing can be judged."""
    folder.mkdir()
    chance = np.random.default_rng(7)
    portrait = np.asarray(Image.open(SAMPLE).convert("RGB").resize((320, 320)))
    for number in range(COUNT - BROKEN - CLIPS):
        ending = list(_FORMATS)[number % len(_FORMATS)]
        content = _picture(_noisy(portrait, chance), _FORMATS[ending])
        (folder / f"picture-{number:03}.{ending}").write_bytes(content)
    for number in range(CLIPS):
        ending = list(_CODECS)[number % len(_CODECS)]
        _clip(folder / f"clip-{number:02}.{ending}", portrait, _CODECS[ending], chance)
    for number, content in enumerate(_broken(portrait, chance)):
        (folder / f"broken-{number:02}.jpg").write_bytes(content)


def _noisy(picture: NDArray[np.uint8], chance: np.random.Generator) -> NDArray[np.uint8]:
    noise = chance.integers(-5, 6, picture.shape, np.int16)
    return np.clip(picture.astype(np.int16) + noise, 0, 255).astype(np.uint8)


def _picture(pixels: NDArray[np.uint8], kind: str) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, kind)
    return content.getvalue()


def _clip(path: Path, picture: NDArray[np.uint8], codec: str, chance: np.random.Generator) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=10)
        stream.width = stream.height = picture.shape[0]
        stream.pix_fmt = "yuv420p"
        for shift in range(20):
            moved = np.roll(_noisy(picture, chance), shift, axis=1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(moved, format="rgb24")))
        container.mux(stream.encode())


def _broken(picture: NDArray[np.uint8], chance: np.random.Generator) -> list[bytes]:
    """Empty, cut off, of the wrong kind, or noise after a true beginning."""
    whole = _picture(picture, "JPEG")
    kinds = [
        lambda: b"",
        lambda: whole[: int(chance.integers(20, 400))],
        lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>" + chance.bytes(50),
        lambda: b"#EXTM3U\nhttp://127.0.0.1/a.ts\n" + chance.bytes(20),
        lambda: b"\x89PNG\r\n\x1a\n" + chance.bytes(500),
    ]
    return [kinds[number % len(kinds)]() for number in range(BROKEN)]
