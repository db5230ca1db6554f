"""Paths that other people wrote: each must stay inside of its folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from datasets.errors import DataSetRefused

VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".avi", ".webm", ".mkv", ".m4v"})
IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".heic", ".tif", ".tiff"})
MEDIA_SUFFIXES = VIDEO_SUFFIXES | IMAGE_SUFFIXES

_LONGEST = 1024  # characters of a path
_LONGEST_NAME = 255  # bytes of a name, as file systems have it


def confined(root: Path, written: str) -> str:
    """A path as some file gives it, relative to `root` and with forward slashes.

    A backslash separates too: benchmarks are prepared on Windows. Nothing has to be there.

    Raises:
        DataSetRefused: it is absolute, climbs out of `root`, or a symbolic link leads out.
    """
    plain = written.strip().replace("\\", "/")
    path = PurePosixPath(plain)
    named = plain not in ("", ".") and plain.isprintable() and len(plain) <= _LONGEST
    if not named or any(len(part.encode()) > _LONGEST_NAME for part in path.parts):
        raise DataSetRefused(f"{written[:80]!r} is no path of a file")
    if path.is_absolute() or PureWindowsPath(plain).drive or ".." in path.parts:
        raise DataSetRefused(f"{written!r} leaves the folder {root}: paths must be relative to it")
    try:
        there = (root / path).resolve()
    except (OSError, RuntimeError) as error:
        raise DataSetRefused(f"{written!r} cannot be followed: {error}") from error
    if not there.is_relative_to(root.resolve()):
        raise DataSetRefused(f"{written!r} is a link that leaves the folder {root}")
    return path.as_posix()


def confined_name(root: Path, folder: str, name: str) -> str:
    """As `confined`, for a bare file name (no folders in it) below `folder`."""
    if "/" in name or "\\" in name:
        raise DataSetRefused(f"{name!r} is no plain file name")
    return confined(root, f"{folder}/{name}" if folder else name)


def media_below(root: Path, folder: Path) -> Iterator[str]:
    """Media files below a folder, relative to `root`, sorted; hidden ones and links out are not.

    Raises:
        DataSetRefused: a symbolic link leads out of `root`.
    """
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in MEDIA_SUFFIXES or not path.is_file():
            continue
        relative = path.relative_to(root)
        if not any(part.startswith(".") for part in relative.parts):
            yield confined(root, relative.as_posix())


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
