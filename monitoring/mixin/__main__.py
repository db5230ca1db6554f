"""Writes the rules and dashboards beside this package: `python -m monitoring.mixin`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import yaml

from monitoring.mixin.alerts import rules
from monitoring.mixin.pages import PAGES
from monitoring.mixin.panels import dashboard

FOLDER = Path(__file__).parents[1]


def files() -> Iterator[tuple[Path, str]]:
    """Each file that is made, and what has to stand in it."""
    head = "# Made by `python -m monitoring.mixin`.\n"
    body = yaml.safe_dump(rules(), sort_keys=False, width=1000)
    yield FOLDER / "rules" / "veriscope.yml", head + body
    for page in PAGES:
        file = FOLDER / "grafana" / "dashboards" / f"{page.name}.json"
        yield file, json.dumps(dashboard(page), indent=1) + "\n"


def main() -> None:
    for file, text in files():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


if __name__ == "__main__":
    main()
