"""Panels and pages of Grafana, as the few settings that differ between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_COLUMNS = 24
_WIDTH, _HEIGHT = 8, 7
_DATA = {"type": "prometheus", "uid": "prometheus"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One picture. `queries`: PromQL by legend; `limit` is drawn as a line, in the same unit.

    Units are Grafana's: s, percentunit, ops, bytes, short. `shows` says what a reader should
    look for.
    """

    title: str
    queries: Mapping[str, str]
    shows: str
    unit: str = "short"
    kind: str = "timeseries"
    limit: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A dashboard: rows of panels, each row under its heading."""

    name: str
    title: str
    rows: Mapping[str, Sequence[Panel]]


def queries(page: Page) -> list[str]:
    """Every PromQL query of a page."""
    return [
        query for panels in page.rows.values() for one in panels for query in one.queries.values()
    ]


def dashboard(page: Page) -> dict[str, Any]:
    """The page as Grafana imports it."""
    placed: list[dict[str, Any]] = []
    top = 0
    for heading, panels in page.rows.items():
        place = {"h": 1, "w": _COLUMNS, "x": 0, "y": top}
        placed.append({"type": "row", "title": heading, "gridPos": place, "collapsed": False})
        top += 1
        for i, panel in enumerate(panels):
            across, down = (i * _WIDTH) % _COLUMNS, (i * _WIDTH) // _COLUMNS
            place = {"h": _HEIGHT, "w": _WIDTH, "x": across, "y": top + down * _HEIGHT}
            placed.append(_drawn(panel, place))
        top += -(-len(panels) * _WIDTH // _COLUMNS) * _HEIGHT
    return {
        "uid": f"veriscope-{page.name}",
        "title": page.title,
        "tags": ["veriscope"],
        "schemaVersion": 39,
        "editable": False,
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "30s",
        "panels": [{"id": i, **panel} for i, panel in enumerate(placed, start=1)],
    }


def _drawn(panel: Panel, place: Mapping[str, int]) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.limit is not None:
        steps.append({"color": "red", "value": panel.limit})
    drawn = {"thresholdsStyle": {"mode": "off" if panel.limit is None else "line"}}
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.shows,
        "datasource": _DATA,
        "gridPos": dict(place),
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                "custom": drawn if panel.kind == "timeseries" else {},
                "thresholds": {"mode": "absolute", "steps": steps},
            },
            "overrides": [],
        },
        "targets": [
            {"refId": chr(ord("A") + i), "datasource": _DATA, "expr": query, "legendFormat": legend}
            for i, (legend, query) in enumerate(panel.queries.items())
        ],
    }
