"""Marks folders as ours: a withdrawal deletes no other."""

from __future__ import annotations

from pathlib import Path

from datasets.errors import DataSetRefused

# No CACHEDIR.TAG: backups would leave the secret part of a leaderboard out.
MARK = ".veriscope-derived"

_CONTENT = (
    b"Made by veriscope from clips of a data set: `veriscope data withdraw` deletes this folder.\n"
)


def mark(folder: Path) -> None:
    """Make a folder, or take one that is empty, and mark it; nothing happens where it is marked.

    Raises:
        DataSetRefused: it is a file, holds files without our mark, or cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if is_marked(folder):
            return
        if any(folder.iterdir()):
            raise DataSetRefused(
                f"{folder} holds files that veriscope did not make, and a withdrawal would delete "
                "them: give a new or an empty folder"
            )
        (folder / MARK).write_bytes(_CONTENT)
    except OSError as error:
        raise DataSetRefused(f"{folder} cannot be written: {error.strerror}") from error


def is_marked(folder: Path) -> bool:
    """Whether `mark` marked it: other content, or a link to a mark, is none."""
    file = folder / MARK
    try:
        return not file.is_symlink() and file.read_bytes() == _CONTENT
    except OSError:
        return False


def files_in(folder: Path) -> int:
    """How many files a folder holds at any depth, without the mark."""
    return sum(path.name != MARK and not path.is_dir() for path in folder.rglob("*"))
