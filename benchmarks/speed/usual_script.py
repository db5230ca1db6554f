"""What people use instead, in an environment of its own: OpenCV, facenet-pytorch's MTCNN, timm.

Run as a file by an interpreter that has torch; nothing of Veriscope is imported. It reads paths of
clips from standard input and answers each with a line: how many faces it judged. OpenCV reads every
frame and keeps some, spread evenly; MTCNN looks at one after the other; an EfficientNet is called
once a face. B0 is the smallest there is, near the size of the served network; its weights are
random, which costs the same. One thread: as many of these run as there are cores.
"""

from __future__ import annotations

import sys

import cv2
import numpy as np
import timm
import torch
from facenet_pytorch import MTCNN

_SMALLEST_FACE = 40  # pixels, as in serving; MTCNN's own default, 20, takes longer
_SIDE = 224


def main(frames: int) -> None:
    """Load, say so, then judge what is asked for until there is nothing more."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    detector = MTCNN(keep_all=True, min_face_size=_SMALLEST_FACE, device="cpu")
    network = timm.create_model("tf_efficientnet_b0", pretrained=False, num_classes=1).eval()
    print("ready", flush=True)
    with torch.inference_mode():
        for line in sys.stdin:
            print(_faces(line.rstrip("\n"), frames, detector, network), flush=True)


def _faces(clip: str, frames: int, detector: MTCNN, network: torch.nn.Module) -> int:
    judged = 0
    for picture in _pictures(clip, frames):
        boxes, _ = detector.detect(picture)
        for box in [] if boxes is None else boxes:
            network(_face(picture, box))
            judged += 1
    return judged


def _pictures(clip: str, frames: int) -> list[np.ndarray]:
    """H W C, uint8, RGB."""
    capture = cv2.VideoCapture(clip)
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    wanted = set(np.linspace(0, count - 1, frames).astype(int).tolist())
    kept: list[np.ndarray] = []
    number = 0
    while True:
        there, picture = capture.read()
        if not there:
            return kept
        if number in wanted:
            kept.append(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
        number += 1


def _face(picture: np.ndarray, box: np.ndarray) -> torch.Tensor:
    """The face of a box, 1 3 224 224, float32, as ImageNet's networks take it."""
    left, top, right, bottom = (max(0, int(edge)) for edge in box)
    crop = cv2.resize(picture[top:bottom, left:right], (_SIDE, _SIDE))
    pixels = torch.from_numpy(crop).permute(2, 0, 1)[None].float() / 255
    mean, deviation = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    return (pixels - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(deviation).view(3, 1, 1)


if __name__ == "__main__":
    main(int(sys.argv[1]))
