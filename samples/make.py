"""Makes the sample media beside this file; scikit-image brings the one picture they come from.

Run from the repository's root: `uv run --with scikit-image python samples/make.py`
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]  # H W C, uint8, RGB

FOLDER = Path(__file__).parent
FACE_CENTRE, FACE_RADII = (224, 112), (46, 62)  # x y and width height, pixels of the portrait
RATE, SECONDS = 15, 5


def main() -> None:
    """Write all samples."""
    from skimage.data import astronaut

    portrait: Picture = astronaut()
    save("portrait.jpg", portrait)
    save("portrait-small.jpg", cv2.resize(portrait, (160, 160), interpolation=cv2.INTER_AREA))
    save("portrait-forged.jpg", forged(portrait))
    save("portrait-blurred.jpg", cv2.GaussianBlur(portrait, (0, 0), 3))
    save("landscape.jpg", landscape())
    video("portrait.mp4", portrait)
    video("portrait-forged.mp4", forged(portrait))
    whole = (FOLDER / "portrait.jpg").read_bytes()
    (FOLDER / "broken.jpg").write_bytes(whole[: len(whole) // 4])
    (FOLDER / "not-a-picture.jpg").write_text("This is text, whatever its name says.\n")


def save(name: str, picture: Picture) -> None:
    cv2.imwrite(str(FOLDER / name), picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])


def forged(portrait: Picture) -> Picture:
    """Swap the face for itself: mirrored, bent, recoloured, and blended in at a soft seam."""
    height, width = portrait.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    bent_x = 2 * FACE_CENTRE[0] - x + 5 * np.sin(y / 17)
    bent_y = y + 4 * np.sin(x / 13)
    other = cv2.remap(portrait, bent_x, bent_y, cv2.INTER_LINEAR)
    other = cv2.GaussianBlur(other, (0, 0), 1.2).astype(np.float32) * (1.02, 0.94, 0.9)
    distance = np.hypot((x - FACE_CENTRE[0]) / FACE_RADII[0], (y - FACE_CENTRE[1]) / FACE_RADII[1])
    blend = np.clip((1.15 - distance) / 0.3, 0.0, 1.0)[:, :, None]
    mixed = portrait * (1 - blend) + other * blend
    return np.clip(mixed, 0, 255).astype(np.uint8)


def landscape(width: int = 640, height: int = 400) -> Picture:
    """Sky, hills and a meadow, without a face."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    picture = np.stack([110 + y / 4, 160 + y / 6, 235 - y / 10], axis=-1)
    for level, colour in ((190, (96, 112, 140)), (240, (70, 104, 84)), (300, (92, 132, 58))):
        ridge = level + 28 * np.sin(x / (level / 3)) + 9 * np.sin(x / 23 + level)
        picture[y > ridge] = colour
    grain = np.random.default_rng(1).normal(0, 5, picture.shape)
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def video(name: str, portrait: Picture, side: int = 360) -> None:
    """Pan and zoom over the portrait, in H.264."""
    with av.open(str(FOLDER / name), "w", options={"movflags": "faststart"}) as target:
        stream = target.add_stream("libx264", rate=RATE, options={"crf": "24"})
        stream.width = stream.height = side
        stream.pix_fmt = "yuv420p"
        for number in range(RATE * SECONDS):
            share = number / (RATE * SECONDS - 1)
            seen = 400 - 120 * share
            left, top = 24 + 70 * share, 6 * share
            move = np.array(
                [[side / seen, 0, -left * side / seen], [0, side / seen, -top * side / seen]]
            )
            pixels = cv2.warpAffine(portrait, move, (side, side), flags=cv2.INTER_AREA)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))


if __name__ == "__main__":
    main()
