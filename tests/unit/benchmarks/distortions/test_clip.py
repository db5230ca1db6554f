"""Clips, and faces that are carried along."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.distortions import Clip
from benchmarks.distortions.clip import carried, scaling
from tests.unit.benchmarks.distortions.builders import a_face, a_picture


def test_a_clip_has_frames_of_one_size_shown_at_some_rate() -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        Clip(frames=[], frames_per_second=25)
    with pytest.raises(ValueError, match="one size"):
        Clip(frames=[a_picture(), a_picture()[1:]], frames_per_second=25)
    with pytest.raises(ValueError, match="positive"):
        Clip(frames=[a_picture()], frames_per_second=0)


def test_faces_are_known_for_every_frame_or_for_none() -> None:
    with pytest.raises(ValueError, match="every frame or for none"):
        Clip(frames=[a_picture()] * 2, frames_per_second=25, faces=[[a_face()]])


def test_a_scaled_face_is_scaled_in_box_and_landmarks() -> None:
    after = carried(a_face(), scaling(2, 0.5))
    assert after.box_xyxy == (110, 15, 210, 47.5)
    assert after.landmarks[2] == (154, 32.5)


def test_a_mirrored_face_has_its_landmarks_in_the_viewers_order() -> None:
    after = carried(a_face(), np.array([[-1.0, 0, 160], [0, 1, 0]]))
    eye, other_eye, nose, mouth, other_mouth = after.landmarks
    assert eye == (68, 53)  # 160 - 92: the eye that was on the viewer's right
    assert other_eye == (92, 52)
    assert nose == (83, 65)
    assert mouth[0] < other_mouth[0]
