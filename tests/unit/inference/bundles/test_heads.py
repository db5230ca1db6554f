"""Heads: what they compute, and which files are refused."""

from __future__ import annotations

import io
import pickle
import random
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from inference.bundles.heads import Head
from moderation.errors import InvalidConfiguration, ScorerMismatch

WHOLE = {
    "mean": np.array([1.0, 2.0], np.float32),
    "scale": np.array([2.0, 4.0], np.float32),
    "weight_0": np.array([[1.0, -1.0], [1.0, 0.0]], np.float32),
    "bias_0": np.array([0.0, 0.5], np.float32),
    "weight_1": np.array([[2.0], [10.0]], np.float32),
    "bias_1": np.array([1.0], np.float32),
    "outputs": np.array(["generation"]),
}


def packed(**arrays: object) -> bytes:
    content = io.BytesIO()
    np.savez(content, **{name: np.asarray(array) for name, array in arrays.items()})
    return content.getvalue()


def packed_array(array: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def read(**changes: object) -> Head:
    changed = {name: array for name, array in (WHOLE | changes).items() if array is not None}
    return Head.read(packed(**changed), of="head.npz")


def test_a_head_standardises_passes_only_what_is_above_zero_and_gives_logits() -> None:
    # (3, 6) becomes (1, 1), then (2, -0.5), of which (2, 0) passes, then 2 * 2 + 1.
    assert read().logits(np.array([[3.0, 6.0]], np.float32)).tolist() == [[5.0]]


def test_the_last_layer_is_not_cut_off_at_zero() -> None:
    assert read(bias_1=[-9.0]).logits(np.array([[3.0, 6.0]], np.float32)).tolist() == [[-5.0]]


def test_what_was_saved_is_what_is_loaded(tmp_path: Path) -> None:
    read().save(tmp_path / "head.npz")
    loaded = Head.load(tmp_path / "head.npz")
    features = np.random.default_rng(3).normal(size=(5, 2)).astype(np.float32)
    assert loaded.outputs == ("generation",)
    assert loaded.logits(features).tolist() == read().logits(features).tolist()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"mean": None}, "no mean"),
        ({"mean": [[1.0, 2.0]]}, "mean has the shape"),
        ({"mean": ["a", "b"]}, "mean has the shape"),
        ({"scale": [1.0]}, "scale has the shape"),
        ({"scale": [1.0, 0.0]}, "scale over 0"),
        ({"scale": [1.0, np.inf]}, "scale holds values that are not finite"),
        ({"bias_0": [np.nan, 0.0]}, "bias_0 holds values that are not finite"),
        ({"bias_0": [1e300, 0.0]}, "bias_0 holds values that are not finite"),
        ({"bias_0": None}, "no bias_0"),
        ({"weight_1": [[1.0], [1.0], [1.0]]}, "do not fit"),
        ({"weight_0": None, "bias_0": None}, "arrays"),
        ({"surplus": [1.0]}, "8 arrays, 7 make"),
        ({"outputs": None}, "does not name"),
        ({"outputs": [1]}, "does not name"),
        ({"outputs": ["a", "b"]}, "names"),
        ({"outputs": ["../x"]}, "cannot be called"),
        ({"outputs": ["a"] * 65}, "65 outputs, 64 is the most"),
    ],
)
def test_a_file_that_is_no_whole_head_is_refused(changes: dict[str, object], says: str) -> None:
    with pytest.raises(InvalidConfiguration, match=says) as refused:
        read(**changes)
    assert str(refused.value).startswith("head.npz")


def test_two_outputs_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidConfiguration, match="names"):
        read(weight_1=np.ones((2, 2)), bias_1=[0.0, 0.0], outputs=["a", "a"])


class _Harm:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (pytest.fail, ("a pickle was executed",))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 cut off",
        pickle.dumps([1]),
        packed(mean=np.ones(2))[:-30],
        packed(mean=np.array([b"bytes"])),
    ],
)
def test_bytes_that_are_no_npz_are_refused(content: bytes) -> None:
    with pytest.raises(InvalidConfiguration):
        Head.read(content, of="head.npz")


def test_a_pickle_in_a_head_is_refused_unread() -> None:
    content = io.BytesIO()
    np.savez(content, mean=np.array([_Harm()], object))
    with pytest.raises(InvalidConfiguration, match=r"no \.npz file that can be read"):
        Head.read(content.getvalue(), of="head.npz")


def test_a_head_that_unpacks_to_too_much_is_refused_unread() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mean.npy", bytes(65 * 2**20))
    with pytest.raises(InvalidConfiguration, match="unpacked"):
        Head.read(content.getvalue(), of="head.npz")


def test_an_array_that_claims_more_than_there_is_is_refused() -> None:
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000000,), }"
    header += b" " * (63 - (len(header) + 10) % 64) + b"\n"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        length = len(header).to_bytes(2, "little")
        archive.writestr("mean.npy", b"\x93NUMPY\x01\x00" + length + header)
    with pytest.raises(InvalidConfiguration, match=r"no \.npz file that can be read"):
        Head.read(content.getvalue(), of="head.npz")


def test_features_of_another_width_are_refused() -> None:
    with pytest.raises(ScorerMismatch, match="2 features"):
        read().logits(np.zeros((1, 3), np.float32))


def test_features_that_overflow_make_no_logit() -> None:
    with pytest.raises(ScorerMismatch, match="finite"):
        read(scale=[1e-5, 1.0]).logits(np.full((1, 2), 3e38, np.float32))


def test_a_head_that_is_not_there_is_named() -> None:
    with pytest.raises(InvalidConfiguration, match=r"none\.npz: No such file"):
        Head.load(Path("none.npz"))


@pytest.mark.filterwarnings("ignore")  # NumPy warns of headers that look like Python 2's
def test_whatever_bytes_change_a_file_is_a_head_or_refused() -> None:
    chance = random.Random(3)
    members = {name: packed_array(array) for name, array in WHOLE.items()}
    for _ in range(500):
        name = chance.choice(list(members))
        spoilt = bytearray(members[name])
        for _ in range(chance.randint(1, 4)):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:  # its checksums are right
            for each, array in (members | {name: bytes(spoilt)}).items():
                archive.writestr(f"{each}.npy", array)
        with suppress(InvalidConfiguration):
            assert Head.read(content.getvalue(), of="head.npz").outputs
