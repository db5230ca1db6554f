"""What a manifest may say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from inference.bundles.manifest import LONGEST_NAME, MOST_DETECTORS, Manifest
from inference.bundles.manifest_file import LARGEST_BYTES, parse_manifest, written
from moderation.errors import InvalidConfiguration
from tests.bundles import BLENDING, GENERATION, SCREEN, SEAMS, TRANSITIONS, described

WHOLE = described(
    detectors=(BLENDING, SEAMS, GENERATION, TRANSITIONS),
    screens=(SCREEN,),
    files={"calibration.json": "0" * 64, "face_blending/1/model.onnx": "1" * 64},
)

Change = Callable[[dict[str, Any]], None]


def parse(content: bytes) -> Manifest:
    return parse_manifest(content, of="bundle.yaml")


def changed(change: Change) -> bytes:
    document = yaml.safe_load(written(WHOLE))
    change(document)
    return yaml.safe_dump(document).encode()


def renamed(path: str) -> Change:
    return lambda document: document["files"].update({path: "2" * 64})


def test_a_manifest_is_read_as_it_was_written() -> None:
    assert parse(written(WHOLE)) == WHOLE


def test_detectors_stay_in_the_order_in_which_they_are_asked() -> None:
    names = [detector.name for detector in parse(written(WHOLE)).detectors]
    assert names == ["blending", "seams", "generation", "transitions"]


def detectors(count: int, letters: int) -> Change:
    names = [f"{number}".ljust(letters, "n") for number in range(count)]
    rows = [{"name": name, "finds": "generated", "head": "h.npz", "of": names[0]} for name in names]
    rows[0] = {"name": names[0], "finds": "generated", "model": "m", "embedding": 1}
    return lambda document: document.update(
        detectors=rows, screens=[], reference={"file": "r.npz", "of": names[0]}
    )


def test_there_are_no_more_detectors_and_no_longer_names_than_fit_into_a_message() -> None:
    most = parse(changed(detectors(MOST_DETECTORS, LONGEST_NAME)))
    assert len(most.detectors) == MOST_DETECTORS
    for count, letters in ((MOST_DETECTORS + 1, 1), (MOST_DETECTORS, LONGEST_NAME + 1)):
        with pytest.raises(InvalidConfiguration, match="detectors"):
            parse(changed(detectors(count, letters)))


@pytest.mark.parametrize(
    "path",
    ["../evil", "a/../../evil", "/etc/passwd", "a//b", "a/./b", ".hidden", "a\\b", "C:evil", "",
     "a/b\n", "é.npz", "a/b/c/d/e/f/g", "x" * 201],
)  # fmt: skip
def test_a_path_that_could_lead_out_of_the_folder_is_refused(path: str) -> None:
    with pytest.raises(InvalidConfiguration, match="files"):
        parse(changed(renamed(path)))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(surprise=1), "surprise"),
        (lambda d: d["detectors"][0].update(surprise=1), "surprise"),
        (lambda d: d.pop("name"), "name"),
        (lambda d: d.update(format=2), "format"),
        (lambda d: d.update(name="../up"), "name"),
        (lambda d: d.update(name="A"), "name"),
        (lambda d: d.update(version=".."), "version"),
        (lambda d: d.update(version=2), "version"),
        (lambda d: d.update(created="soon"), "created"),
        (lambda d: d.update(detectors=[]), "detectors"),
        (lambda d: d["detectors"][0].update(finds="ghosts"), "finds"),
        (lambda d: d["detectors"][0].update(embedding=0), "embedding"),
        (lambda d: d["detectors"][0].update(model="../x"), "model"),
        (lambda d: d["detectors"][0].update(version="0"), "version"),
        (lambda d: d["detectors"][2].update(head="../g.npz"), "head"),
        (lambda d: d["detectors"][3].update(over="mountains"), "over"),
        (lambda d: d.update(calibration="/etc/passwd"), "calibration"),
        (lambda d: d["files"].update({"card.md": "abc"}), "card.md"),
        (lambda d: d["files"].update({"bundle.yaml": "0" * 64}), "the manifest itself"),
        (lambda d: d["files"].update({"face_blending": "0" * 64}), "a folder"),
        (lambda d: d["metrics"].update(x={"auc": float("nan")}), "finite"),
    ],
)
def test_what_no_manifest_may_say_is_refused(change: Change, says: str) -> None:
    with pytest.raises(InvalidConfiguration, match=says) as refused:
        parse(changed(change))
    assert str(refused.value).startswith("bundle.yaml: ")
    assert "\n" not in str(refused.value)


def test_other_crops_than_are_made_here_are_refused_with_what_to_do() -> None:
    with pytest.raises(InvalidConfiguration, match=r"made for crops of tilted.*train or convert"):
        parse(changed(lambda document: document.update(preprocessing="tilted-v7")))


def test_a_head_needs_a_model_whose_embedding_it_reads() -> None:
    with pytest.raises(InvalidConfiguration, match="of transitions, which is none of the models"):
        parse(changed(lambda document: document["detectors"][2].update(of="transitions")))


def test_two_detectors_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidConfiguration, match="two detectors"):
        parse(changed(lambda document: document["detectors"][1].update(name="blending")))


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"\xff\xfe\x00", b"a: [", b"a: &x [1]\nb: *x", b"!!python/object:os.system {}",
     b"[" * 50_000, b" " * (LARGEST_BYTES + 1)],
    ids=["empty", "list", "no text", "cut off", "reference", "object", "deep", "large"],
)  # fmt: skip
def test_what_is_no_manifest_is_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        parse(content)
    assert "\n" not in str(refused.value)
