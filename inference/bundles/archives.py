"""Bundles as one file: ZIP, written the same for the same bundle, and read without trust."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from inference.bundles.bundle import Bundle, read_bundle
from inference.bundles.manifest import Manifest
from inference.bundles.manifest_file import FILE_NAME, LARGEST_BYTES, parse_manifest
from inference.bundles.zips import DAMAGE, check_packing
from moderation.errors import InvalidConfiguration

LARGEST_BUNDLE = 4 * 2**30  # bytes unpacked; the largest encoder among detectors, ViT-L, is 1.2e9

_DOCUMENTS = frozenset({".md", ".txt", ".json", ".npz"})
# SHA-256 of every model.py that a release of Veriscope put into bundles. Add, never replace: a
# bundle that was exported before an upgrade is still ours.
OWN_PROGRAMS = frozenset({"8ce581308a4c3c2ad08a5f4d508a6aeb6a5bd90edb4da64af8e7600e150fc5ce"})
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a ZIP can tell


def pack(bundle: Bundle, path: Path) -> None:
    """Write a bundle, verified once more, as a ZIP that must not exist yet.

    Raises:
        InvalidConfiguration: the bundle is not whole, or the file exists or cannot be written.
    """
    read_bundle(bundle.folder)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(beside, "x", zipfile.ZIP_DEFLATED) as archive:
            for name in (FILE_NAME, *sorted(bundle.manifest.files)):
                member = zipfile.ZipInfo(name, _EPOCH)
                member.compress_type = zipfile.ZIP_DEFLATED
                member.external_attr = 0o644 << 16
                with (bundle.folder / name).open("rb") as source:
                    member.file_size = os.fstat(source.fileno()).st_size
                    with archive.open(member, "w") as target:
                        shutil.copyfileobj(source, target)
        os.link(beside, path)  # refuses what exists, which renaming would replace
    except OSError as error:
        raise InvalidConfiguration(f"{path}: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)


def unpack(source: Path, target: Path, *, largest: int = LARGEST_BUNDLE) -> None:
    """Copy a bundle, from a folder or a ZIP, into an empty folder: what its manifest lists.

    Raises:
        InvalidConfiguration: the source is no bundle, holds more than its manifest lists, or
            over `largest` bytes. What was written by then is the caller's to remove.
    """
    if source.is_dir():
        bundle = read_bundle(source)
        sizes = {name: (source / name).stat().st_size for name in bundle.manifest.files}
        _check_size(sizes, largest, of=source)
        for name in (FILE_NAME, *sizes):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, target / name, follow_symlinks=False)
        return
    try:
        with zipfile.ZipFile(source) as archive:
            _extract(archive, target, largest=largest, of=source)
    except DAMAGE as error:
        raise InvalidConfiguration(
            f"{source} is neither a bundle's folder nor a ZIP that can be read: {error}"
        ) from error


def strange_code(bundle: Bundle) -> list[str]:
    """Files of a bundle that might be run as code, and that are not Veriscope's own.

    That is every file that serving does not read: Triton's Python backend runs model.py,
    which imports what lies beside it before what is installed, and a server that was not
    told which models to load takes each folder for one.
    """
    harmless = _documents(bundle.manifest)
    programs = set()
    for detector in bundle.manifest.models:
        programs.add(f"{detector.model}/{detector.version}/model.py")
        harmless |= {
            f"{detector.model}/config.pbtxt",
            f"{detector.model}/configs/cpu.pbtxt",
            detector.weights,
            f"{detector.weights}.data",
        }
    return [
        path
        for path, sha256 in bundle.manifest.files.items()
        if path not in harmless and not (path in programs and sha256 in OWN_PROGRAMS)
    ]


def _documents(manifest: Manifest) -> set[str]:
    """What a manifest refers to beside models; nothing that is called a program, or lies by one."""
    listed = [manifest.card, manifest.calibration]
    listed += [one.head for one in manifest.heads]
    listed += [one.head for one in manifest.over_tracks]
    listed += [one.head for one in manifest.screens]
    listed += [manifest.reference.file] if manifest.reference else []
    models = {detector.model for detector in manifest.models}
    return {
        path
        for path in listed
        if path.partition("/")[0] not in models and PurePosixPath(path).suffix in _DOCUMENTS
    }


def _extract(archive: zipfile.ZipFile, target: Path, *, largest: int, of: Path) -> None:
    check_packing(archive.infolist())
    members = {one.filename: one for one in archive.infolist() if not one.is_dir()}
    if len(members) < sum(not one.is_dir() for one in archive.infolist()):
        raise InvalidConfiguration(f"{of} holds two files of one name")
    if FILE_NAME not in members:
        raise InvalidConfiguration(f"{of} holds no {FILE_NAME} at its top")
    if members[FILE_NAME].file_size > LARGEST_BYTES:
        raise InvalidConfiguration(f"{of}: {FILE_NAME} is over {LARGEST_BYTES} bytes")
    manifest = parse_manifest(archive.read(FILE_NAME), of=f"{of}: {FILE_NAME}")
    surplus = sorted(members.keys() - manifest.files.keys() - {FILE_NAME})
    missing = sorted(manifest.files.keys() - members.keys())
    if surplus:
        raise InvalidConfiguration(f"{of}: {surplus[0]!r} is not in {FILE_NAME}")
    if missing:
        raise InvalidConfiguration(f"{of} lacks {missing[0]}")
    _check_size({name: one.file_size for name, one in members.items()}, largest, of=of)
    for name, member in members.items():  # the manifest let no name through that climbs
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        with archive.open(member) as packed, (target / name).open("xb") as unpacked:
            shutil.copyfileobj(packed, unpacked)  # no more than `file_size`, whatever follows


def _check_size(sizes: Mapping[str, int], largest: int, *, of: Path) -> None:
    unpacked = sum(sizes.values())
    if unpacked > largest:
        raise InvalidConfiguration(f"{of}: {unpacked} bytes unpacked, {largest} is the most")
