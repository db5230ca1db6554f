"""A killed process leaves no media in the spool for long."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from storage.spool import open_spool

HOLDS_ONE = """
import sys, time
from pathlib import Path
from storage.spool import open_spool
with open_spool(Path(sys.argv[1])) as own:
    (own / "media").write_bytes(b"an upload")
    print("held", flush=True)
    time.sleep(600)
"""


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", HOLDS_ONE, str(tmp_path)], stdout=-1)
    assert other.stdout is not None
    other.stdout.readline()
    with open_spool(tmp_path):
        assert _media(tmp_path) == 1  # its process lives
    other.kill()
    other.communicate()
    with open_spool(tmp_path):
        assert _media(tmp_path) == 0


def test_a_process_that_ends_leaves_nothing(tmp_path: Path) -> None:
    with open_spool(tmp_path) as own:
        (own / "media").write_bytes(b"an upload")
    assert list(tmp_path.iterdir()) == []


def _media(folder: Path) -> int:
    return len(list(folder.glob("*/media")))
