"""Writes the rules and dashboards beside this package: `python -m monitoring.mixin [--check]`."""

from __future__ import annotations

import argparse
import json
import sys
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


def main() -> int:
    """Write them, or with --check say which are not as they should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail if any differs")
    checked = parser.parse_args().check
    stale = [(f, text) for f, text in files() if not f.exists() or f.read_text() != text]
    for file, text in stale:
        if checked:
            print(f"{file} is not what the code makes: run python -m monitoring.mixin")
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    return 1 if checked and stale else 0


if __name__ == "__main__":
    sys.exit(main())
