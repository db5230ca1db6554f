"""Keeps what was extracted, so that the next bundle is measured without decoding again."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clips import Clip
from inference.faces import facepack
from inference.faces.facepack import FacePack
from inference.faces.records import facts_from, facts_record
from moderation.media import MediaFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What extraction found in a clip; `pack` is empty bytes where there is no face.

    `trivial` is what was said of its frames.
    """

    facts: MediaFacts
    pack: bytes
    trivial: Mapping[str, float]

    def read(self) -> FacePack | None:
        return facepack.read(self.pack) if self.pack else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Extractions in a folder; `made_by` is all that changes them beside the clip itself.

    A file that changed is another one by its size and time; its content is not read again.
    """

    folder: Path
    made_by: str

    def find(self, clip: Clip) -> Looked | None:
        place = self._place(clip)
        try:
            written = json.loads(place.with_suffix(".json").read_bytes())
            pack = place.with_suffix(".zip").read_bytes() if written["faces"] else b""
        except FileNotFoundError:
            return None
        return Looked(
            facts=facts_from(written["facts"]), pack=pack, trivial=dict(written["trivial"])
        )

    def keep(self, clip: Clip, looked: Looked) -> None:
        place = self._place(clip)
        place.parent.mkdir(parents=True, exist_ok=True)
        if looked.pack:
            _replace(place.with_suffix(".zip"), looked.pack)
        written = {
            "facts": facts_record(looked.facts),
            "faces": bool(looked.pack),
            "trivial": dict(looked.trivial),
        }
        _replace(place.with_suffix(".json"), json.dumps(written).encode())

    def _place(self, clip: Clip) -> Path:
        try:
            stat = clip.path.stat()
        except OSError:
            return self.folder / "missing"
        known = (clip.path.resolve(), clip.region, stat.st_size, stat.st_mtime_ns, self.made_by)
        digest = hashlib.sha256("\n".join(map(str, known)).encode()).hexdigest()
        return self.folder / digest[:2] / digest[2:32]


def _replace(path: Path, content: bytes) -> None:
    """All of it or nothing, also beside other processes."""
    beside = path.with_suffix(f".{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(path)
