"""Brings a data set into the registry: read, hash every file, keep out who withdrew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from datasets.errors import DataSetRefused
from datasets.files import held
from datasets.licences import Material, permission
from datasets.paths import sha256_of
from datasets.readers import reader_for
from datasets.readers.protocol import Terms
from datasets.records import Clip, DataSet, Use
from datasets.registry import Registry
from datasets.tombstones import Tombstones
from datasets.withdrawal import refuse_unfinished

Progress = Callable[[int, int], None]
"""Called with how many of how many files are hashed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What an import is asked for; what is empty comes from the layout's own terms."""

    source: Path
    layout: str | None = None
    media: Path | None = None
    version: str = "1"
    told: Mapping[str, object] | None = None  # fields of DataSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    dataset: DataSet
    clips: int
    layout: str
    left_out: list[str]
    withdrawn: int


def bring_in(
    registry: Registry, wish: Wish, progress: Progress = lambda done, of: None
) -> Imported:
    """
    Raises:
        DataSetRefused: the source is damaged, hostile, of no known layout, or changed.
    """
    layout, reader = reader_for(wish.source, wish.layout)
    reading = reader.read(wish.source, wish.media)
    dataset = _described(reader.terms, layout, reading.media_root.resolve(), wish)
    with held(registry.root):
        refuse_unfinished(registry.root)
        clips = _hashed(reading.clips, reading.media_root, progress)
        kept = Tombstones(registry.root).without_withdrawn(dataset.name, clips)
        if not kept:
            raise DataSetRefused(f"every clip of {dataset.name} is of someone who withdrew")
        registry.write(_with_licences(dataset, kept), kept)
    return Imported(
        dataset=dataset,
        clips=len(kept),
        layout=layout,
        left_out=reading.left_out,
        withdrawn=len(clips) - len(kept),
    )


def _described(terms: Terms, layout: str, root: Path, wish: Wish) -> DataSet:
    facts: dict[str, object] = {
        "name": terms.name,
        "licence": terms.licence,
        "consent": terms.consent,
        "source": terms.source,
    }
    facts |= {name: value for name, value in (wish.told or {}).items() if value}
    facts["uses"] = {**terms.uses, **dict(facts.get("uses") or {})}  # type: ignore[call-overload]
    return DataSet(
        **facts,  # type: ignore[arg-type]
        version=wish.version,
        media_root=root,
        layout=layout,
        created=date.today().isoformat(),
    )


def _hashed(clips: list[Clip], root: Path, progress: Progress) -> list[Clip]:
    """Clips with the SHA-256 of their files; a file of two halves is read once.

    Raises:
        DataSetRefused: a file is not what its list says, or cannot be read.
    """
    paths = sorted({clip.path for clip in clips})
    found: dict[str, str] = {}
    try:
        with ThreadPoolExecutor(2) as pool:
            for path, digest in zip(
                paths, pool.map(lambda path: sha256_of(root / path), paths), strict=True
            ):
                found[path] = digest
                progress(len(found), len(paths))
    except OSError as error:
        raise DataSetRefused(f"{error.filename} cannot be read: {error.strerror}") from error
    changed = [clip.path for clip in clips if clip.sha256 not in ("", found[clip.path])]
    if changed:
        raise DataSetRefused(
            f"{len(changed)} files are not those that the list names (SHA-256), "
            f"the first is {changed[0]}"
        )
    return [replace(clip, sha256=found[clip.path], split=clip.official) for clip in clips]


def _with_licences(dataset: DataSet, clips: list[Clip]) -> DataSet:
    """Every licence of a row gets a line in the description, so that people can state its uses."""
    told = {
        licence: dataset.licences.get(licence)
        or {use: permission(Material(name="", version="", licence=licence), use) for use in Use}
        for licence in sorted({clip.licence for clip in clips if clip.licence})
    }
    return replace(dataset, licences=told)
