"""What the distortions of the robustness suite cost: the same clips, with and without."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.bootstrap import Places, estimates
from benchmarks.clips import Clip
from benchmarks.comparisons import Comparison
from benchmarks.distortions import DISTORTIONS, Distortion
from benchmarks.measuring import Draws
from benchmarks.metrics import area_under_curve
from benchmarks.results import Counts, Distorted, Robustness
from benchmarks.running import score_clips
from benchmarks.sample import Sample
from benchmarks.serving import Serving, Wish
from benchmarks.table import Run, ScoreTable
from moderation.errors import InvalidConfiguration

_UNDISTORTED = "undistorted"


def score_distorted(
    clips: Sequence[Clip],
    wish: Wish,
    folder: Path,
    distortions: Iterable[Distortion],
    *,
    processes: int = 1,
    quiet: bool = False,
) -> tuple[ScoreTable, list[ScoreTable]]:
    """Score clips undistorted and under every distortion, a table each in `folder`.

    Tables that are there are read. What acts in time is left out for pictures, which it leaves
    as they are, and altogether where there is no video.

    Raises:
        InvalidConfiguration: as `score_clips`; or a table that is there is of another bundle,
            policy or setting, or of other clips.
    """
    with closing(Serving(wish)) as serving:
        run = serving.run

    def scored(chosen: Sequence[Clip], one: Wish, name: str) -> ScoreTable:
        out = folder / f"{name}.parquet"
        if out.exists():
            return _read_same(out, replace(run, distortion=one.distortion), chosen)
        return score_clips(chosen, one, out, processes=processes, quiet=quiet)

    plain = scored(clips, wish, _UNDISTORTED)
    videos = set(plain.texts("clip_id")[plain.texts("kind") == "video"].tolist())
    tables = []
    for distortion in distortions:
        in_time = DISTORTIONS[distortion.kind].in_time
        chosen = [clip for clip in clips if not in_time or clip.clip_id in videos]
        if chosen:
            name = f"{distortion.kind}:{distortion.strength.value}"
            distorted = replace(wish, distortion=name)
            tables.append(scored(chosen, distorted, name.replace(":", "-")))
    return plain, tables


def _read_same(file: Path, run: Run, clips: Sequence[Clip]) -> ScoreTable:
    table = ScoreTable.read(file)
    if table.run != run:
        raise InvalidConfiguration(
            f"{file} was scored with another bundle, policy or change: "
            "remove it, or give another --tables"
        )
    if table.texts("clip_id").tolist() != [clip.clip_id for clip in clips]:
        raise InvalidConfiguration(
            f"{file} holds scores of other clips: remove it, or give another --tables"
        )
    return table


def robustness(
    plain: ScoreTable,
    distorted: Sequence[ScoreTable],
    comparisons: Sequence[Comparison],
    *,
    draws: Draws | None = None,
) -> Robustness:
    """The mean AUC over the comparisons that the clips allow, and what each distortion takes of it.

    All forged against all real where they allow none. Comparisons are taken as they are, neither
    equalised nor matched: a drop is between equal clips anyway.
    """
    draws = draws or Draws()
    sample, masks = Sample.of(plain), _masks(plain, comparisons)
    whole = estimates(
        _mean_auc(sample, masks), list(sample.groups), samples=draws.few, seed=draws.seed
    )
    return Robustness(
        run=plain.run,
        undistorted=whole["auc"],
        distorted=tuple(_compare(plain, one, comparisons, draws) for one in distorted),
        samples=draws.few,
        seed=draws.seed,
    )


def _compare(
    plain: ScoreTable, distorted: ScoreTable, comparisons: Sequence[Comparison], draws: Draws
) -> Distorted:
    """Both tables reduced to clips that have a face in both; what has lost it is counted."""
    before, after = _with_face(plain), _with_face(distorted)
    asked = set(distorted.texts("clip_id").tolist())
    had = [clip_id for clip_id in before if clip_id in asked]
    kept = [clip_id for clip_id in had if clip_id in after]
    first = plain.where(np.array([before[clip_id] for clip_id in kept], np.int64))
    second = distorted.where(np.array([after[clip_id] for clip_id in kept], np.int64))
    sample, changed = Sample.of(first), Sample.of(second)
    masks = _masks(first, comparisons)
    auc_before, auc_after = _mean_auc(sample, masks), _mean_auc(changed, masks)

    def figures(places: Places) -> dict[str, float]:
        left = auc_after(places)["auc"]
        return {"auc": left, "drop": auc_before(places)["auc"] - left}

    told = estimates(figures, list(sample.groups), samples=draws.few, seed=draws.seed)
    kind, _, strength = distorted.run.distortion.partition(":")
    counts: Counts = replace(changed.counts(), without_face=len(had) - len(kept))
    return Distorted(
        distortion=kind,
        family=DISTORTIONS[kind].family.value,
        strength=strength,
        counts=counts,
        auc=told["auc"],
        drop=told["drop"],
        lost_faces=1 - len(kept) / len(had) if had else 0.0,
    )


def _with_face(table: ScoreTable) -> dict[str, int]:
    """Places of labelled clips with a face, by clip."""
    usable = np.isfinite(table.numbers("fake_probability")) & (table.texts("label") != "")
    ids = table.texts("clip_id")
    return {str(ids[place]): int(place) for place in np.flatnonzero(usable)}


def _masks(table: ScoreTable, comparisons: Sequence[Comparison]) -> list[NDArray[np.bool_]]:
    """For each comparison with clips of both classes which of `Sample.of(table)` take part."""
    usable = table.where(np.array(sorted(_with_face(table).values()), np.int64))
    methods, forged = usable.texts("method"), usable.texts("label") == "fake"
    masks = [
        (np.isin(methods, one.forged) & forged) | (np.isin(methods, one.real) & ~forged)
        for one in comparisons
    ]
    sound = [mask for mask in masks if forged[mask].any() and not forged[mask].all()]
    return sound or [np.ones(len(usable), bool)]


def _mean_auc(
    sample: Sample, masks: Sequence[NDArray[np.bool_]]
) -> Callable[[Places], dict[str, float]]:
    def figure(places: Places) -> dict[str, float]:
        parts = [places[mask[places]] for mask in masks]
        areas = [area_under_curve(sample.probability[p], sample.forged[p]) for p in parts]
        return {"auc": float(np.mean(areas))}

    return figure
