"""What is measured: clips with what is known of them, from the registry of data sets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

from benchmarks.leaving_out import groups_named
from datasets.derived import Kind, register
from datasets.groups import connected
from datasets.licences import material_of, permitted
from datasets.records import VARIABLES, Region, Split, Use
from datasets.records import Clip as Registered
from datasets.registry import Registry
from datasets.withdrawal import refuse_unfinished
from moderation.errors import InvalidConfiguration

LABELS = ("real", "fake")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A medium, or one half of a side-by-side one, and what is known of it.

    `label` is empty where it is hidden. `region`: left or right for that half of the frame,
    empty for all of it. `group`: never split between training and measuring; a bootstrap
    draws groups. `slices`: the variables of the registry, those that are known.
    """

    clip_id: str
    path: Path
    label: str = ""
    method: str = ""
    family: str = ""
    group: str = ""
    data_set: str = ""
    split: str = ""
    compression: str = ""
    region: str = ""
    slices: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.region not in ("", "left", "right"):
            raise InvalidConfiguration(f"{self.clip_id}: region {self.region!r} is no half")
        if self.label not in ("", *LABELS):
            raise InvalidConfiguration(f"{self.clip_id}: label {self.label!r} is none")


def read_clips(reference: str, root: Path) -> list[Clip]:
    """The clips of a data set `NAME[:VERSION]` of the registry at `root`.

    A clip's group is what the registry says must not be split: people, originals and files.

    Raises:
        UnknownDataSet, DataSetRefused: there is none, it is not what its description names, or
            a withdrawal is not finished.
        NotLicensed: a licence forbids to measure with it.
    """
    refuse_unfinished(root)
    stored = Registry(root).read(reference)
    permitted((material_of(stored.dataset, one.licence) for one in stored.clips), Use.EVALUATION)
    numbers = connected(stored.clips)
    return [
        Clip(
            clip_id=one.clip_id,
            path=stored.media(one),
            label=one.label.value,
            method=one.method or one.source,
            family=one.family.value,
            group=stored.clips[number].group or stored.clips[number].clip_id,
            data_set=stored.dataset.name,
            split=one.official_split if one.split is Split.UNASSIGNED else one.split.value,
            compression=one.compression,
            region="" if one.region is Region.WHOLE else one.region.value,
            slices=_covered(one),
        )
        for one, number in zip(stored.clips, numbers, strict=True)
    ]


def will_derive(
    reference: str, root: Path, *, folders: Iterable[Path] = (), files: Iterable[Path] = ()
) -> None:
    """Tell the registry what will be made of a data set's clips, to be removed with them.

    Call it when nothing else is left to refuse: what is told so is deleted when somebody
    withdraws.

    Raises:
        UnknownDataSet: there is none.
        DataSetRefused: one of the paths holds what was not made by us.
    """
    name = Registry(root).resolve(reference)
    for path in folders:
        register(root, path, Kind.CACHE, [name])
    for path in files:
        register(root, path, Kind.FILE, [name])


def _covered(clip: Registered) -> dict[str, str]:
    known = {name: getattr(clip, name) for name in VARIABLES}
    known["skin_tone"] = "" if clip.skin_tone is None else f"{clip.skin_tone:02d}"
    return {name: value for name, value in known.items() if value}


def choose(
    clips: Iterable[Clip],
    *,
    split: str = "",
    methods: Sequence[str] = (),
    at_most: int = 0,
    without: Collection[str] = (),
) -> list[Clip]:
    """Those of a split and of some methods; of each method and label `at_most`, 0 being all.

    Which ones follows from their groups alone, so that the same are chosen every time, and
    both sides of a pair or neither. `without`: what to leave out, as `benchmarks.leaving_out`.
    """
    known = list(clips)
    left_out = groups_named(known, without)
    chosen = [
        clip
        for clip in known
        if (not split or clip.split == split)
        and (not methods or clip.method in methods)
        and clip.group not in left_out
    ]
    if not at_most:
        return chosen
    return _first_of_each(chosen, at_most, key=lambda clip: (clip.method, clip.label))


def clips_of(
    reference: str,
    root: Path,
    *,
    split: str,
    methods: Sequence[str] | None,
    at_most: int,
    without: Collection[str] = (),
) -> list[Clip]:
    """What `choose` takes of the clips that `read_clips` reads.

    Raises:
        InvalidConfiguration: that is none.
        DataSetRefused: as `read_clips`.
    """
    clips = read_clips(reference, root)
    chosen = choose(clips, split=split, methods=methods or (), at_most=at_most, without=without)
    if not chosen:
        raise InvalidConfiguration(f"no clip of {reference} was asked for: {_offered(clips)}")
    return chosen


def _offered(clips: Collection[Clip]) -> str:
    splits = ", ".join(sorted({clip.split for clip in clips}))
    methods = ", ".join(sorted({clip.method for clip in clips if clip.method}))
    return f"its splits are {splits or 'none'}; its methods {methods or 'none'}"


def _first_of_each(
    clips: list[Clip], at_most: int, *, key: Callable[[Clip], tuple[str, str]]
) -> list[Clip]:
    drawn = sorted(clips, key=lambda clip: (crc32(clip.group.encode()), clip.group, clip.clip_id))
    counts: dict[tuple[str, str], int] = {}
    kept = set()
    for clip in drawn:
        counts[key(clip)] = counts.get(key(clip), 0) + 1
        if counts[key(clip)] <= at_most:
            kept.add(clip.clip_id)
    return [clip for clip in clips if clip.clip_id in kept]
