"""Builders for score tables; a test names only what it cares about."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.table import Run, ScoreRow, ScoreTable

RUN = Run(
    bundle_name="faces", bundle_version="2", bundle_sha256="ab" * 32, policy_sha256="cd" * 32,
    suspect=0.5,
)  # fmt: skip


def a_row(clip_id: str = "c1", **changes: object) -> ScoreRow:
    row = ScoreRow(
        clip_id=clip_id,
        data_set="made",
        label="real",
        method="camera",
        group=clip_id,
        kind="image",
        faces_found=1,
        crops_judged=1,
        fake_probability=0.2,
        label_given="clear",
        logits={"blending": -1.0},
        trivial={"face_pixels": 100.0, "sharpness": 50.0},
    )
    row = replace(row, **changes)
    if "label_given" not in changes and row.fake_probability is not None:
        row = replace(row, label_given="suspect" if row.fake_probability >= 0.5 else "clear")
    if not row.abstained and "given_probability" not in changes:
        row = replace(row, given_probability=row.fake_probability)
    return row


def a_table(*rows: ScoreRow, **run: object) -> ScoreTable:
    return ScoreTable.of(replace(RUN, **run), rows)


def some_rows(
    count: int = 40, *, method: str = "swap", real: str = "camera", seed: int = 0, lift: float = 1.5
) -> list[ScoreRow]:
    """So many reals and as many forgeries in pairs of one group, told apart somewhat."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        for label, name, centre in (("real", real, 0.0), ("fake", method, lift)):
            logit = float(rng.normal(centre - lift / 2))
            rows.append(
                a_row(
                    f"{name}-{label}-{seed}-{number}",
                    label=label,
                    method=name,
                    group=f"{method}-{seed}-{number}",
                    fake_probability=float(1 / (1 + np.exp(-logit))),
                    logits={"blending": logit},
                    trivial={
                        "face_pixels": float(rng.uniform(50, 300)),
                        "sharpness": float(rng.uniform(20, 500)),
                    },
                    slices={"light": "dim" if number % 2 else "bright"},
                )
            )
    return rows
