"""The rule of what may be used for what: training refuses what its licence does not permit.

What was used, and what was allowed by name against the rule, is written beside the faces that
were made of it, so that a model card and a bundle can say it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from datasets.errors import NotLicensed
from datasets.files import replacing
from datasets.records import DataSet, Permission, Use, Uses
from datasets.texts import read_json_object

FILE = "licences.json"
FORMAT = 1

_NON_COMMERCIAL = {Use.TRAINING: Permission.RESEARCH, Use.EVALUATION: Permission.RESEARCH}
_FREE = {Use.TRAINING: Permission.YES, Use.EVALUATION: Permission.YES}

# By SPDX identifier only: a repository's MIT says nothing of the faces in it when it is told
# in other words. Attribution is asked by most of them; a model card gives it.
KNOWN: dict[str, Uses] = {
    "cc0-1.0": _FREE,
    "cc-by-4.0": _FREE,
    "mit": _FREE,
    "apache-2.0": _FREE,
    "cc-by-nc-4.0": _NON_COMMERCIAL,
    "cc-by-nc-sa-4.0": _NON_COMMERCIAL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """Faces (or clips) of one data set under one licence, as a bundle's `data_sets` has it.

    `allowed_by_name`: the operator named the licence, though it does not permit this use.
    """

    name: str
    version: str
    licence: str
    permission: str
    used_for: str
    faces: int = 0
    allowed_by_name: bool = False
    allows_training: str = Permission.UNKNOWN.value

    def entry(self) -> dict[str, str | int]:
        """As a line of `data_sets` in a bundle's manifest."""
        return {
            "name": self.name,
            "version": self.version,
            "licence": self.licence,
            "allows_training": self.allows_training,
            "faces": self.faces,
            "used_for": self.used_for,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a row is of, in the terms of this rule."""

    name: str
    version: str
    licence: str
    uses: Uses = field(default_factory=dict)


def material_of(dataset: DataSet, licence: str) -> Material:
    """`licence` is a row's own, or empty for the data set's."""
    uses = dataset.licences.get(licence, {}) if licence else dataset.uses
    return Material(
        name=dataset.name, version=dataset.version, licence=licence or dataset.licence, uses=uses
    )


def permission(material: Material, use: Use) -> Permission:
    """What the description says; else what the licence's SPDX identifier says; else unknown."""
    known = KNOWN.get(material.licence.strip().lower(), {})
    return material.uses.get(use) or known.get(use) or Permission.UNKNOWN


def permitted(materials: Iterable[Material], use: Use, allow: Sequence[str] = ()) -> list[Used]:
    """One entry a data set and licence, of what may be used: permitted, or allowed by name.

    `allow` holds licences or names of data sets; `*` and `?` stand for any text, and case does
    not matter.

    Raises:
        NotLicensed: something is neither; the message names all of it and how to allow it.
    """
    counts: Counter[tuple[str, str, str, Permission]] = Counter()
    training: dict[tuple[str, str, str, Permission], Permission] = {}
    for one in materials:
        key = (one.name, one.version, one.licence, permission(one, use))
        counts[key] += 1
        training[key] = permission(one, Use.TRAINING)
    refused = [key for key in counts if not _suffices(key[3], use) and not _named(key, allow)]
    if refused:
        raise NotLicensed(_told(refused, counts, use))
    return [
        Used(
            name=name,
            version=version,
            licence=licence,
            permission=found.value,
            used_for=use.value,
            faces=count,
            allowed_by_name=not _suffices(found, use),
            allows_training=training[name, version, licence, found].value,
        )
        for (name, version, licence, found), count in sorted(counts.items())
    ]


def _suffices(found: Permission, use: Use) -> bool:
    """Training asks for a yes, as weights travel; measuring only that nobody forbade it."""
    if use is Use.EVALUATION:
        return found is not Permission.NO
    return found is Permission.YES


def _named(key: tuple[str, str, str, Permission], allow: Sequence[str]) -> bool:
    name, _, licence, _ = key
    told = [pattern.lower() for pattern in allow]
    return any(fnmatchcase(text.lower(), pattern) for text in (name, licence) for pattern in told)


def _told(
    refused: list[tuple[str, str, str, Permission]],
    counts: Counter[tuple[str, str, str, Permission]],
    use: Use,
) -> str:
    refused = sorted(refused, key=lambda key: -counts[key])
    named = "; ".join(
        f"{licence!r} of {name}:{version} ({counts[name, version, licence, found]}, "
        f"{use.value}: {found.value})"
        for name, version, licence, found in refused[:5]
    )
    more = f"; and {len(refused) - 5} more" if len(refused) > 5 else ""
    return (
        f"not licensed for {use.value}: {named}{more}. State it in dataset.yaml where it is "
        "permitted, or name the licence with --allow-licence"
    )


def write_used(folder: Path, used: Sequence[Used]) -> None:
    """Write down, beside faces, what they were made of."""
    facts = {"format": FORMAT, "used": [asdict(one) for one in used]}
    with replacing(folder / FILE) as path:
        path.write_text(json.dumps(facts, indent=1, ensure_ascii=False), encoding="utf-8")


def read_used(folder: Path) -> list[Used]:
    """What `write_used` wrote; nothing for faces that were made before there was a registry.

    Raises:
        DataSetRefused: the file is damaged.
        NotLicensed: it is of another format.
    """
    path = folder / FILE
    if not path.exists():
        return []
    facts = read_json_object(path)
    try:
        if facts["format"] != FORMAT:
            raise NotLicensed(f"{path} is of format {facts['format']}, this reads {FORMAT}")
        return [Used(**one) for one in facts["used"]]
    except (KeyError, TypeError) as error:
        raise NotLicensed(f"{path} does not say what the faces were made of") from error


def check_faces(folder: Path, use: Use = Use.TRAINING, allow: Sequence[str] = ()) -> list[Used]:
    """What a folder of faces was made of, if it may be used so: what training asks first.

    Raises:
        NotLicensed: it was made for another use, or nothing tells its licences and `allow`
            does not name the folder.
    """
    used = _told_by(folder, allow)
    wrong = [one for one in used if one.used_for != use.value]
    if wrong:
        raise NotLicensed(
            f"the faces in {folder} were made for {wrong[0].used_for}, not {use.value}"
        )
    return used


def check_learned(folder: Path, names: Collection[str], allow: Sequence[str] = ()) -> list[Used]:
    """What some faces of a folder were made of, if they may be trained on; its use is not asked.

    `names`: their data sets; of a loose manifest their methods. Faces are counted as in the folder.

    Raises:
        NotLicensed: they may not, or nothing tells it and `allow` does not name the folder.
    """
    materials = [
        Material(
            name=one.name,
            version=one.version,
            licence=one.licence,
            uses={Use.TRAINING: Permission(one.allows_training)},
        )
        for one in _told_by(folder, allow)
        if one.name in names
        for _ in range(one.faces)
    ]
    return permitted(materials, Use.TRAINING, allow)


def _told_by(folder: Path, allow: Sequence[str]) -> list[Used]:
    used = read_used(folder)
    if not used and not any(fnmatchcase(folder.name, pattern) for pattern in allow):
        raise NotLicensed(
            f"nothing in {folder} tells the licences of its faces: make them again by "
            f"training.faces, or allow them with --allow-licence {folder.name}"
        )
    return used
