"""What ZIP files that somebody else may have made must be like to be opened."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterable

# What zipfile and what it unpacks with raise for bytes that are no whole ZIP.
DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    NotImplementedError,  # a kind of compression that Python does not know
    RuntimeError,
    MemoryError,  # a size that is claimed and not there
    OverflowError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)

_ENCRYPTED = 1
# LZMA and BZIP2 take memory as the file says, and neither NumPy nor `pack` writes them.
_KINDS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def check_packing(members: Iterable[zipfile.ZipInfo]) -> None:
    """See that members are stored or deflated, and open to read.

    Raises:
        ValueError: one is not; the message names it.
    """
    for member in members:
        if member.flag_bits & _ENCRYPTED:
            raise ValueError(f"{member.filename!r} is encrypted")
        if member.compress_type not in _KINDS:
            raise ValueError(f"{member.filename!r} is packed otherwise than by DEFLATE")
