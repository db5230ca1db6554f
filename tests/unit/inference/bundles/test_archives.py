"""A bundle as one file, and files that only look like one."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from inference.bundles.archives import OWN_PROGRAMS, pack, strange_code, unpack
from inference.bundles.bundle import PACKAGED, Bundle, read_bundle
from inference.bundles.writing import write_manifest
from moderation.errors import InvalidConfiguration
from tests.bundles import (
    BLENDING,
    GENERATION,
    SCREEN,
    SEAMS,
    TRANSITIONS,
    described,
    lay_out,
    make_bundle,
)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return make_bundle(tmp_path / "bundle", detectors=(BLENDING, SEAMS))


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "target").mkdir()
    return tmp_path / "target"


def members(bundle: Bundle) -> dict[str, bytes]:
    names = ["bundle.yaml", *bundle.manifest.files]
    return {name: (bundle.folder / name).read_bytes() for name in names}


def zipped(path: Path, content: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


def test_what_was_packed_is_what_is_unpacked(bundle: Bundle, target: Path, tmp_path: Path) -> None:
    pack(bundle, tmp_path / "bundle.zip")
    unpack(tmp_path / "bundle.zip", target)
    assert read_bundle(target).identity == bundle.identity


def test_the_same_bundle_makes_the_same_file(bundle: Bundle, tmp_path: Path) -> None:
    for name in ("one.zip", "two.zip"):
        pack(bundle, tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_a_file_that_is_there_is_not_written_over(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "bundle.zip").write_bytes(b"mine")
    with pytest.raises(InvalidConfiguration, match="File exists"):
        pack(bundle, tmp_path / "bundle.zip")
    assert (tmp_path / "bundle.zip").read_bytes() == b"mine"
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_a_bundle_that_is_not_whole_is_not_packed(bundle: Bundle, tmp_path: Path) -> None:
    (bundle.folder / "card.md").write_text("changed")
    with pytest.raises(InvalidConfiguration, match=r"card\.md"):
        pack(bundle, tmp_path / "bundle.zip")


def test_of_a_folder_only_what_the_manifest_lists_is_copied(bundle: Bundle, target: Path) -> None:
    (bundle.folder / "seams" / "1" / "__pycache__").mkdir()
    (bundle.folder / "seams" / "1" / "__pycache__" / "model.cpython-311.pyc").write_bytes(b"evil")
    unpack(bundle.folder, target)
    assert not list(target.rglob("__pycache__"))
    assert read_bundle(target).identity == bundle.identity


Spoil = Callable[[dict[str, bytes]], object]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda files: files.pop("bundle.yaml"), r"holds no bundle\.yaml at its top"),
        (lambda files: files.pop("card.md"), r"lacks card\.md"),
        (lambda files: files.update({"../../evil": b"x"}), r"'\.\./\.\./evil' is not in"),
        (lambda files: files.update({"/tmp/evil": b"x"}), r"'/tmp/evil' is not in"),
        (lambda files: files.update({"numpy.py": b"x"}), r"'numpy\.py' is not in"),
        (lambda files: files.update({"bundle.yaml": b" " * (2**20 + 1)}), "over 1048576 bytes"),
        (lambda files: files.update({"bundle.yaml": b"name: [" * 1000}), r"bundle\.yaml"),
        (
            lambda files: files.update(
                {"bundle.yaml": files["bundle.yaml"].replace(b"card.md:", b"../../card.md:")}
            ),
            "files",
        ),
    ],
)
def test_a_hostile_archive_is_refused_before_anything_is_written(
    bundle: Bundle, target: Path, tmp_path: Path, spoil: Spoil, says: str
) -> None:
    content = members(bundle)
    spoil(content)
    with pytest.raises(InvalidConfiguration, match=says):
        unpack(zipped(tmp_path / "hostile.zip", content), target)
    assert list(target.iterdir()) == []
    assert not (tmp_path.parent / "evil").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_with_two_files_of_one_name_is_refused(
    bundle: Bundle, target: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "twice.zip", "w") as archive:
        for name, data in [*members(bundle).items(), ("card.md", b"another card")]:
            archive.writestr(name, data)
    with pytest.raises(InvalidConfiguration, match="two files of one name"):
        unpack(tmp_path / "twice.zip", target)


def test_a_link_in_an_archive_becomes_no_link(bundle: Bundle, target: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        for name, data in members(bundle).items():
            member = zipfile.ZipInfo(name)
            if name == "card.md":
                member.external_attr = 0o120777 << 16
                data = b"/etc/passwd"
            archive.writestr(member, data)
    unpack(tmp_path / "link.zip", target)
    assert not (target / "card.md").is_symlink()
    with pytest.raises(InvalidConfiguration, match=r"card\.md is not the file of the manifest"):
        read_bundle(target)


def test_an_archive_that_unpacks_to_too_much_is_refused(
    bundle: Bundle, target: Path, tmp_path: Path
) -> None:
    content = members(bundle)
    total = sum(map(len, content.values()))
    archive = zipped(tmp_path / "large.zip", content)
    with pytest.raises(InvalidConfiguration, match="bytes unpacked"):
        unpack(archive, target, largest=total - 1)
    assert list(target.iterdir()) == []
    unpack(archive, target, largest=total)


def test_a_folder_that_is_too_large_is_refused(bundle: Bundle, target: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="bytes unpacked"):
        unpack(bundle.folder, target, largest=1000)
    assert list(target.iterdir()) == []


def unpacked(source: Path, target: Path) -> Bundle:
    unpack(source, target)
    return read_bundle(target)


def damaged(content: bytes) -> list[bytes]:
    middle = len(content) // 2
    return [
        b"",
        b"PK\x03\x04",
        content[:middle],
        content[:middle] + bytes(200) + content[middle + 200 :],
    ]


def test_what_is_no_archive_is_refused_in_one_line(
    bundle: Bundle, target: Path, tmp_path: Path
) -> None:
    whole = zipped(tmp_path / "whole.zip", members(bundle)).read_bytes()
    for content in damaged(whole):
        (tmp_path / "damaged.zip").write_bytes(content)
        with pytest.raises(InvalidConfiguration) as refused:
            unpacked(tmp_path / "damaged.zip", target)
        assert "\n" not in str(refused.value)
    with pytest.raises(InvalidConfiguration, match="No such file"):
        unpack(tmp_path / "none.zip", target)


def test_an_encrypted_file_is_refused(bundle: Bundle, target: Path, tmp_path: Path) -> None:
    content = bytearray(zipped(tmp_path / "locked.zip", members(bundle)).read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.rfind(signature)
        content[place + offset] |= 1
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert any(one.flag_bits & 1 for one in archive.infolist())
    (tmp_path / "locked.zip").write_bytes(content)
    with pytest.raises(InvalidConfiguration):
        unpack(tmp_path / "locked.zip", target)


@pytest.mark.parametrize("kind", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_an_archive_that_is_packed_otherwise_is_refused(
    bundle: Bundle, target: Path, tmp_path: Path, kind: int
) -> None:
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as archive:
        for name, data in members(bundle).items():
            archive.writestr(name, data, kind if name == "card.md" else zipfile.ZIP_STORED)
    with pytest.raises(InvalidConfiguration, match=r"card\.md' is packed otherwise"):
        unpack(tmp_path / "packed.zip", target)
    assert list(target.iterdir()) == []


def test_a_bundle_that_was_laid_out_here_brings_no_code_of_others(bundle: Bundle) -> None:
    assert strange_code(bundle) == []


@pytest.mark.parametrize(
    "path",
    [
        "face_blending/1/numpy.py",
        "face_blending/openvino/__init__.py",
        "evil/1/model.py",
        "evil/config.pbtxt",
        "engines/x.engine",
        "libcudart.so",
        "heads/surplus.npz",
    ],
)
def test_what_serving_does_not_read_might_be_code_wherever_it_lies(
    tmp_path: Path, path: str
) -> None:
    manifest = described()
    lay_out(tmp_path, manifest)
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text("print('hello')")
    assert strange_code(write_manifest(tmp_path, manifest)) == [path]


def test_every_program_that_is_packaged_is_known_to_the_versions_that_follow() -> None:
    manifest = read_bundle(PACKAGED).manifest
    programs = [path for path in manifest.files if path.endswith(".py")]
    assert programs
    assert {manifest.files[path] for path in programs} <= OWN_PROGRAMS


def test_a_program_that_is_not_ours_is_code(tmp_path: Path) -> None:
    manifest = described()
    lay_out(tmp_path, manifest)
    (tmp_path / "face_blending" / "1" / "model.py").write_text("print('hello')")
    assert strange_code(write_manifest(tmp_path, manifest)) == ["face_blending/1/model.py"]


@pytest.mark.parametrize(
    "card", ["face_blending/1/numpy.py", "evil/1/model.py", "face_blending/a.md"]
)
def test_a_program_that_is_called_the_card_is_code(tmp_path: Path, card: str) -> None:
    manifest = described(card=card)
    lay_out(tmp_path, manifest)
    (tmp_path / card).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "card.md").rename(tmp_path / card)
    assert strange_code(write_manifest(tmp_path, manifest)) == [card]


def test_heads_and_a_screen_are_no_code(tmp_path: Path) -> None:
    whole = make_bundle(tmp_path, detectors=(BLENDING, GENERATION, TRANSITIONS), screens=(SCREEN,))
    assert strange_code(whole) == []
