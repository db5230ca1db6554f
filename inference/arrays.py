"""Reads the arrays of an .npz file that somebody else may have made."""

from __future__ import annotations

import tokenize
import zipfile
import zlib
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from moderation.errors import InvalidConfiguration

LARGEST_BYTES = 256 * 2**20  # unpacked; an embedding reference of 2,000 values and 64 axes is 1 MB
MOST_ARRAYS = 64

# What zipfile, zlib and NumPy's header parser raise for bytes that are no .npz.
_DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    KeyError,
    NotImplementedError,
    RuntimeError,  # a member that is encrypted
    MemoryError,  # a header that claims more than there is
    OverflowError,
    zipfile.BadZipFile,
    zlib.error,
    tokenize.TokenError,
)

Arrays = dict[str, NDArray[np.generic]]


def read_arrays(content: bytes, *, of: str, largest: int = LARGEST_BYTES) -> Arrays:
    """Read every array of an .npz file; nothing in it is executed.

    `of` names the file in messages, `largest` bounds the unpacked bytes.

    Raises:
        InvalidConfiguration: it is damaged, too large, or holds anything but numbers and text.
    """
    try:
        _check_size(content, largest)
        with np.load(BytesIO(content), allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in kept.files}
    except _DAMAGE as error:
        raise InvalidConfiguration(f"{of} is no .npz file that can be read: {error}") from error
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "biufU":
            raise InvalidConfiguration(f"{of}: {name} is no array of numbers or text")
    return arrays


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


def _check_size(content: bytes, largest: int) -> None:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        members = archive.infolist()
    if len(members) > MOST_ARRAYS:
        raise ValueError(f"{len(members)} arrays in it, {MOST_ARRAYS} is the most")
    unpacked = sum(member.file_size for member in members)
    if unpacked > largest:
        raise ValueError(f"{unpacked} bytes unpacked, {largest} is the most")
