"""The bill of materials is the lock file's, and nothing in it forbids anybody's use."""

from __future__ import annotations

import json
import re
from pathlib import Path

from runtime.documents.licences import Package, packages

LOCK = Path(__file__).parents[3] / "requirements" / "serve.lock"
PINS = re.findall(r"^([\w.-]+)==([^\s;]+)( ;.*)? \\$", LOCK.read_text(), flags=re.MULTILINE)
PERMISSIVE = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "LicenseRef-Repoze",
    "MIT", "MIT-0", "MIT-CMU", "PSF-2.0", "Python-2.0", "Zlib",
}  # fmt: skip
WEAK_COPYLEFT = {"certifi": "MPL-2.0"}


def is_permissive(package: Package) -> bool:
    parts = set(re.split(r" (?:AND|OR) ", package.licence))
    return parts <= PERMISSIVE | {WEAK_COPYLEFT.get(package.name, "MIT")}


def named(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_licence_is_permissive() -> None:
    others = [one for one in packages() if not is_permissive(one)]
    assert not others


def test_the_bill_names_what_is_locked_and_nothing_else() -> None:
    billed = {(named(one.name), one.version) for one in packages()}
    assert billed <= {(named(name), version) for name, version, _ in PINS}
    assert {(named(name), version) for name, version, marker in PINS if not marker} <= billed


def test_serving_brings_no_torch() -> None:
    assert not {one.name for one in packages()} & {"torch", "torchvision", "timm"}


def test_a_classifier_is_told_as_spdx_and_silence_as_nothing(tmp_path: Path) -> None:
    bill = tmp_path / "bill.json"
    classified = {"license": {"name": "License :: OSI Approved :: BSD License"}}
    components = [
        {"name": "classified", "version": "1", "licenses": [classified]},
        {"name": "silent", "version": "1"},
    ]
    bill.write_text(json.dumps({"components": components}))
    assert [one.licence for one in packages(bill)] == ["BSD-3-Clause", ""]
