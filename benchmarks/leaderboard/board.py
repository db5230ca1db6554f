"""The board: every submission with its figures, one JSON file each."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter, ValidationError

from benchmarks.bootstrap import SAMPLES, Estimate, Places, estimates
from benchmarks.leaderboard.task import PRIVATE, PUBLIC, Secret, Task
from benchmarks.metrics import area_under_curve, log_loss
from moderation.errors import InvalidConfiguration

FORMAT = 1

# A scorer that tells every digit tells the labels as well: crafted scores read them off the loss
# (Whitehill, 2018). So figures are rounded, and a name may submit only so often.
_DIGITS = 4
MOST_OF_A_NAME = 10

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._()+,-]{0,59}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One submission; `gap` is private less public log loss.

    `what` is bundle, scores or baseline, perhaps calibrated. `sha256` is that of the scores;
    `bundle` names one, with its version and SHA-256.
    """

    name: str
    what: str
    task: str
    task_sha256: str
    sha256: str
    submitted_at: datetime
    clips: Mapping[str, int]
    figures: Mapping[str, Estimate]
    bundle: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def file_name(self) -> str:
        return f"{re.sub(r'[^A-Za-z0-9]+', '-', self.name).strip('-')}-{self.sha256[:8]}.json"


_ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)


class Board:
    """Entries in a folder, a folder for each task.

    Raises:
        InvalidConfiguration: an entry cannot be read.
    """

    def __init__(self, folder: Path, task: Task) -> None:
        self._folder = folder / f"{_plain(task.name)}-{task.sha256[:8]}"
        self._task = task

    def entries(self) -> list[Entry]:
        """By log loss on the private share, the least first."""
        try:
            found = [_ENTRY.validate_json(f.read_bytes()) for f in self._folder.glob("*.json")]
        except (OSError, ValidationError) as error:
            raise InvalidConfiguration(f"{self._folder}: {error}") from error
        return sorted(found, key=lambda entry: (_loss(entry), entry.name))

    def enter(self, entry: Entry) -> Path:
        """Keep an entry; the same scores of the same name once more change nothing.

        Raises:
            InvalidConfiguration: the name has submitted too often.
        """
        path = self._folder / entry.file_name
        if path.exists():
            return path
        of_name = [one for one in self.entries() if one.name == entry.name]
        if len(of_name) >= MOST_OF_A_NAME:
            raise InvalidConfiguration(f"{entry.name} has submitted {MOST_OF_A_NAME} times")
        self._folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_ENTRY.dump_json(entry, indent=1) + b"\n")
        return path


def evaluate(
    name: str,
    what: str,
    scores: Mapping[str, float],
    task: Task,
    known: Mapping[str, Secret],
    *,
    at: datetime,
    bundle: Mapping[str, str] | None = None,
    samples: int = SAMPLES,
) -> Entry:
    """Hold scores for every clip of a task against its labels.

    Raises:
        InvalidConfiguration: the name is empty, too long, or of unusual characters.
    """
    if not _NAME.fullmatch(name):
        raise InvalidConfiguration("a name is 1 to 60 letters, digits, spaces or ._()+,-")
    ids = sorted(scores)
    said = np.array([scores[clip_id] for clip_id in ids])
    forged = np.array([known[clip_id].label == "fake" for clip_id in ids])
    private = np.array([known[clip_id].share == PRIVATE for clip_id in ids])

    def figures(places: Places) -> dict[str, float]:
        told = {}
        for share, inside in ((PUBLIC, ~private[places]), (PRIVATE, private[places])):
            chosen = places[inside]
            told[f"{share}_log_loss"] = log_loss(said[chosen], forged[chosen])
            told[f"{share}_auc"] = area_under_curve(said[chosen], forged[chosen])
        return told | {"gap": told["private_log_loss"] - told["public_log_loss"]}

    groups = [known[clip_id].group for clip_id in ids]
    return Entry(
        name=name,
        what=what,
        task=task.name,
        task_sha256=task.sha256,
        sha256=_digest(scores),
        submitted_at=at,
        clips={PUBLIC: int((~private).sum()), PRIVATE: int(private.sum())},
        figures={n: _rounded(e) for n, e in estimates(figures, groups, samples=samples).items()},
        bundle=dict(bundle or {}),
    )


def _digest(scores: Mapping[str, float]) -> str:
    return hashlib.sha256(json.dumps(dict(sorted(scores.items()))).encode()).hexdigest()


def _rounded(estimate: Estimate) -> Estimate:
    told = {n: None if v is None else round(v, _DIGITS) for n, v in asdict(estimate).items()}
    return Estimate(**told)


def _loss(entry: Entry) -> float:
    value = entry.figures["private_log_loss"].value
    return float("inf") if value is None else value


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")
