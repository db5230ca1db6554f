"""The embedded stack through the command line: what a newcomer does."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
import psutil
import pytest
from aiokafka import AIOKafkaProducer

from moderation.upload import Lane, Upload
from runtime.client import Client
from storage import schema
from storage.database import open_database
from storage.ledger import SqlLedger
from streams.retries import FOR_EVER, patiently
from tests.acceptance.mixed import BROKEN, COUNT, make_mixed
from tests.acceptance.stack import Stack, start_stack, veriscope
from tests.builders import an_upload
from tests.parts.servers import TRITON_ENVIRONMENT

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = start_stack(tmp_path_factory.mktemp("stack"))
    yield stack
    stack.stop()


def test_once_judges_the_samples_prints_a_table_and_leaves_no_process(tmp_path: Path) -> None:
    media = [str(SAMPLES / name) for name in ("portrait.jpg", "landscape.jpg", "broken.jpg")]
    done = veriscope(
        "up", "--once", "--port", "0", *media,
        VERISCOPE_STATE=str(tmp_path / "state"),
        VERISCOPE_TRITON_ENVIRONMENT=str(TRITON_ENVIRONMENT),
    )  # fmt: skip
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    assert "no_face" in rows["landscape.jpg"]
    assert "rejected" in rows["broken.jpg"]
    assert "0." in rows["portrait.jpg"]
    assert _servers_of(tmp_path / "state") == []


def test_what_is_set_for_parts_elsewhere_does_not_reach_embedded_ones(tmp_path: Path) -> None:
    done = veriscope(
        "up", "--once", "--port", "0", str(SAMPLES / "portrait.jpg"),
        VERISCOPE_STATE=str(tmp_path / "state"),
        VERISCOPE_TRITON_ENVIRONMENT=str(TRITON_ENVIRONMENT),
        VERISCOPE_KAFKA__TLS="true", VERISCOPE_KAFKA__USER="u", VERISCOPE_KAFKA__PASSWORD="p",
        VERISCOPE_SCORING__TLS="true",
        VERISCOPE_DATABASE__TLS="true",
    )  # fmt: skip
    assert "portrait.jpg" in done.stdout


def test_what_was_open_when_the_broker_in_memory_ended_is_judged_after_the_next_start(
    tmp_path: Path,
) -> None:
    (tmp_path / "state").mkdir()
    upload = an_upload("left-open", uri=(SAMPLES / "landscape.jpg").as_uri())
    asyncio.run(_open(f"sqlite:///{tmp_path}/state/ledger.sqlite", upload))
    stack = start_stack(tmp_path, VERISCOPE_MEDIA__ALLOWED_ROOTS=f'["{SAMPLES}"]')
    try:
        assert "1 upload of before is announced again" in stack.log.read_text()
        status = f"{stack.api}/v1/uploads/left-open"
        told = {}
        while told.get("verdict") is None:
            time.sleep(0.2)
            told = httpx.get(status, trust_env=False).raise_for_status().json()
        assert told["verdict"]["label"] == "no_face"
    finally:
        stack.stop()


@pytest.mark.timeout(900)
def test_200_mixed_media_have_200_ends_in_the_ledger_and_on_the_topic(
    stack: Stack, tmp_path: Path
) -> None:
    make_mixed(tmp_path / "mixed")
    media = map(str, (tmp_path / "mixed").iterdir())  # a folder stands for pictures and videos only
    done = stack.command("check", "--json", "--api", stack.api, *media)
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


def test_the_printed_link_lets_the_first_administrator_in_once(stack: Stack) -> None:
    link = re.search(r"sign in +(http\S+)", stack.log.read_text())[1]
    with httpx.Client(trust_env=False, follow_redirects=True) as browser:
        form = browser.get(link).text
        token = form.partition('name="csrf" value="')[2].partition('"')[0]
        start = browser.post(link, data={"csrf": token, "password": "correct horse battery"})
        assert "Signed in as admin" in start.text
    assert httpx.get(link, trust_env=False).status_code == 410


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
    assert _servers_of(stack.state) == ["tansu", "tritonserver"]
    stack.stop(number)
    _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == []
    assert _servers_of(stack.state) == []


def _servers_of(state: Path) -> list[str]:
    """The servers that run for a stack in that folder."""
    found = []
    for process in psutil.process_iter(["name"]):
        with suppress(psutil.Error):  # it ended, or is somebody else's
            name, place = process.info["name"], process.environ().get("VERISCOPE_STATE")
            if name.startswith(("tansu-", "tritonserver")) and place == str(state):
                found.append(name.partition("-")[0])
    return sorted(found)


def test_help_names_every_command() -> None:
    text = subprocess.run(
        ["veriscope", "--help"], check=True, capture_output=True, text=True,
        env={**os.environ, "PATH": f"{Path(os.sys.executable).parent}:{os.environ['PATH']}"},
    ).stdout  # fmt: skip
    for name in ("up", "submit", "check", "verdicts", "worker", "relay", "reconcile"):
        assert f" {name} " in text


async def test_a_backfill_does_not_delay_a_live_upload(stack: Stack, tmp_path: Path) -> None:
    """One after the other, the live upload would end after all that were there before it."""
    old = [str(_once_more(SAMPLES / "portrait.mp4", tmp_path, number)) for number in range(40)]
    backfill, live = Client(stack.api, lane=Lane.BACKFILL), Client(stack.api)
    try:
        old_ids = await asyncio.gather(
            *(patiently(partial(backfill.submit, path), FOR_EVER) for path in old)
        )
        live_id = await live.submit(str(SAMPLES / "portrait.jpg"))
        live_announced = (await live.status(live_id))["announced_at"]
        live_ended = await _decided_at(live, live_id)
        old_ended = await asyncio.gather(*(_decided_at(live, one) for one in old_ids))
    finally:
        await backfill.close()
        await live.close()
    open_then = [ended for ended in old_ended if _time(ended) > _time(live_announced)]
    assert len(open_then) > 20
    assert sum(_time(ended) > _time(live_ended) for ended in open_then) > len(open_then) / 2


def _once_more(clip: Path, folder: Path, number: int) -> Path:
    """A clip with an empty box behind it: bytes that were seen before would not be looked at."""
    other = folder / f"{number}.mp4"
    box = (16).to_bytes(4, "big") + b"free" + number.to_bytes(8, "big")
    other.write_bytes(clip.read_bytes() + box)
    return other


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def _decided_at(client: Client, upload_id: str) -> str:
    asked = partial(client.status, upload_id)  # a busy database may say "try again"
    while (verdict := (await patiently(asked, FOR_EVER))["verdict"]) is None:  # noqa: ASYNC110
        await asyncio.sleep(0.3)  # the server tells nobody when a verdict is there
    return verdict["decided_at"]


def test_a_message_that_does_not_parse_is_found_shown_and_redriven(stack: Stack) -> None:
    asyncio.run(_publish(stack.broker, "veriscope.uploads.live", b"\xff not json"))
    (letter,) = _until_listed(stack, 1)
    assert (letter["reason"], letter["fault"]) == ("UnparsableMessage", "ours")
    shown = json.loads(_dead_letters(stack, "show", str(letter["id"])).stdout)
    assert base64.b64decode(shown["value_base64"]) == b"\xff not json"
    dry = _dead_letters(stack, "redrive", "--reason", "UnparsableMessage", "--dry-run")
    assert "1 dead letters would be redriven" in dry.stdout
    assert len(_listed(stack)) == 1
    unknown = stack.command("dead-letters", "redrive", str(letter["id"]), "999", check=False)
    assert "no dead letter waits with id 999" in unknown.stderr
    assert len(_listed(stack)) == 1
    _dead_letters(stack, "redrive", str(letter["id"]))
    again = _until_listed(stack, 1, other_than=letter["id"])
    assert again[0]["origin"] != letter["origin"]


def test_commands_beside_a_running_stack_find_its_parts(stack: Stack) -> None:
    done = veriscope("doctor", VERISCOPE_STATE=str(stack.state))
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["ok"] * 8
    veriscope("check", str(SAMPLES / "landscape.jpg"), VERISCOPE_STATE=str(stack.state))


def test_a_second_stack_in_the_same_folder_is_refused(stack: Stack) -> None:
    done = veriscope("up", "--port", "0", check=False, VERISCOPE_STATE=str(stack.state))
    assert done.returncode == 1
    assert "another stack runs in" in done.stderr
    assert "VERISCOPE_STATE" in done.stderr


def test_the_doctor_says_what_to_do_about_a_part_that_fails(tmp_path: Path) -> None:
    done = veriscope(
        "doctor",
        check=False,
        VERISCOPE_STATE=str(tmp_path),
        VERISCOPE_DATABASE__URL=f"sqlite+aiosqlite:///{tmp_path / 'none.sqlite'}",
        VERISCOPE_KAFKA__BOOTSTRAP="127.0.0.1:9",
        VERISCOPE_SCORING__BACKEND="in_process",
    )
    assert done.returncode == 1
    assert "veriscope db upgrade" in done.stdout
    assert "veriscope topics create" in done.stdout


def _dead_letters(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    return stack.command("dead-letters", *arguments)


def _listed(stack: Stack) -> list[dict[str, object]]:
    return [json.loads(line) for line in _dead_letters(stack, "list", "--json").stdout.splitlines()]


def _until_listed(
    stack: Stack, count: int, *, other_than: object = None
) -> list[dict[str, object]]:
    for _ in range(30):
        found = [letter for letter in _listed(stack) if letter["id"] != other_than]
        if len(found) == count:
            return found
        time.sleep(0.5)
    raise AssertionError(f"{len(found)} dead letters, not {count}")


async def _publish(broker: str, topic: str, value: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=broker)
    await producer.start()
    try:
        await producer.send_and_wait(topic, value, key=b"u")
    finally:
        await producer.stop()


async def _open(database: str, upload: Upload) -> None:
    """Note an upload that is due in a day."""
    await schema.upgrade(database)
    engine = open_database(database)
    await SqlLedger(engine).announce(upload, deadline_at=datetime.now(UTC) + timedelta(days=1))
    await engine.dispose()
