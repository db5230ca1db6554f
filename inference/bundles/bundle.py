"""A bundle: all that serving needs, in one folder under one manifest that pins every file.

The folder is a Triton model repository at the same time, so that what was measured,
what is installed and what Triton serves are the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from inference.bundles.calibration import EmbeddingReference, read_fusion
from inference.bundles.heads import Head
from inference.bundles.manifest import Manifest, ModelDetector, TrackDetector
from inference.bundles.manifest_file import FILE_NAME, digest, parse_manifest, read_bytes
from inference.bundles.triton_contract import check_configuration
from inference.faces.transitions import FEATURES, NAMES
from moderation.errors import InvalidConfiguration
from moderation.fusion import Fusion
from moderation.lineage import ModelIdentity
from moderation.verdict import Reason

# What the judging heeds; `moderation.track_judging` says how.
SCREENS = frozenset({Reason.OCCLUDED, Reason.NOT_PHOTOGRAPHED, Reason.RESCREENED})

PACKAGED = Path(__file__).parents[1] / "models"

_WRITTEN_BY_PYTHON = "__pycache__"  # where Triton runs model.py in a folder that it may write


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bundle:
    """A bundle on disk. `identity` names it in lineages: its SHA-256 is that of the manifest.

    Whatever is read through it is compared with the manifest first.
    """

    folder: Path
    manifest: Manifest
    identity: ModelIdentity

    def content(self, path: str) -> bytes:
        """Read one of its files.

        Raises:
            InvalidConfiguration: it is not in the manifest, missing, or changed.
        """
        expected = self.manifest.files.get(path)
        if expected is None:
            raise InvalidConfiguration(f"{self.folder / FILE_NAME}: files lack {path}")
        content = read_bytes(self.folder / path)
        if digest(content) != expected:
            raise InvalidConfiguration(changed(self.folder / path))
        return content

    def fusion(self) -> Fusion:
        """How its detectors' logits become one probability.

        Raises:
            InvalidConfiguration: the calibration is damaged, or of detectors that are not there.
        """
        path = self.manifest.calibration
        fusion = read_fusion(self.content(path), of=str(self.folder / path))
        finds = {detector.name: detector.finds for detector in self.manifest.detectors}
        for family in fusion.families:
            for name in family.weights:
                if finds.get(name) != family.finds:
                    raise InvalidConfiguration(
                        f"{self.folder / path}: no detector {name} finds {family.finds} here"
                    )
        return fusion

    def reference(self) -> EmbeddingReference | None:
        """Where the training's embeddings lie; None when the bundle does not say.

        Raises:
            InvalidConfiguration: it is damaged, or of another width.
        """
        described = self.manifest.reference
        if described is None:
            return None
        path = self.folder / described.file
        reference = EmbeddingReference.read(self.content(described.file), of=str(path))
        self._check_width(len(reference.mean), described.of, path)
        return reference

    def head(self, path: str, *, of: str | None = None, outputs: int | None = None) -> Head:
        """One of its heads; `of` is the detector on whose embeddings it works.

        Raises:
            InvalidConfiguration: it is damaged, of another width, or of other outputs.
        """
        head = Head.read(self.content(path), of=str(self.folder / path))
        if of is not None:
            self._check_width(head.width, of, self.folder / path)
        if outputs is not None and len(head.outputs) != outputs:
            raise InvalidConfiguration(
                f"{self.folder / path}: {len(head.outputs)} outputs, a detector has {outputs}"
            )
        return head

    def weights(self, detector: ModelDetector) -> ModelIdentity:
        """What Triton is to serve for a detector."""
        return ModelIdentity(
            name=detector.model,
            version=detector.version,
            sha256=self.manifest.files.get(detector.weights, ""),
        )

    def _check_width(self, width: int, of: str, path: Path) -> None:
        declared = next(one.embedding for one in self.manifest.models if one.name == of)
        if width != declared:
            raise InvalidConfiguration(
                f"{path}: made for {width} values, {of} gives {declared} in its embedding"
            )


def open_bundle(folder: Path) -> Bundle:
    """Read a bundle's manifest, and nothing else yet.

    Raises:
        InvalidConfiguration: there is none, or it makes no sense.
    """
    content = read_bytes(folder / FILE_NAME)
    manifest = parse_manifest(content, of=str(folder / FILE_NAME))
    identity = ModelIdentity(name=manifest.name, version=manifest.version, sha256=digest(content))
    return Bundle(folder=folder, manifest=manifest, identity=identity)


def read_bundle(folder: Path) -> Bundle:
    """Read a bundle and verify all of it, as it is done before it serves.

    Raises:
        InvalidConfiguration: a file is missing, changed or not in the manifest; a model is not
            under the contract with Triton; a head, the calibration or the reference does not fit.
    """
    bundle = open_bundle(folder)
    manifest = bundle.manifest
    _check_files(bundle)
    for detector in manifest.models:
        _check_model(bundle, detector)
    bundle.content(manifest.card)
    bundle.fusion()
    bundle.reference()
    for one in manifest.heads:
        bundle.head(one.head, of=one.of, outputs=1)
    for track in manifest.over_tracks:
        _check_features(bundle, track)
    told = [name for one in manifest.screens for name in bundle.head(one.head, of=one.of).outputs]
    if len(set(told)) < len(told) or not SCREENS.issuperset(told):
        raise InvalidConfiguration(
            f"{folder / FILE_NAME}: screens tell {', '.join(told)}; each of "
            f"{', '.join(sorted(SCREENS))} may be told once, and no other is heeded"
        )
    return bundle


def files_of(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file of a bundle's folder but its manifest, by its path within.

    Raises:
        InvalidConfiguration: something in it is neither a file nor a folder.
    """
    waiting = [folder]
    while waiting:
        for path in sorted(_listed(waiting.pop())):
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise InvalidConfiguration(f"{path}: a bundle holds files and folders, no links")
            if path.is_dir():
                if path.name != _WRITTEN_BY_PYTHON:
                    waiting.append(path)
            elif path != folder / FILE_NAME:
                yield path.relative_to(folder).as_posix(), path


def sha256_of(path: Path) -> str:
    """Raises: InvalidConfiguration, when the file cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InvalidConfiguration(f"{path}: {error.strerror}") from error


def changed(path: Path) -> str:
    return f"{path} is not the file of the manifest: import the bundle again"


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise InvalidConfiguration(f"{folder}: {error.strerror}") from error


def _check_files(bundle: Bundle) -> None:
    there = dict(files_of(bundle.folder))
    for path in bundle.manifest.files:
        if path not in there:
            raise InvalidConfiguration(
                f"{bundle.folder / path} is missing: import the bundle again"
            )
    for path, file in there.items():
        expected = bundle.manifest.files.get(path)
        if expected is None:
            raise InvalidConfiguration(f"{file} is not in {FILE_NAME}: remove it")
        if sha256_of(file) != expected:
            raise InvalidConfiguration(changed(file))


def _check_features(bundle: Bundle, track: TrackDetector) -> None:
    """A head over tracks is of use only for the features that it was trained on."""
    path, width = bundle.folder / track.head, bundle.head(track.head, outputs=1).width
    if track.features != FEATURES:
        raise InvalidConfiguration(
            f"{path}: made for {track.features}, this version makes {FEATURES}: train it anew"
        )
    if width != len(NAMES):
        raise InvalidConfiguration(
            f"{path}: made for {width} features of a track, this version has {len(NAMES)}: "
            "train it anew"
        )


def _check_model(bundle: Bundle, detector: ModelDetector) -> None:
    """One version, its weights, and two configurations under the contract."""
    folder, files = bundle.folder / detector.model, bundle.manifest.files
    if detector.weights not in files:
        raise InvalidConfiguration(f"{bundle.folder / FILE_NAME}: files lack {detector.weights}")
    for path in files:
        model, _, rest = path.partition("/")
        version = rest.partition("/")[0]
        if model == detector.model and version.isdigit() and version != detector.version:
            raise InvalidConfiguration(
                f"{folder / version}: Triton would serve it, the manifest says {detector.version}"
            )
    for name in ("config.pbtxt", "configs/cpu.pbtxt"):
        backend = check_configuration(
            bundle.content(f"{detector.model}/{name}"),
            detector,
            weights_sha256=files[detector.weights],
            of=str(folder / name),
        )
        program = f"{detector.model}/{detector.version}/model.py"
        if backend == "python" and program not in files:
            raise InvalidConfiguration(f"{bundle.folder / FILE_NAME}: files lack {program}")
