"""Reads and writes `bundle.yaml`, and sees that its parts fit one another."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from inference.bundles.manifest import Manifest
from inference.faces.crops import ALIGNMENT
from moderation.errors import InvalidConfiguration

FILE_NAME = "bundle.yaml"
LARGEST_BYTES = 2**20

_ADAPTER: TypeAdapter[Manifest] = TypeAdapter(Manifest)


class _NoAliases(yaml.SafeLoader):
    """YAML without references, with which a small text can stand for a huge one."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("a manifest has no references (`*name`)")
        return super().compose_node(parent, index)


class _OneALine(dict[str, str]):
    """A mapping that is written with one entry a line."""


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(
    _OneALine,
    lambda dumper, mapping: dumper.represent_mapping(
        "tag:yaml.org,2002:map", mapping, flow_style=False
    ),
)


def parse_manifest(content: bytes, *, of: str) -> Manifest:
    """Read a manifest, and see that its parts fit one another; `of` names it in messages.

    Raises:
        InvalidConfiguration: it is no manifest, or of crops that are made otherwise than here.
    """
    try:
        if len(content) > LARGEST_BYTES:
            raise ValueError(f"over {LARGEST_BYTES} bytes")
        manifest = _ADAPTER.validate_python(yaml.load(content, _NoAliases))  # noqa: S506 (is safe)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in fault["loc"]) or "manifest"
        raise InvalidConfiguration(f"{of}: {place}: {fault['msg']}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidConfiguration(f"{of}: {' '.join(str(error).split())}") from error
    for fault_found in _faults(manifest):
        raise InvalidConfiguration(f"{of}: {fault_found}")
    return manifest


def written(manifest: Manifest) -> bytes:
    """The manifest as YAML."""
    document = _ADAPTER.dump_python(manifest, mode="python", exclude_none=True)
    document["files"] = _OneALine(document["files"])
    text = yaml.dump(
        document,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=100,
        default_flow_style=None,
    )
    return str(text).encode()


def read_bytes(path: Path) -> bytes:
    """Raises: InvalidConfiguration, when the file cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidConfiguration(f"{path}: {error.strerror}") from error


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _faults(manifest: Manifest) -> Iterator[str]:
    """What no single field can say."""
    if manifest.preprocessing != ALIGNMENT:
        yield (
            f"made for crops of {manifest.preprocessing}, this version makes {ALIGNMENT}: "
            "train or convert it anew"
        )
    names = [detector.name for detector in manifest.detectors]
    models = [detector.model for detector in manifest.models]
    if len({*names}) < len(names) or len({*models}) < len(models):
        yield "two detectors have one name, or one model"
    if not models:
        yield "no detector is a model: there is nothing that heads could be of"
    known = {detector.name for detector in manifest.models}
    of = [head.of for head in manifest.heads] + [screen.of for screen in manifest.screens]
    of += [manifest.reference.of] if manifest.reference else []
    of += [track.of for track in manifest.over_tracks if track.of is not None]
    for name in of:
        if name not in known:
            yield f"something is of {name}, which is none of the models {sorted(known)}"
    if FILE_NAME in manifest.files or any(
        str(parent) in manifest.files
        for path in manifest.files
        for parent in PurePosixPath(path).parents
    ):
        yield "files: one is the manifest itself, or a folder"
