"""Arrays of others: what they claim is checked before anything is made of it."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from inference.bundles.arrays import read_arrays
from moderation.errors import InvalidConfiguration


def an_array(kind: str, shape: str, values: bytes = b"", version: int = 1) -> bytes:
    """A .npy file of version 1 that claims what it is told to."""
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY" + bytes([version, 0]) + len(header).to_bytes(2, "little") + header + values


def archive(content: bytes, *, packed: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packed) as written:
        written.writestr("one.npy", content)
    return file.getvalue()


def test_an_array_that_claims_what_it_holds_is_read() -> None:
    content = archive(an_array("<f4", "(2,)", bytes(8)), packed=zipfile.ZIP_DEFLATED)
    assert read_arrays(content, of="a.npz")["one"].tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (an_array("<U0", "(100000000000,)"), "no array of numbers or text"),
        (an_array("|V0", "(100000000000,)"), "no array of numbers or text"),
        (an_array("|O", "(1,)", bytes(8)), "no array of numbers or text"),
        (an_array("|S4", "(1,)", bytes(4)), "no array of numbers or text"),
        (an_array("<f4", "(2,)", bytes(4)), "can be read"),
        (an_array("<f4", "(1000000000000000,)"), "claims the shape"),
        (an_array("<f4", "(-1,)", bytes(8)), "claims the shape"),
        (an_array("<f4", "(-1, -1)", bytes(8)), "claims the shape"),
        (an_array("<f4", "(1,)", bytes(4), version=3), "not known"),
        (an_array("<f4", "(" * 500), "can be read"),
        (b"no array", "can be read"),
    ],
)
def test_an_array_that_is_something_else_is_refused_from_its_header(
    array: bytes, says: str
) -> None:
    with pytest.raises(InvalidConfiguration, match=says) as refused:
        read_arrays(archive(array), of="a.npz")
    assert str(refused.value).startswith("a.npz is no .npz file that can be read")


@pytest.mark.parametrize("packed", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_what_is_packed_otherwise_than_numpy_does_is_refused_unread(packed: int) -> None:
    content = archive(an_array("<f4", "(2,)", bytes(8)), packed=packed)
    with pytest.raises(InvalidConfiguration, match="packed otherwise"):
        read_arrays(content, of="a.npz")


def test_what_cannot_be_unpacked_is_refused() -> None:
    stored = archive(an_array("<f4", "(2,)", bytes(8)))
    for kind in (8, 12, 14, 99):  # DEFLATE, BZIP2, LZMA, none: of bytes that are none of them
        content = bytearray(stored)
        for signature, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
            content[content.find(signature) + place] = kind
        with pytest.raises(InvalidConfiguration):
            read_arrays(bytes(content), of="a.npz")


def test_as_many_arrays_as_are_allowed_are_read_and_no_more() -> None:
    for count in (64, 65):
        file = io.BytesIO()
        np.savez(file, **{f"a{number}": np.zeros(1) for number in range(count)})
        if count == 64:
            assert len(read_arrays(file.getvalue(), of="a.npz")) == count
            continue
        with pytest.raises(InvalidConfiguration, match="64 is the most"):
            read_arrays(file.getvalue(), of="a.npz")


def test_a_file_that_unpacks_to_as_much_as_is_allowed_is_read_and_no_more() -> None:
    array = an_array("<f4", "(2,)", bytes(8))
    content = archive(array)
    assert read_arrays(content, of="a.npz", largest=len(array))
    with pytest.raises(InvalidConfiguration, match="unpacked"):
        read_arrays(content, of="a.npz", largest=len(array) - 1)
