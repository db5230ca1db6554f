"""Writes the rules and dashboards beside this package: `python -m monitoring.mixin`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import yaml

from monitoring.mixin.alerts import RUNBOOK, rules
from monitoring.mixin.pages import PAGES
from monitoring.mixin.panels import dashboard

FOLDER = Path(__file__).parents[1]


def files(runbook: str = RUNBOOK) -> Iterator[tuple[Path, str]]:
    """Each file that is made, and what has to stand in it; alerts link to `runbook`."""
    head = "# Made by `python -m monitoring.mixin`.\n"
    body = yaml.safe_dump(rules(runbook), sort_keys=False, width=1000)
    yield FOLDER / "rules" / "veriscope.yml", head + body
    for page in PAGES:
        file = FOLDER / "grafana" / "dashboards" / f"{page.name}.json"
        yield file, json.dumps(dashboard(page), indent=1) + "\n"


def main() -> None:
    """Write them all."""
    options = argparse.ArgumentParser(prog="python -m monitoring.mixin", description=__doc__)
    options.add_argument(
        "--runbook-url",
        metavar="BASE",
        default=RUNBOOK,
        help="where runbook.md is read, for the links of alerts (default: %(default)s)",
    )
    for file, text in files(options.parse_args().runbook_url):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


if __name__ == "__main__":
    main()
