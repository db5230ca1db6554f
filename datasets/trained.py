"""Models that were trained on a data set, by the manifests of their bundles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from datasets.errors import DataSetRefused
from datasets.texts import read_yaml

MANIFEST = "bundle.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A bundle, and the data set (`NAME:VERSION`) of those asked for that it was made with."""

    bundle: str
    path: Path
    data_set: str
    used_for: str


def trained_on(folders: Iterable[Path], references: set[str]) -> Iterator[Trained]:
    """Bundles below some folders that name one of the data sets.

    An entry without a version, or of a version that is not in the registry, counts when the
    name is the same: better to look at one bundle too many.
    """
    names = {reference.partition(":")[0] for reference in references}
    for path in sorted({p for folder in folders for p in folder.rglob(MANIFEST)}):
        try:
            facts = read_yaml(path)
        except DataSetRefused:
            continue  # no bundle of ours; serving refuses it too
        entries = facts.get("data_sets")
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict) and str(entry.get("name")) in names:
                yield Trained(
                    bundle=f"{facts.get('name', '?')} {facts.get('version', '?')}",
                    path=path.parent,
                    data_set=f"{entry.get('name')}:{entry.get('version', '?')}",
                    used_for=str(entry.get("used_for", "unknown use")),
                )
