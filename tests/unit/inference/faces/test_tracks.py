from dataclasses import replace

import numpy as np
import pytest

from inference.faces.tracks import FaceFollower
from moderation.tracks import Face

RED, BLUE = (200, 90, 60), (60, 90, 200)
ROOM = (120, 120, 120)


def face(x, y=150.0, size=80.0):
    half = size / 2
    return Face(
        box_xyxy=(x - half, y - half, x + half, y + half),
        landmarks=(
            (x - 16, y - 12),
            (x + 16, y - 12),
            (x, y + 4),
            (x - 12, y + 20),
            (x + 12, y + 20),
        ),
        detector_score=0.99,
    )


def frame(*people, room=ROOM):
    """A frame with a person of one colour at each place, and the faces a detector would find."""
    pixels = np.full((300, 900, 3), room, np.uint8)
    pixels[::4] //= 2
    faces = []
    for x, colour in people:
        half = 60
        pixels[90:210, max(x - half, 0) : x + half] = colour
        pixels[140:150, x - 20 : x + 20] = 20
        faces.append(face(float(x)))
    return pixels, faces


class ScriptedDetector:
    def __init__(self, *answers):
        self.answers = list(answers)

    def detect(self, frame):
        return self.answers.pop(0)


class LookingDetector(ScriptedDetector):
    def __init__(self, *answers, near):
        super().__init__(*answers)
        self.near = list(near)

    def look_again(self, frame, near):
        return self.near.pop(0)


class Stage:
    """Somebody is always there, another person for a second; who looks nearby misses them."""

    def __init__(self, began):
        self.began = began
        self.now = 0.0

    def detect(self, frame):
        both = self.began <= self.now < self.began + 1
        return [face(150.0), face(450.0)] if both else [face(150.0)]

    def look_again(self, frame, near):
        return self.detect(frame)[: len(near)]


def follow(*frames, apart=1.0, **limits):
    follower = FaceFollower(ScriptedDetector(*(faces for _, faces in frames)), **limits)
    for index, (pixels, _) in enumerate(frames):
        follower.add(index * apart, pixels)
    return follower.finish()


def test_two_people_are_two_tracks_even_when_both_move():
    tracks, crops = follow(
        frame((100, RED), (700, BLUE)),
        frame((250, RED), (550, BLUE)),
        frame((350, RED), (480, BLUE)),
    )
    assert [track.frames_seen for track in tracks] == [3, 3]
    assert {crop.track_id for crop, _ in crops} == {0, 1}


def test_two_people_who_change_places_keep_their_tracks():
    _, crops = follow(frame((200, RED), (500, BLUE)), frame((500, RED), (200, BLUE)))
    reddest = {
        crop.track_id for crop, pixels in crops if pixels[:, :, 0].mean() > pixels[:, :, 2].mean()
    }
    assert len(reddest) == 1


def test_another_person_at_the_same_place_is_another_track():
    tracks, _ = follow(frame((300, RED)), frame((300, BLUE)))
    assert [track.frames_seen for track in tracks] == [1, 1]


def test_a_person_missed_in_one_frame_stays_on_the_track():
    tracks, _ = follow(frame((300, RED)), frame(), frame((310, RED)))
    assert [(track.frames_seen, track.last_seconds) for track in tracks] == [(2, 2.0)]


def test_a_person_who_was_away_for_three_frames_starts_a_new_track():
    away = [frame()] * 3
    tracks, _ = follow(frame((300, RED)), *away, frame((300, RED)))
    assert len(tracks) == 2


@pytest.mark.parametrize(("apart", "tracks"), [(1 / 30, 1), (0.11, 2)])
def test_frames_of_one_burst_are_one_moment_in_which_a_person_is_missed(apart, tracks):
    away = [frame()] * 3
    assert len(follow(frame((300, RED)), *away, frame((300, RED)), apart=apart)[0]) == tracks


def test_a_shot_change_ends_every_track():
    elsewhere, faces = frame((300, RED), room=(10, 60, 30))
    elsewhere[:, 450:] = (240, 255, 200)
    tracks, _ = follow(frame((300, RED)), (elsewhere, faces))
    assert len(tracks) == 2


def test_light_that_changes_is_no_shot_change():
    pixels, faces = frame((300, RED))
    tracks, _ = follow((pixels, faces), (pixels // 2, faces))
    assert len(tracks) == 1


@pytest.mark.parametrize(("apart", "searches"), [(0.45, 1), (0.5, 2)])
def test_faces_are_searched_anew_once_the_last_search_is_old(apart, searches):
    pixels, faces = frame((300, RED))
    detector = LookingDetector(faces, faces, near=[faces])
    follower = FaceFollower(detector)
    follower.add(0.0, pixels)
    follower.add(apart, pixels)
    assert 2 - len(detector.answers) == searches


@pytest.mark.parametrize("apart", [0.19, 0.34, 0.45, 0.499, 0.55, 0.7, 1.0])
def test_whoever_is_on_screen_for_a_second_beside_somebody_else_is_seen(apart):
    pixels, _ = frame((150, RED), (450, BLUE))
    for began in np.arange(0.05, 2, 0.25):
        stage = Stage(began)
        follower = FaceFollower(stage)
        for stage.now in np.arange(0, 3.5, apart):
            follower.add(stage.now, pixels)
        assert len(follower.finish()[0]) == 2, began


def test_a_face_lost_while_looking_near_makes_a_search():
    pixels, faces = frame((300, RED))
    detector = LookingDetector(faces, faces, near=[[]])
    follower = FaceFollower(detector)
    follower.add(0.0, pixels)
    follower.add(0.1, pixels)
    assert follower.finish()[0][0].frames_seen == 2


@pytest.mark.parametrize(("score", "kept"), [(0.89, 1), (0.9, 2)])
def test_a_face_seen_once_beside_another_must_be_sure(score, kept):
    pixels, faces = frame((150, RED), (450, BLUE))
    once = [faces[0], replace(faces[1], detector_score=score)]
    assert len(follow((pixels, faces[:1]), (pixels, once), (pixels, faces[:1]))[0]) == kept


def test_in_a_picture_no_face_need_be_sure():
    pixels, faces = frame((150, RED), (450, BLUE))
    assert len(follow((pixels, [faces[0], replace(faces[1], detector_score=0.7)]))[0]) == 2


def test_a_face_that_is_all_there_is_need_not_be_sure():
    pixels, faces = frame((150, RED))
    unsure = [replace(faces[0], detector_score=0.7)]
    assert len(follow((pixels, []), (pixels, unsure), (pixels, []))[0]) == 1


def test_crops_are_bounded_per_track_and_in_sum_and_numbered_by_place():
    frames = [frame((150, RED), (700, BLUE))] * 40
    _, crops = follow(*frames, crops_per_track=5)
    assert [crop.crop_id for crop, _ in crops] == list(range(10))
    _, crops = follow(*frames, crops_per_track=30, max_crops=20)
    assert len(crops) == 20


def test_the_tracks_seen_longest_are_kept():
    frames = [frame((150, RED), (700, BLUE)), frame((700, BLUE)), frame((700, BLUE))]
    tracks, _ = follow(*frames, max_tracks=1)
    assert [track.frames_seen for track in tracks] == [3]


def test_no_face_is_no_track_and_no_crop():
    assert follow(frame(), frame()) == ((), [])
