"""What media a user means: files, folders and addresses, as they are named to a command."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from inference.reading.sniff import SNIFFED_BYTES, sniff
from moderation.errors import InvalidConfiguration, MediaRejected


def media_in(arguments: Iterable[str]) -> list[str]:
    """Files and addresses as given; a folder stands for the pictures and videos below it.

    Hidden files are left out, and so is what begins like neither, which is said: whoever names a
    folder need not know all that is in it.

    Raises:
        InvalidConfiguration: there is no such file, or no picture and no video in a folder.
    """
    found: list[str] = []
    for argument in arguments:
        path = Path(argument)
        if "://" in argument or (argument and path.is_file()):
            found.append(argument)
        elif argument and path.is_dir():
            found += _below(path)
        else:
            raise InvalidConfiguration(f"no such file or folder: {argument or 'no name at all'}")
    return found


def _below(folder: Path) -> list[str]:
    files = [file for file in sorted(folder.rglob("*")) if _is_shown(file, folder)]
    media = [str(file) for file in files if _is_media(file)]
    if not media:
        raise InvalidConfiguration(f"no pictures or videos in {folder}")
    if len(media) < len(files):
        passed = f"{len(files) - len(media)} of {len(files)} files"
        print(f"passed over in {folder}: {passed}, no pictures or videos", file=sys.stderr)
    return media


def _is_shown(file: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    return file.is_file() and not hidden


def _is_media(file: Path) -> bool:
    """Also where it cannot be read: that is told when it is sent."""
    with suppress(OSError), file.open("rb") as content:
        try:
            sniff(content.read(SNIFFED_BYTES))
        except MediaRejected:
            return False
    return True
