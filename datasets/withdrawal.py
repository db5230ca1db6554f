"""Takes someone out of every data set, with all that was made from their clips.

The order makes it safe to be interrupted anywhere. A journal of all that must go comes first, and
while it is there nothing else works on the registry. Then: the tombstone; faces and caches; the
media; the rows of the tables, by which the rest would be found. Each step can be done again.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from datasets import derived, looks
from datasets.errors import DataSetRefused, UnknownDataSet
from datasets.files import held, replacing
from datasets.records import Clip
from datasets.registry import Registry, Stored
from datasets.texts import read_json_object
from datasets.tombstones import Tombstones, derived_clips

JOURNAL = "withdrawal.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What must go. `clips` are (data set, clip id); `faces` how many by folder or cache.

    `left_alone`: folders that were registered and do not carry our mark, so that they stay.
    """

    dataset: str
    subject: str  # as the tables name them; only a hash of it is written down
    clips: list[tuple[str, str]]
    files: list[str]
    sha256s: list[str]
    faces: dict[str, int]
    left_alone: list[str]


def refuse_unfinished(root: Path) -> None:
    """
    Raises:
        DataSetRefused: a withdrawal was interrupted; nothing may use its data before it is done.
    """
    if (root / JOURNAL).exists():
        raise DataSetRefused(
            "a withdrawal was interrupted: finish it with `veriscope data withdraw --resume`"
        )


def plan(registry: Registry, subject: str, dataset: str | None = None) -> Plan:
    """What has to go when a subject withdraws; nothing is changed.

    Raises:
        UnknownDataSet: no clip of the subject is in the registry.
        DataSetRefused: the subject's name occurs in several data sets and none is given.
    """
    every = [registry.read(reference) for reference in registry.references()]
    holding = {s.dataset.name for s in every if any(subject in c.subjects for c in s.clips)}
    name = _one_name(registry, subject, dataset.partition(":")[0] if dataset else None, holding)
    gone = _all_that_goes(every, name, subject)
    ids = {(s.dataset.reference, c.clip_id) for s, clips in gone for c in clips}
    names = {reference for reference, _ in ids}
    made = [p for p in derived.pointers(registry.root) if names.intersection(p.data_sets)]
    counts = {str(one.path): derived.count(one, ids) for one in made}
    return Plan(
        dataset=name,
        subject=subject,
        clips=sorted(ids),
        files=sorted({str(s.media(c)) for s, clips in gone for c in clips}),
        sha256s=sorted({c.sha256 for _, clips in gone for c in clips}),
        faces={path: count for path, count in counts.items() if count},
        left_alone=[str(one.path) for one in made if derived.left_alone(one)],
    )


def _one_name(registry: Registry, subject: str, wanted: str | None, holding: set[str]) -> str:
    if wanted in holding:
        return str(wanted)
    if wanted is None and len(holding) == 1:
        return holding.pop()
    if wanted is None and holding:
        raise DataSetRefused(
            f"{subject} occurs in {', '.join(sorted(holding))}, which may be different people: "
            "name one with --dataset"
        )
    stones = Tombstones(registry.root)
    before = [n for n in {one.dataset for one in stones.stones} if stones.holds(n, subject)]
    if before:
        raise UnknownDataSet(f"{subject} withdrew from {', '.join(sorted(before))} before")
    raise UnknownDataSet(f"no clip of {subject} is in {wanted or 'any data set'}")


def _all_that_goes(every: list[Stored], name: str, subject: str) -> list[tuple[Stored, list[Clip]]]:
    """By data set: in all versions of `name` the subject's clips, and everywhere the same bytes."""
    bytes_: set[str] = set()
    while True:
        gone = []
        for stored in every:
            own = stored.dataset.name == name
            first = [
                clip
                for clip in stored.clips
                if clip.sha256 in bytes_ or (own and subject in clip.subjects)
            ]
            gone.append((stored, derived_clips(stored.clips, first)))
        found = {clip.sha256 for _, clips in gone for clip in clips}
        if found <= bytes_:
            return gone
        bytes_ |= found


def carry_out(registry: Registry, wanted: Plan) -> None:
    """Plans again first: since `wanted` was shown, somebody may have imported more of the subject.

    Raises:
        UnknownDataSet: another withdrawal was faster.
        DataSetRefused: something cannot be removed; what is left to do stays in the journal.
    """
    with held(registry.root):
        refuse_unfinished(registry.root)
        wanted = plan(registry, wanted.subject, wanted.dataset)
        stones = Tombstones(registry.root)
        stones.keep()
        facts = asdict(wanted) | {
            "subject": stones.hashed(wanted.dataset, wanted.subject),
            "on": date.today().isoformat(),
        }
        with replacing(registry.root / JOURNAL) as path:
            path.write_text(json.dumps(facts), encoding="utf-8")
        _finish(registry)


def resume(registry: Registry) -> int:
    """Finish what was interrupted; returns the number of clips, 0 when nothing was.

    Raises:
        DataSetRefused: something still cannot be removed.
    """
    with held(registry.root):
        if not (registry.root / JOURNAL).exists():
            return 0
        return _finish(registry)


def _finish(registry: Registry) -> int:
    journal = registry.root / JOURNAL
    facts = read_json_object(journal)
    gone = {(str(reference), str(clip)) for reference, clip in facts["clips"]}
    Tombstones(registry.root).lay(facts["dataset"], facts["subject"], facts["sha256s"], facts["on"])
    try:
        for pointer in derived.pointers(registry.root):
            derived.remove(pointer, gone)
        for name in facts["files"]:
            _delete_media(Path(name))
        for reference in sorted({reference for reference, _ in gone}):
            _cut_rows(registry, reference, gone, set(facts["sha256s"]))
    except OSError as error:
        raise DataSetRefused(
            f"the withdrawal is not finished: {error.filename} cannot be removed "
            f"({error.strerror}). Mend it, then run `veriscope data withdraw --resume`"
        ) from error
    journal.unlink()
    return len(gone)


def _delete_media(path: Path) -> None:
    """Delete a file, and what it is a link to (which was confined to the media root)."""
    target = path.resolve()
    path.unlink(missing_ok=True)
    target.unlink(missing_ok=True)


def _cut_rows(
    registry: Registry, reference: str, gone: set[tuple[str, str]], sha256s: set[str]
) -> None:
    stored = registry.read(reference)
    looks.forget(registry.folder(stored.dataset), sha256s)
    left = [clip for clip in stored.clips if (reference, clip.clip_id) not in gone]
    if len(left) < len(stored.clips):
        registry.write(stored.dataset, left)
