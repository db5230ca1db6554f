from __future__ import annotations

from pathlib import Path

import pytest

from datasets.errors import DataSetRefused
from datasets.readers import READERS, reader_for
from datasets.readers.deepfakebench_methods import family_of, method_of
from datasets.readers.protocol import Reading
from datasets.records import Clip, Family, Label, Region, Split
from tests.datasets import put, put_csv, put_json


def read(source: Path, layout: str, media: Path | None = None) -> dict[str, Clip]:
    return by_id(reading(source, layout, media))


def reading(source: Path, layout: str, media: Path | None = None) -> Reading:
    """As an import reads it: by the reader that recognises the layout."""
    name, reader = reader_for(source, None)
    assert name == layout
    return reader.read(source, media)


def by_id(found: Reading) -> dict[str, Clip]:
    return {clip.clip_id: clip for clip in found.clips}


def dfdc(root: Path) -> Path:
    put(root, "dfdc_train_part_0/aaa.mp4", "dfdc_train_part_0/bbb.mp4")
    put(root, "dfdc_train_part_1/ccc.mp4", "test/ddd.mp4")
    real = {"label": "REAL", "split": "train", "original": None}
    forged = {"label": "FAKE", "split": "train", "original": "bbb.mp4"}
    gone = {"label": "FAKE", "split": "train", "original": "zzz.mp4"}
    put_json(root / "dfdc_train_part_0/metadata.json", {"aaa.mp4": forged, "bbb.mp4": real})
    put_json(root / "dfdc_train_part_1/metadata.json", {"ccc.mp4": forged, "eee.mp4": gone})
    put_csv(root / "test/labels.csv", [{"filename": "ddd.mp4", "label": "1"}])
    return root


def test_dfdc_forgeries_name_their_original_also_in_another_part(tmp_path: Path) -> None:
    clips = read(dfdc(tmp_path), "dfdc")
    assert clips["dfdc_train_part_0/bbb.mp4"].label is Label.REAL
    assert clips["dfdc_train_part_0/aaa.mp4"].original == "dfdc_train_part_0/bbb.mp4"
    assert clips["dfdc_train_part_1/ccc.mp4"].original == "dfdc_train_part_0/bbb.mp4"
    assert clips["dfdc_train_part_1/ccc.mp4"].official is Split.TRAIN
    assert clips["test/ddd.mp4"].label is Label.FAKE
    assert clips["test/ddd.mp4"].official is Split.TEST


def test_listed_clips_that_are_not_on_this_disk_are_left_out_and_counted(tmp_path: Path) -> None:
    assert reading(dfdc(tmp_path), "dfdc").left_out == ["1 listed clips are not on this disk"]


@pytest.mark.parametrize("name", ["../aaa.mp4", "/etc/passwd", "..\\aaa.mp4", "sub/aaa.mp4", ""])
def test_names_in_dfdc_metadata_cannot_leave_their_folder(tmp_path: Path, name: str) -> None:
    put_json(tmp_path / "part/metadata.json", {name: {"label": "REAL"}})
    with pytest.raises(DataSetRefused):
        READERS["dfdc"].read(tmp_path, None)


def faceforensics(root: Path) -> Path:
    put(root, "original_sequences/youtube/c23/videos/000.mp4")
    put(root, "original_sequences/youtube/raw/videos/003.mp4")
    put(root, "original_sequences/actors/c23/videos/01__hugging_happy.mp4")
    for method in ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures", "FaceShifter"):
        put(root, f"manipulated_sequences/{method}/c23/videos/000_003.mp4")
    put(root, "manipulated_sequences/Deepfakes/c40/videos/003_000.mp4")
    dfd = "manipulated_sequences/DeepFakeDetection/c23/videos"
    put(root, f"{dfd}/01_02__hugging_happy__YVGY8LOK.mp4")
    put_json(root / "splits/train.json", [["071", "054"]])
    put_json(root / "splits/val.json", [["000", "003"]])
    put_json(root / "splits/test.json", [])
    return root


def test_faceforensics_tells_method_family_compression_and_people(tmp_path: Path) -> None:
    clips = read(faceforensics(tmp_path), "faceforensics")
    forged = clips["manipulated_sequences/NeuralTextures/c23/videos/000_003.mp4"]
    assert (forged.method, forged.family) == ("NeuralTextures", Family.REENACTMENT)
    assert forged.subjects == ("youtube-000", "youtube-003")
    assert forged.original == "original_sequences/youtube/c23/videos/000.mp4"
    swapped = clips["manipulated_sequences/Deepfakes/c40/videos/003_000.mp4"]
    assert (swapped.family, swapped.compression) == (Family.SWAP, "c40")
    assert swapped.original == ""  # not on this disk at that compression
    assert clips["original_sequences/youtube/raw/videos/003.mp4"].compression == "c0"


def test_faceforensics_pairs_put_both_videos_and_both_forgeries_into_a_split(
    tmp_path: Path,
) -> None:
    clips = read(faceforensics(tmp_path), "faceforensics")
    pair = [clip for name, clip in clips.items() if "youtube" in name or "/Deepfakes/" in name]
    assert {clip.official for clip in pair} == {Split.VALIDATION}


def test_deepfakedetection_tells_actors_and_scene_and_has_no_official_split(
    tmp_path: Path,
) -> None:
    clips = read(faceforensics(tmp_path), "faceforensics")
    name = "manipulated_sequences/DeepFakeDetection/c23/videos/01_02__hugging_happy__YVGY8LOK.mp4"
    assert clips[name].subjects == ("actor-01", "actor-02")
    assert clips[name].place == "hugging happy"
    assert clips[name].original == "original_sequences/actors/c23/videos/01__hugging_happy.mp4"
    assert clips[name].official is Split.UNASSIGNED


def test_a_stray_video_among_faceforensics_is_left_out_and_told(tmp_path: Path) -> None:
    put(faceforensics(tmp_path), "manipulated_sequences/Deepfakes/c23/videos/my own.mp4")
    found = reading(tmp_path, "faceforensics")
    assert "my own.mp4" in found.left_out[0]
    assert not any("my own" in clip.path for clip in found.clips)


def celebdf(root: Path, listed: str) -> Path:
    put(root, "Celeb-real/id0_0000.mp4", "Celeb-real/id1_0002.mp4", "YouTube-real/00170.mp4")
    put(root, "Celeb-synthesis/id0_id1_0000.mp4")
    (root / "List_of_testing_videos.txt").write_text(listed)
    return root


def test_in_celeb_dfs_list_one_means_real(tmp_path: Path) -> None:
    listed = "1 YouTube-real/00170.mp4\n0 Celeb-synthesis/id0_id1_0000.mp4\n"
    clips = read(celebdf(tmp_path, listed), "celebdf")
    forged = clips["Celeb-synthesis/id0_id1_0000.mp4"]
    assert (forged.label, forged.official) == (Label.FAKE, Split.TEST)
    assert forged.subjects == ("id0", "id1")
    assert forged.original == "Celeb-real/id0_0000.mp4"
    assert clips["YouTube-real/00170.mp4"].official is Split.TEST
    assert clips["Celeb-real/id1_0002.mp4"].official is Split.TRAIN


@pytest.mark.parametrize(
    "line", ["0 YouTube-real/00170.mp4", "2 Celeb-real/id0_0000.mp4", "1 ../x.mp4", "nonsense"]
)
def test_a_list_that_contradicts_its_folders_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(DataSetRefused):
        read(celebdf(tmp_path, line), "celebdf")


def deepfakebench(root: Path, frames: dict[str, list[str]]) -> Path:
    put(root, "FaceForensics++/youtube/000/000.png", "FaceForensics++/youtube/000/010.png")
    put(root, "FaceForensics++/Deepfakes/000_003/000.png")
    real = {"000": {"label": "FF-real", "frames": frames["real"]}}
    forged = {"000_003": {"label": "FF-DF", "frames": frames["fake"], "masks": []}}
    facts = {
        "FF-real": {"train": {"c23": real}, "test": {"c23": real}, "val": {"c23": {}}},
        "FF-DF": {"train": {"c23": forged}, "test": {"c23": {}}, "val": {"c23": {}}},
    }
    put_json(root / "dataset_json/FaceForensics++.json", {"FaceForensics++": facts})
    return root


FRAMES = {
    "real": ["FaceForensics++/youtube/000/000.png", "FaceForensics++\\youtube\\000\\010.png"],
    "fake": ["FaceForensics++/Deepfakes/000_003/000.png"],
}


def test_deepfakebench_frames_of_a_video_are_one_group(tmp_path: Path) -> None:
    clips = read(deepfakebench(tmp_path, FRAMES), "deepfakebench")
    first, second = (clips[f"FaceForensics++/youtube/000/0{n}0.png"] for n in (0, 1))
    assert first.group == second.group
    assert first.compression == "c23"
    forged = clips["FaceForensics++/Deepfakes/000_003/000.png"]
    assert (forged.method, forged.family) == ("Deepfakes", Family.SWAP)
    assert forged.official is Split.TRAIN


def test_a_video_that_deepfakebench_lists_in_two_splits_is_in_none(tmp_path: Path) -> None:
    clips = read(deepfakebench(tmp_path, FRAMES), "deepfakebench")
    first = clips["FaceForensics++/youtube/000/000.png"]
    assert (first.official, first.official_split) == (Split.UNASSIGNED, "test+train")


def test_the_stray_entry_that_rearrange_leaves_in_dfdc_is_passed_over(tmp_path: Path) -> None:
    put(tmp_path, "DFDC/test/frames/a/0.png")
    video = {"label": "DFDC_Fake", "frames": ["DFDC/test/frames/a/0.png"]}
    facts = {"DFDC_Fake": {"train": {}, "test": {"a": video}, "val": video}}
    put_json(tmp_path / "DFDC.json", {"DFDC": facts})
    clips = read(tmp_path, "deepfakebench")
    assert [clip.official for clip in clips.values()] == [Split.TEST]


def test_absolute_frames_are_taken_below_the_media_folder_only(tmp_path: Path) -> None:
    inside = {**FRAMES, "fake": [str(tmp_path / "FaceForensics++/Deepfakes/000_003/000.png")]}
    assert len(read(deepfakebench(tmp_path, inside), "deepfakebench")) == 3
    with pytest.raises(DataSetRefused, match="relative"):
        read(deepfakebench(tmp_path, {**FRAMES, "fake": ["/etc/passwd.png"]}), "deepfakebench")


@pytest.mark.parametrize(
    ("label", "list_name", "method", "family"),
    [
        ("FF-NT", "FF-NT", "NeuralTextures", Family.REENACTMENT),
        ("CelebDFv2_fake", "Celeb-DF-v2", "CelebDFv2", Family.SWAP),
        ("wav2lip_Fake", "wav2lip_ff", "wav2lip", Family.LIP_SYNC),
        ("Fake", "StyleGAN2_ff", "StyleGAN2", Family.GENERATED),
        ("DFDCP_FakeA", "DFDCP", "DFDCP", Family.SWAP),
        ("newest_Fake", "newest", "newest", Family.UNKNOWN),
    ],
)
def test_labels_of_the_benchmark_tell_method_and_family(
    label: str, list_name: str, method: str, family: Family
) -> None:
    assert method_of(label, list_name) == method
    assert family_of(method) is family


def recordings(root: Path, people: list[dict[str, str]]) -> Path:
    put(root, "clips/a.mp4", "clips/b.mp4", "clips/ab.mp4", "consent/p1.pdf")
    told = {"consent_form": "", "signed_on": "", "age_band": "", "gender": "", "skin_tone": ""}
    put_csv(root / "participants.csv", [told | one for one in people])
    rows = [("clips/a.mp4", "p1"), ("clips/b.mp4", "p2"), ("clips/ab.mp4", "p1;p2")]
    put_csv(
        root / "clips.csv",
        [{"path": p, "participant_id": who, "light": "Daylight", "place": ""} for p, who in rows],
    )
    return root


P1 = {"participant_id": "p1", "consent_form": "consent/p1.pdf", "signed_on": "2023-05-02"}


def test_recordings_tell_what_people_declared_and_what_the_clip_covers(tmp_path: Path) -> None:
    p1 = P1 | {"skin_tone": "7", "gender": "female", "age_band": "25-34"}
    clips = read(recordings(tmp_path, [p1]), "recordings")
    clip = clips["clips/a.mp4"]
    assert (clip.subjects, clip.skin_tone, clip.gender) == (("p1",), 7, "female")
    assert (clip.light, clip.place, clip.age_band) == ("daylight", "", "25-34")


@pytest.mark.parametrize(
    "second",
    [
        {"consent_form": "", "signed_on": "2023-05-02"},
        {"consent_form": "consent/p2.pdf", "signed_on": "2023-05-02"},
        {"consent_form": "consent/p1.pdf", "signed_on": ""},
        {"consent_form": "consent/p1.pdf", "signed_on": "yes"},
    ],
)
def test_a_participant_without_a_signed_form_on_disk_is_refused(
    tmp_path: Path, second: dict[str, str]
) -> None:
    found = reading(recordings(tmp_path, [P1, {"participant_id": "p2"} | second]), "recordings")
    assert [clip.path for clip in found.clips] == ["clips/a.mp4"]  # nor clips that also show p2
    assert "p2" in found.left_out[0]
    assert "2 clips refused" in found.left_out[0]


def test_a_consent_form_outside_of_the_folder_is_none(tmp_path: Path) -> None:
    outside = P1 | {"consent_form": "../form.pdf"}
    (tmp_path / "form.pdf").write_bytes(b"signed")
    with pytest.raises(DataSetRefused):
        read(recordings(tmp_path / "set", [outside]), "recordings")


def test_plain_folders_name_label_split_and_method(tmp_path: Path) -> None:
    put(tmp_path, "train/real/a.jpg", "val/fake/simswap/b.mp4", "test/fake/c.png", "notes.txt")
    clips = read(tmp_path, "folders")
    assert clips["train/real/a.jpg"].official is Split.TRAIN
    assert clips["val/fake/simswap/b.mp4"].method == "simswap"
    assert clips["val/fake/simswap/b.mp4"].official is Split.VALIDATION
    assert clips["test/fake/c.png"].family is Family.UNKNOWN
    assert len(clips) == 3


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"x")
    put(tmp_path / "set", "real/a.jpg")
    (tmp_path / "set/real/b.jpg").symlink_to(tmp_path / "secret.jpg")
    with pytest.raises(DataSetRefused, match="link"):
        read(tmp_path / "set", "folders")


MANIFEST = {
    "split": "dev",
    "label": "fake",
    "method": "dfl",
    "category": "swap",
    "source": "pairs",
    "licence": "CC-BY-4.0",
    "group": "g1",
    "sha256": "",
    "crop": "right",
}


def test_a_manifest_tells_halves_licences_and_groups(tmp_path: Path) -> None:
    put(tmp_path, "dev/a.mp4")
    left = {"path": "dev/a.mp4", "label": "real", "category": "real", "crop": "left"}
    path = put_csv(tmp_path / "m.csv", [MANIFEST | {"path": "dev/a.mp4"}, MANIFEST | left])
    clips = read(path, "manifest")
    assert clips["dev/a.mp4#left"].family is Family.NONE
    forged = clips["dev/a.mp4#right"]
    assert (forged.family, forged.region, forged.group) == (Family.SWAP, Region.RIGHT, "g1")
    assert (forged.licence, forged.official) == ("CC-BY-4.0", Split.VALIDATION)


@pytest.mark.parametrize(
    "wrong",
    [{"path": "../a.mp4"}, {"path": "/etc/hosts"}, {"label": "maybe"}, {"crop": "top"}],
)
def test_a_hostile_or_mistaken_line_is_refused_in_one_line(
    tmp_path: Path, wrong: dict[str, str]
) -> None:
    put(tmp_path, "dev/a.mp4")
    path = put_csv(tmp_path / "m.csv", [MANIFEST | {"path": "dev/a.mp4"} | wrong])
    with pytest.raises(DataSetRefused) as refused:
        read(path, "manifest")
    assert "\n" not in str(refused.value)


def test_what_no_reader_knows_is_refused_with_the_layouts_there_are(tmp_path: Path) -> None:
    with pytest.raises(DataSetRefused, match="faceforensics, celebdf, dfdc"):
        reader_for(tmp_path, None)
    with pytest.raises(DataSetRefused, match="nothing at"):
        reader_for(tmp_path / "nowhere", None)
