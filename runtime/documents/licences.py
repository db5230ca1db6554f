"""A page of the packages that serve, with their licences, out of the bill of materials."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BILL_OF_MATERIALS = Path(__file__).parents[2] / "docs" / "sbom.cdx.json"

# What a package's own metadata does not say, as its repository says it.
_NOT_DECLARED = {"protobuf": "BSD-3-Clause", "python-rapidjson": "MIT"}

# How classifiers name what has a name in the SPDX list.
_SPDX = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "License :: Repoze Public License": "LicenseRef-Repoze",
}

_HEAD = """\
# Licences

Written by `make docs` from `docs/sbom.cdx.json` (CycloneDX), which `make audit` writes from the
lock file; do not edit. These packages are installed where Veriscope serves, on Linux. Tests refuse
one whose licence is not permissive (MPL-2.0 is weak copyleft, file by file, and taken for
certificates alone), and a bill that is not the lock file's.

| package | version | licence (SPDX) |
| --- | --- | --- |
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One component; `licence` is an SPDX expression, empty where nobody said."""

    name: str
    version: str
    licence: str


def packages(bill: Path = BILL_OF_MATERIALS) -> list[Package]:
    """All components of a bill of materials, by name."""
    components = json.loads(bill.read_bytes())["components"]
    found = (
        Package(name=one["name"], version=one["version"], licence=_licence(one))
        for one in components
    )
    return sorted(found, key=lambda package: package.name.lower())


def licences_page() -> str:
    rows = (f"| {one.name} | {one.version} | {one.licence} |\n" for one in packages())
    return _HEAD + "".join(rows)


def _licence(component: Mapping[str, Any]) -> str:
    """What is declared as SPDX, else what classifiers mean."""
    declared = sorted(_declared(component), key=lambda words: words in _SPDX)
    if not declared:
        return _NOT_DECLARED.get(component["name"], "")
    return _SPDX.get(declared[0], declared[0])


def _declared(component: Mapping[str, Any]) -> Iterator[str]:
    for one in component.get("licenses", []):
        licence = one.get("license", {})
        yield one.get("expression") or licence.get("id") or licence["name"]
