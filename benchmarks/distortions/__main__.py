"""Shows every distortion at every strength on one picture.

    python -m benchmarks.distortions --picture FILE.png IMAGE [--seed N]

Faces are found in IMAGE, so that what is drawn on faces can be.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from benchmarks.distortions.sheet import sheet
from inference.faces.mtcnn import MtcnnDetector


def main() -> None:
    """Write the contact sheet, or say in one line why not."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("image", type=Path, metavar="IMAGE")
    parser.add_argument("--picture", type=Path, required=True, metavar="FILE.png")
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()
    try:
        picture = np.asarray(Image.open(wanted.image).convert("RGB"))
    except (OSError, UnidentifiedImageError) as error:
        sys.exit(f"{wanted.image} cannot be read: {error}")
    faces = MtcnnDetector().detect(picture)
    if not faces:
        print("no face was found: what is drawn on faces is not seen", file=sys.stderr)
    Image.fromarray(sheet(picture, faces, seed=wanted.seed)).save(wanted.picture)


if __name__ == "__main__":
    main()
