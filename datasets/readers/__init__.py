"""Readers of the layouts that people have on disk, one file each."""

from __future__ import annotations

from pathlib import Path

from datasets.errors import DataSetRefused
from datasets.readers.celebdf import CelebDf
from datasets.readers.deepfakebench import DeepfakeBench
from datasets.readers.dfdc import Dfdc
from datasets.readers.faceforensics import FaceForensics
from datasets.readers.folders import Folders
from datasets.readers.manifest import Manifest
from datasets.readers.protocol import Reader
from datasets.readers.recordings import Recordings

READERS: dict[str, Reader] = {
    "faceforensics": FaceForensics(),
    "celebdf": CelebDf(),
    "dfdc": Dfdc(),
    "recordings": Recordings(),
    "deepfakebench": DeepfakeBench(),
    "folders": Folders(),
    "manifest": Manifest(),
}
"""By the name of a layout, the most telling first."""


def reader_for(source: Path, layout: str | None) -> tuple[str, Reader]:
    """The reader of a layout, or the one that recognises `source`.

    Raises:
        DataSetRefused: there is nothing there, or none knows it.
    """
    known = ", ".join(READERS)
    if not source.exists():
        raise DataSetRefused(f"there is nothing at {source}")
    if layout is not None:
        if layout not in READERS:
            raise DataSetRefused(f"no layout {layout!r}: there are {known}")
        return layout, READERS[layout]
    for name, reader in READERS.items():
        if reader.recognises(source):
            return name, reader
    raise DataSetRefused(f"{source} is of no known layout ({known}); --as names one")
