"""Reads the arrays of an .npz file that somebody else may have made."""

from __future__ import annotations

import math
import tokenize
import zipfile
from io import BytesIO
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from inference.bundles.zips import DAMAGE, check_packing
from moderation.errors import InvalidConfiguration

LARGEST_BYTES = 256 * 2**20  # unpacked; an embedding reference of 2,000 values and 64 axes is 1 MB
MOST_ARRAYS = 64

# What NumPy's header parser raises beyond that for bytes that are no .npz.
_DAMAGE = (*DAMAGE, TypeError, SyntaxError, RecursionError, tokenize.TokenError)

_HEADERS = {  # by version; a third one names fields of records, which nothing here holds
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}

Arrays = dict[str, NDArray[np.generic]]


def read_arrays(content: bytes, *, of: str, largest: int = LARGEST_BYTES) -> Arrays:
    """Read every array of an .npz file; nothing in it is executed.

    `of` names the file in messages, `largest` bounds the unpacked bytes.

    Raises:
        InvalidConfiguration: it is damaged, too large, or holds anything but numbers and text.
    """
    try:
        _check_members(content, largest)
        with np.load(BytesIO(content), allow_pickle=False) as kept:
            return {name: kept[name] for name in kept.files}
    except _DAMAGE as error:
        raise InvalidConfiguration(f"{of} is no .npz file that can be read: {error}") from error


def finite(
    arrays: Arrays, name: str, *, shape: tuple[int | None, ...], of: str
) -> NDArray[np.float32]:
    """Take one array of numbers as float32; None in `shape` stands for any length over 0.

    Raises:
        InvalidConfiguration: it is missing, of another shape, or not finite.
    """
    array = arrays.get(name)
    if array is None:
        raise InvalidConfiguration(f"{of} holds no {name}")
    fits = len(array.shape) == len(shape) and all(
        found == wanted or (wanted is None and found > 0)
        for found, wanted in zip(array.shape, shape, strict=True)
    )
    if not fits or array.dtype.kind == "U":
        wanted_shape = ", ".join("any" if side is None else str(side) for side in shape)
        raise InvalidConfiguration(
            f"{of}: {name} has the shape {array.shape}, not ({wanted_shape})"
        )
    with np.errstate(over="ignore"):
        numbers = array.astype(np.float32)
    if not np.isfinite(numbers).all():
        raise InvalidConfiguration(f"{of}: {name} holds values that are not finite")
    return numbers


def _check_members(content: bytes, largest: int) -> None:
    """See what an archive claims before any array of it is made."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        members = archive.infolist()
        if len(members) > MOST_ARRAYS:
            raise ValueError(f"{len(members)} arrays in it, {MOST_ARRAYS} is the most")
        unpacked = sum(member.file_size for member in members)
        if unpacked > largest:
            raise ValueError(f"{unpacked} bytes unpacked, {largest} is the most")
        check_packing(members)
        for member in members:
            with archive.open(member) as file:
                _check_header(file, member)


def _check_header(file: IO[bytes], member: zipfile.ZipInfo) -> None:
    """An array has as many values as its file has room for, each of at least a byte.

    Text of no letters takes no bytes, so that its number would be bound by nothing.
    """
    read = _HEADERS.get(np.lib.format.read_magic(file))
    if read is None:
        raise ValueError(f"{member.filename!r} is written in a way that is not known")
    header: tuple[tuple[int, ...], bool, np.dtype[Any]] = read(file)
    shape, _, kind = header
    if kind.kind not in "biufU" or kind.itemsize == 0:
        raise ValueError(f"{member.filename!r} is no array of numbers or text")
    claimed = math.prod(shape) * kind.itemsize
    if min(shape, default=0) < 0 or claimed > member.file_size:
        raise ValueError(f"{member.filename!r} claims the shape {shape}, which is not in it")
