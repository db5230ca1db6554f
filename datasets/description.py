"""`dataset.yaml`: what is known of a data set as a whole, to be read and edited by people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from datasets.errors import DataSetRefused
from datasets.records import DataSet, Permission, Use, Uses
from datasets.texts import read_yaml

FILE = "dataset.yaml"
FORMAT = 1

_TEXTS = ("name", "version", "licence", "consent", "source", "contact", "layout", "created")


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A data set, and what its table must be: SHA-256 of the file, number of clips."""

    dataset: DataSet
    table_sha256: str
    clips: int


def dump(described: Described) -> str:
    dataset = described.dataset
    facts: dict[str, Any] = {"format": FORMAT}
    facts |= {name: getattr(dataset, name) for name in _TEXTS}
    facts["uses"] = _words(dataset.uses)
    facts["licences"] = {name: _words(uses) for name, uses in sorted(dataset.licences.items())}
    facts["media_root"] = str(dataset.media_root)
    facts["table"] = {"sha256": described.table_sha256, "clips": described.clips}
    return yaml.safe_dump(facts, sort_keys=False, allow_unicode=True, width=100)


def _words(uses: Uses) -> dict[str, str]:
    return {use.value: permission.value for use, permission in sorted(uses.items())}


def load(path: Path) -> Described:
    """
    Raises:
        DataSetRefused: it is no description of a data set in this format.
    """
    facts = read_yaml(path)
    if facts.get("format") != FORMAT:
        raise DataSetRefused(f"{path} is of format {facts.get('format')}, this reads {FORMAT}")
    table, media_root = facts.get("table"), facts.get("media_root")
    if not isinstance(table, dict) or not isinstance(media_root, str):
        raise DataSetRefused(f"{path} lacks table or media_root")
    try:
        dataset = DataSet(
            **{name: str(facts.get(name) or "") for name in _TEXTS},
            uses=uses_of(facts.get("uses") or {}),
            licences={str(k): uses_of(v) for k, v in dict(facts.get("licences") or {}).items()},
            media_root=path.parent / Path(media_root).expanduser(),
        )
        clips = int(table.get("clips", 0))
    except (DataSetRefused, ValueError, TypeError) as error:
        raise DataSetRefused(f"{path}: {error}") from error
    return Described(dataset=dataset, table_sha256=str(table.get("sha256")), clips=clips)


def uses_of(written: Mapping[str, Any]) -> Uses:
    """Uses as they stand in YAML or on the command line: `training: research`.

    Raises:
        DataSetRefused: a use or a permission is none that there is.
    """
    if not isinstance(written, Mapping):
        raise DataSetRefused("uses are written like `training: research`")
    try:
        return {Use(str(use)): Permission(_plain(value)) for use, value in written.items()}
    except ValueError as error:
        known = ", ".join(Use), ", ".join(Permission)
        raise DataSetRefused(f"{error}: a use is {known[0]}; a permission {known[1]}") from error


def _plain(value: object) -> str:
    """YAML reads an unquoted yes or no as a truth value."""
    return (
        {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    )
