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
    table = _table("bundle", "state", "created", "detectors", "sha256")
    for row in rows:
        if row["state"] == "damaged":
            table.add_row(row["bundle"], Text("damaged", "red"), "", _plain(row["fault"]), "")
            continue
        state = Text(row["state"], "bold green" if "serves" in row["state"] else "")
        names = ", ".join(row["detectors"])
        table.add_row(row["bundle"], state, row["created"], names, row["sha256"][:12])
    return table


def describe(bundle: Bundle) -> dict[str, Any]:
    """All that a bundle says of itself, with its folder, its hash and its card."""
    manifest = bundle.manifest
    return {
        **_MANIFEST.dump_python(manifest, mode="json"),
        "sha256": bundle.identity.sha256,
        "folder": str(bundle.folder.absolute()),
        "card_text": bundle.content(manifest.card).decode(errors="replace"),
    }


def page(bundle: Bundle) -> Iterator[RenderableType]:
    """The same in parts, the model card last."""
    manifest = bundle.manifest
    facts = Table.grid(padding=(0, 2))
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
        facts.add_row(Text(name, "bold"), _plain(value))
    yield facts
    yield _detectors(manifest)
    if manifest.metrics:
        yield _metrics(manifest.metrics)
    if manifest.thresholds:
        yield _thresholds(manifest.thresholds)
    yield _data_sets(manifest)
    yield Text()
    yield Markdown(_visible(bundle.content(manifest.card).decode(errors="replace")))


def _state(bundle: Bundle, serving: ModelIdentity | None) -> str:
    where = "packaged" if bundle.folder == PACKAGED else "imported"
    return f"{where}, serves" if bundle.identity == serving else where


def _detectors(manifest: Manifest) -> Table:
    table = _table("detector", "finds", "what it is", title="Detectors and screens")
    for detector in manifest.detectors:
        table.add_row(detector.name, detector.finds, _what(detector))
    for screen in manifest.screens:
        table.add_row("", "cannot be judged", f"{screen.head} on {screen.of}")
    return table


def _what(detector: Detector) -> str:
    if isinstance(detector, ModelDetector):
        return f"model {detector.model} {detector.version}, {detector.embedding} values"
    if isinstance(detector, HeadDetector):
        return f"{detector.head} on {detector.of}"
    return f"{detector.head} over tracks"


def _metrics(metrics: Mapping[str, Mapping[str, Any]]) -> Table:
    columns = list(dict.fromkeys(name for figures in metrics.values() for name in figures))
    table = _table(
        "measured on", *map(_visible, columns), title="Figures, as the manifest gives them"
    )
    for name, figures in metrics.items():
        table.add_row(_plain(name), *(_plain(_figure(figures.get(one))) for one in columns))
    return table


def _thresholds(thresholds: Mapping[str, float | None]) -> Table:
    table = _table("false flags at most", "flag from", title="Thresholds")
    for share, threshold in thresholds.items():
        table.add_row(
            _plain(share), "never: too little evidence" if threshold is None else f"{threshold:.3f}"
        )
    return table


def _data_sets(manifest: Manifest) -> Table:
    table = _table(
        "data set", "version", "faces", "used for", "licence", "training allowed", title="Data sets"
    )
    for one in manifest.data_sets:
        faces = "" if one.faces is None else str(one.faces)
        words = (one.name, one.version, faces, one.used_for, one.licence, one.allows_training)
        table.add_row(*(_plain(word) for word in words))
    return table


def _figure(value: float | str | None) -> str:
    return f"{value:.3f}" if isinstance(value, float) else "" if value is None else str(value)


def _plain(text: str) -> Text:
    return Text(_visible(text), overflow="fold")


def _visible(text: str) -> str:
    """Words of whoever made the bundle, without what would steer a terminal."""
    return "".join(char if char.isprintable() or char == "\n" else "�" for char in text)


def _table(*columns: str, title: str | None = None) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
