from __future__ import annotations

from pathlib import Path

import pytest

from moderation.errors import InvalidConfiguration
from runtime.cli.given_media import media_in

JPEG = b"\xff\xd8\xff\xe0 and so on"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "b/photo": JPEG,
        "a.jpg": JPEG,
        "cut.jpg": JPEG[:3],
        ".hidden.jpg": JPEG,
        ".cache/c.jpg": JPEG,
        "README.md": b"# Words",
        "named.jpg": b"secret=1",
        "empty.jpg": b"",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_a_folder_stands_for_its_pictures_and_videos_and_what_else_is_there_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [str(Path(one).relative_to(folder)) for one in media_in([str(folder)])]

    assert found == ["a.jpg", "b/photo", "cut.jpg"]
    assert capsys.readouterr().err == (
        f"passed over in {folder}: 3 of 6 files, no pictures or videos\n"
    )


def test_files_and_addresses_are_taken_as_they_are_named(folder: Path) -> None:
    named = [str(folder / "README.md"), "https://example.org/a", str(folder / ".hidden.jpg")]

    assert media_in(named) == named


@pytest.mark.parametrize("wrong", ["", "nowhere.jpg", "empty"])
def test_what_names_no_media_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    (folder / "empty").mkdir()
    monkeypatch.chdir(folder)

    with pytest.raises(InvalidConfiguration, match=r"no such file or folder|no pictures or videos"):
        media_in([wrong])
