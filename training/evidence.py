"""Adds the evidence behind thresholds to a calibration: `python -m training.evidence --help`.

What genuine clips get from the calibrated bundle itself, abstentions and all, since the
promise of a false-flag rate is about what that bundle will say. Nothing was fitted on them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Collection, Sequence
from math import ceil
from pathlib import Path

from benchmarks.leaving_out import listed
from benchmarks.table import ScoreTable
from inference.bundles.calibration import read_fusion
from training.fuse import Part


def unforged(tables: Sequence[Path], without: Collection[str] = ()) -> list[float]:
    """Probabilities of the genuine clips kept for this that the bundle judges, sorted.

    Rounded up at four digits, never below what was said: it is a promise. `without`: groups that
    a detector learned from.
    """
    rows = [row for file in tables for row in ScoreTable.read(file).without(without).rows()]
    kept = [
        ceil(row["fake_probability"] * 1e4) / 1e4
        for row in rows
        if Part.of(row["group"]) is Part.THRESHOLDS
        and row["label"] == "real"
        and row["fake_probability"] is not None
        and not row["abstained"]
    ]
    return sorted(kept)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calibration", type=Path, required=True, help="what training.fuse wrote")
    parser.add_argument("--scores", type=Path, nargs="+", required=True, help="by that calibration")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--without-groups", type=Path, help="lists groups that were learned from")
    chosen = parser.parse_args(arguments)
    document = json.loads(chosen.calibration.read_bytes())
    document["unforged"] = unforged(chosen.scores, listed(chosen.without_groups))
    content = json.dumps(document, indent=1) + "\n"
    read_fusion(content.encode(), of=str(chosen.out))
    chosen.out.write_text(content)
    print(f"{chosen.out}: {len(document['unforged'])} genuine clips stand behind its thresholds")


if __name__ == "__main__":
    main(sys.argv[1:])
