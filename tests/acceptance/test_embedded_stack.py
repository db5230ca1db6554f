"""The embedded stack through the command line: what a newcomer does."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.acceptance.mixed import BROKEN, COUNT, make_mixed
from tests.acceptance.stack import Stack, start_stack, veriscope
from tests.parts.servers import TRITON_ENVIRONMENT

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = start_stack(tmp_path_factory.mktemp("stack"))
    yield stack
    stack.stop()


def test_once_judges_the_samples_prints_a_table_and_leaves_no_process(tmp_path: Path) -> None:
    media = [str(SAMPLES / name) for name in ("portrait.jpg", "landscape.jpg", "broken.jpg")]
    before = _children_of_init()
    done = veriscope(
        "up", "--once", "--port", "0", *media,
        VERISCOPE_STATE=str(tmp_path / "state"),
        VERISCOPE_TRITON_ENVIRONMENT=str(TRITON_ENVIRONMENT),
    )  # fmt: skip
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    assert "no_face" in rows["landscape.jpg"]
    assert "rejected" in rows["broken.jpg"]
    assert "0." in rows["portrait.jpg"]
    assert _children_of_init() <= before


@pytest.mark.timeout(900)
def test_200_mixed_media_have_200_ends_in_the_ledger_and_on_the_topic(
    stack: Stack, tmp_path: Path
) -> None:
    make_mixed(tmp_path / "mixed")
    done = stack.command("check", "--json", "--api", stack.api, str(tmp_path / "mixed"))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    ends = {line["upload_id"]: line for line in lines}
    assert (len(lines), len(ends)) == (COUNT, COUNT)
    rejected = [end for end in ends.values() if end["label"] == "rejected"]
    assert len(rejected) == BROKEN
    assert all(end["rejection"]["reason"] for end in rejected)
    with sqlite3.connect(stack.state / "ledger.sqlite") as ledger:
        query = "SELECT upload_id FROM verdicts WHERE is_current"
        current = Counter(upload_id for (upload_id,) in ledger.execute(query))
    assert {current[upload_id] for upload_id in ends} == {1}
    told = stack.command("verdicts", "--from-beginning").stdout.splitlines()
    published = Counter(json.loads(line)["verdict"]["upload_id"] for line in told)
    assert {published[upload_id] for upload_id in ends} == {1}


def test_a_file_that_is_no_file_is_one_plain_line_and_a_failure(stack: Stack) -> None:
    done = stack.command("check", "--api", stack.api, "/nowhere.jpg", check=False)
    assert done.returncode == 1
    assert done.stderr.strip() == "veriscope: no such file or folder: /nowhere.jpg"


def test_without_a_stack_the_command_says_how_to_start_one() -> None:
    done = veriscope(
        "check", "--api", "http://127.0.0.1:9", str(SAMPLES / "portrait.jpg"), check=False
    )
    assert done.returncode == 1
    assert "start one with `veriscope up`" in done.stdout + done.stderr


def test_an_address_that_may_not_be_fetched_is_rejected_with_its_reason(stack: Stack) -> None:
    done = stack.command("check", "--json", "--api", stack.api, "http://127.0.0.1:1/a.jpg")
    assert json.loads(done.stdout)["rejection"]["reason"] == "forbidden_source"


def test_metrics_and_health_are_served(stack: Stack) -> None:
    assert httpx.get(f"{stack.api}/healthz").json() == {"stuck": {}}
    assert httpx.get(f"{stack.api}/readyz").json() == {"missing": {}}
    assert "veriscope_uploads_announced_total" in httpx.get(f"{stack.api}/metrics").text


def test_a_port_that_is_taken_is_said_in_one_line(stack: Stack, tmp_path: Path) -> None:
    port = stack.api.rpartition(":")[2]
    done = veriscope("up", "--port", port, check=False, VERISCOPE_STATE=str(tmp_path / "state"))
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_it_ends_it_leaves_no_process_behind(
    tmp_path: Path, number: signal.Signals
) -> None:
    stack = start_stack(tmp_path)
    family = psutil.Process(stack.process.pid).children(recursive=True)
    assert family
    stack.stop(number)
    _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == []


def _children_of_init() -> set[int]:
    ours = {"tansu", "tritonserver"}
    return {process.pid for process in psutil.process_iter(["name"]) if process.name() in ours}


def test_help_names_every_command() -> None:
    text = subprocess.run(
        ["veriscope", "--help"], check=True, capture_output=True, text=True,
        env={**os.environ, "PATH": f"{Path(os.sys.executable).parent}:{os.environ['PATH']}"},
    ).stdout  # fmt: skip
    for name in ("up", "submit", "check", "verdicts", "worker", "relay", "reconcile"):
        assert f" {name} " in text
