"""Bundles as people and machines read them on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter
from rich.console import RenderableType
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from inference.bundles.bundle import PACKAGED, Bundle
from inference.bundles.manifest import Detector, HeadDetector, Manifest, ModelDetector
from inference.bundles.store import Entry
from moderation.lineage import ModelIdentity
from runtime.cli.columns import plain, table_of

_MANIFEST: TypeAdapter[Manifest] = TypeAdapter(Manifest)


def summary(entry: Entry, *, serving: ModelIdentity | None) -> dict[str, Any]:
    """What `list` tells of a bundle."""
    facts: dict[str, Any] = {"bundle": entry.title, "folder": str(entry.folder.absolute())}
    if entry.bundle is None:
        return {**facts, "state": "damaged", "fault": entry.fault}
    manifest = entry.bundle.manifest
    return {
        **facts,
        "state": _state(entry.bundle, serving),
        "created": manifest.created.isoformat(),
        "detectors": [detector.name for detector in manifest.detectors],
        "sha256": entry.bundle.identity.sha256,
    }


def listing(rows: Iterable[dict[str, Any]]) -> Table:
    """One row a bundle."""
    return table_of(("bundle", "state", "created", "detectors", "sha256"), map(_listed, rows))


def _listed(row: dict[str, Any]) -> tuple[object, ...]:
    if row["state"] == "damaged":
        return (row["bundle"], Text("damaged", "red"), "", row["fault"], "")
    state = Text(row["state"], "bold green" if "serves" in row["state"] else "")
    return (row["bundle"], state, row["created"], ", ".join(row["detectors"]), row["sha256"][:12])


def describe(bundle: Bundle) -> dict[str, Any]:
    """All that a bundle says of itself, with its folder, its hash and its card."""
    manifest = bundle.manifest
    return {
        **_MANIFEST.dump_python(manifest, mode="json"),
        "sha256": bundle.identity.sha256,
        "folder": str(bundle.folder.absolute()),
        "card_text": bundle.content(manifest.card).decode(errors="replace"),
    }


def page(bundle: Bundle, *, card: bool) -> Iterator[RenderableType]:
    """What it is, in parts; with `card` figures, data sets and the model card, too."""
    manifest = bundle.manifest
    facts = Table.grid(padding=(0, 2))
    facts.add_column()
    facts.add_column(overflow="fold")
    for name, value in (
        ("bundle", manifest.title),
        ("sha256", bundle.identity.sha256),
        ("folder", f"{bundle.folder.absolute()} (Triton's --model-repository)"),
        (
            "made",
            f"{manifest.created}, by Veriscope {manifest.code.version} {manifest.code.commit}",
        ),
        ("seed", "" if manifest.seed is None else str(manifest.seed)),
        ("crops", manifest.preprocessing),
        ("calibration", bundle.fusion().id),
    ):
        facts.add_row(Text(name, "bold"), plain(value))
    yield facts
    yield _detectors(manifest)
    if manifest.thresholds:
        yield _thresholds(manifest.thresholds)
    if not card:
        yield Text("Figures, data sets with their licences and the model card: --card", "dim")
        return
    if manifest.metrics:
        yield _metrics(manifest.metrics)
    yield _data_sets(manifest)
    yield Text()
    yield Markdown(_visible(bundle.content(manifest.card).decode(errors="replace")))


def _state(bundle: Bundle, serving: ModelIdentity | None) -> str:
    where = "packaged" if bundle.folder == PACKAGED else "imported"
    return f"{where}, serves" if bundle.identity == serving else where


def _detectors(manifest: Manifest) -> Table:
    rows = [
        *((one.name, one.finds, _what(one)) for one in manifest.detectors),
        *(("", "cannot be judged", f"{one.head} on {one.of}") for one in manifest.screens),
    ]
    return table_of(("detector", "finds", "what it is"), rows, title="Detectors and screens")


def _what(detector: Detector) -> str:
    if isinstance(detector, ModelDetector):
        return f"model {detector.model} {detector.version}, {detector.embedding} values"
    if isinstance(detector, HeadDetector):
        return f"{detector.head} on {detector.of}"
    return f"{detector.head} over tracks"


def _metrics(metrics: Mapping[str, Mapping[str, Any]]) -> Table:
    columns = list(dict.fromkeys(name for figures in metrics.values() for name in figures))
    rows = [
        (name, *(_figure(figures.get(one)) for one in columns)) for name, figures in metrics.items()
    ]
    named = ("measured on", *map(_visible, columns))
    return table_of(named, rows, title="Figures, as the manifest gives them")


def _thresholds(thresholds: Mapping[str, float | None]) -> Table:
    rows = [
        (share, "never: too little evidence" if threshold is None else f"{threshold:.3f}")
        for share, threshold in thresholds.items()
    ]
    return table_of(("false flags at most", "flag from"), rows, title="Thresholds")


def _data_sets(manifest: Manifest) -> Table:
    columns = ("data set", "version", "faces", "used for", "licence", "training allowed")
    rows = [
        (
            one.name,
            one.version,
            "" if one.faces is None else one.faces,
            one.used_for,
            one.licence,
            one.allows_training,
        )
        for one in manifest.data_sets
    ]
    return table_of(columns, rows, title="Data sets")


def _figure(value: float | str | None) -> str:
    return f"{value:.3f}" if isinstance(value, float) else "" if value is None else str(value)


def _visible(text: str) -> str:
    """Words of whoever made the bundle, without what would steer a terminal."""
    return "".join(char if char.isprintable() or char == "\n" else "�" for char in text)
