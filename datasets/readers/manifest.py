"""A manifest: a CSV file beside its media, one row an image, a clip, or one half of a clip.

Columns `path`, `split`, `label`; and, where known, `method`, `category`, `source`, `licence`,
`group`, `subject`, `original`, `sha256`, `crop` (`left` or `right` for a half), `compression`, and
the variables that a clip covers.
"""

from __future__ import annotations

from pathlib import Path

from datasets.errors import DataSetRefused
from datasets.paths import confined
from datasets.readers.protocol import Gathering, Reading, Terms, word
from datasets.readers.variables import covered
from datasets.records import Clip, Family, Label, Region
from datasets.texts import read_csv

_LABELS = {"real": Label.REAL, "fake": Label.FAKE}
_REGIONS = {"": Region.WHOLE, "whole": Region.WHOLE, "left": Region.LEFT, "right": Region.RIGHT}

# A category starts with the word: generated_gan, generated_diffusion, photoshop_composite.
_FAMILIES = {
    "swap": Family.SWAP,
    "reenactment": Family.REENACTMENT,
    "lip": Family.LIP_SYNC,
    "generated": Family.GENERATED,
    "edited": Family.EDITED,
    "photoshop": Family.EDITED,
}


class Manifest:
    @property
    def terms(self) -> Terms:
        return Terms(name="manifest")

    def recognises(self, source: Path) -> bool:
        return source.is_file() and source.suffix.lower() == ".csv"

    def read(self, source: Path, media: Path | None) -> Reading:
        root = media or source.parent
        gathered = Gathering(root)
        for line, row in enumerate(read_csv(source, ("path", "split", "label")), start=2):
            clip = _clip(root, row, f"{source.name} line {line}")
            if gathered.there(clip.path):
                gathered.clips.append(clip)
        return gathered.reading()


def _clip(root: Path, row: dict[str, str], where: str) -> Clip:
    label = word(_LABELS, row["label"], where)
    region = _REGIONS.get(row.get("crop", ""))
    if region is None:
        raise DataSetRefused(f"{where}: crop {row['crop']!r} is none of left, right")
    return Clip(
        path=confined(root, row["path"]),
        label=label,
        sha256=row.get("sha256", "").lower(),
        method=row.get("method", ""),
        family=_family(row.get("category", "")) if label is Label.FAKE else Family.NONE,
        subjects=tuple(name for name in row.get("subject", "").split(";") if name),
        original=row.get("original", ""),
        group=row.get("group", ""),
        official_split=row["split"],
        compression=row.get("compression", ""),
        region=region,
        licence=row.get("licence", ""),
        source=row.get("source", ""),
        **covered(row, where),
    )


def _family(category: str) -> Family:
    return _FAMILIES.get(category.replace("-", "_").partition("_")[0], Family.UNKNOWN)
