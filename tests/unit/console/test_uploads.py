from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from console.bounds import Bounds
from moderation.errors import LedgerUnavailable
from storage.in_memory import InMemoryMediaStore, InMemoryOutbox
from tests.unit.console.desk import LIMIT, Desk


async def test_a_file_is_stored_announced_and_answered_with_its_status_address() -> None:
    desk = Desk()
    answer = await desk.upload(b"pixels", lane="backfill", tenant="acme")
    assert answer.status_code == 202
    status = (await desk.http.get(answer.json()["status_url"])).json()
    assert (status["lane"], status["tenant"], status["file_name"]) == ("backfill", "acme", "a.jpg")
    assert status["verdict"] is None
    ((key, stored),) = desk.store.objects.items()
    assert key.startswith(f"media/acme/{status['upload_id']}/")
    assert stored == b"pixels"
    (entry,) = await InMemoryOutbox(desk.memory).pending(limit=10)
    assert entry.message.topic == "test.uploads.backfill"


async def test_an_address_is_announced_and_nothing_is_stored() -> None:
    desk = Desk()
    answer = await desk.http.post("/v1/uploads", json={"uri": "https://example.org/a.mp4"})
    assert answer.status_code == 202
    assert len(await InMemoryOutbox(desk.memory).pending(limit=10)) == 1


@pytest.mark.parametrize(("size", "code"), [(LIMIT, 202), (LIMIT + 1, 413)])
async def test_a_file_over_the_limit_is_refused_and_not_announced(size: int, code: int) -> None:
    desk = Desk()
    answer = await desk.upload(b"x" * size)
    assert answer.status_code == code
    assert len(await InMemoryOutbox(desk.memory).pending(limit=10)) == (1 if code == 202 else 0)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data"),
        ("multipart/form-data; boundary=b", b"no boundary here"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nhalf a file',
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n--b--\r\n',
        ),
        ("multipart/form-data", b""),
    ],
)
async def test_a_damaged_form_is_refused_and_nothing_is_announced(
    content_type: str, body: bytes
) -> None:
    desk = Desk()
    answer = await desk.http.post(
        "/v1/uploads", content=body, headers={"content-type": content_type}
    )
    assert (answer.status_code, answer.json()["reason"]) == (400, "bad_form")
    assert await InMemoryOutbox(desk.memory).pending(limit=10) == []


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"uri": ""}', b'{"uri": "x:/", "tenant": "sneaked"}']
)
async def test_json_without_a_proper_address_is_refused(body: bytes) -> None:
    answer = await Desk().http.post("/v1/uploads", content=body)
    assert (answer.status_code, answer.json()["reason"]) == (422, "bad_request")


@pytest.mark.parametrize("size", [10, 100_000])
@pytest.mark.parametrize("kind", ["image/jpeg", "Video/mp4", "application/octet-stream"])
async def test_media_that_are_the_bare_body_are_of_the_wrong_type_however_small(
    size: int, kind: str
) -> None:
    desk = Desk()
    answer = await desk.http.post(
        "/v1/uploads", content=b"x" * size, headers={"content-type": kind}
    )
    assert (answer.status_code, answer.json()["reason"]) == (415, "bad_media_type")
    assert "multipart/form-data" in answer.json()["detail"]
    assert await InMemoryOutbox(desk.memory).pending(limit=10) == []


@pytest.mark.parametrize("uri", ["store:///media/other/secret", "STORE:///media/other/secret"])
async def test_what_veriscope_stored_for_somebody_else_cannot_be_named(uri: str) -> None:
    answer = await Desk().http.post("/v1/uploads", json={"uri": uri})
    assert (answer.status_code, answer.json()["reason"]) == (422, "forbidden_source")


@pytest.mark.parametrize("tenant", ["../up", "a/b", "", "x" * 129])
async def test_a_tenant_that_could_leave_its_folder_is_refused(tenant: str) -> None:
    assert (await Desk().upload(b"x", tenant=tenant)).status_code == 422


@pytest.mark.parametrize("name", ["фото.jpg", "写真.jpg", "smile-\U0001f600.jpg", "ärger.jpg"])
async def test_a_name_in_any_script_is_kept_as_it_is(name: str) -> None:
    desk = Desk()
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="'
        + name.encode()
        + b'"\r\n\r\npixels\r\n--b--\r\n'
    )
    kind = {"content-type": "multipart/form-data; boundary=b"}
    answer = await desk.http.post("/v1/uploads", content=body, headers=kind)
    status = await desk.ledger.status(answer.json()["upload_id"])
    assert status.upload.file_name == name


async def test_a_name_with_control_characters_is_stored_without_them() -> None:
    desk = Desk()
    answer = await desk.upload(b"x", name="a\x07b.jpg")
    status = (await desk.http.get(answer.json()["status_url"])).json()
    assert "\x07" not in status["file_name"]


async def test_a_ledger_that_is_down_is_answered_with_try_again() -> None:
    async def refuse(_upload: object) -> bool:
        raise LedgerUnavailable("password=hunter2")

    answer = await Desk(accept=refuse).upload(b"x")
    assert (answer.status_code, answer.json()["reason"]) == (503, "unavailable")
    assert "hunter2" not in answer.text


async def test_an_unknown_upload_is_not_found() -> None:
    answer = await Desk().http.get("/v1/uploads/none")
    assert (answer.status_code, answer.json()["reason"]) == (404, "unknown_upload")


async def test_a_stuck_process_is_not_healthy() -> None:
    desk = Desk()
    assert (await desk.http.get("/healthz")).status_code == 200
    desk.health.alive["worker"] = lambda: "a partition has not moved for 900 s"
    assert (await desk.http.get("/healthz")).status_code == 503


async def test_a_process_whose_database_is_down_is_not_ready() -> None:
    desk = Desk()

    async def down() -> None:
        raise LedgerUnavailable

    desk.health.ready["database"] = down
    answer = await desk.http.get("/readyz")
    assert (answer.status_code, list(answer.json()["missing"])) == (503, ["database"])


async def test_a_large_file_is_never_whole_in_memory() -> None:
    """The store sees pieces as they arrive, before the last one was sent."""
    seen: list[int] = []

    class Store(InMemoryMediaStore):
        async def put(self, key: str, content: AsyncIterator[bytes]) -> None:
            async for chunk in content:
                seen.append(len(chunk))
                progress.append("stored")

    progress: list[str] = []
    desk = Desk(store=Store(), bounds=Bounds(max_bytes=10**9))
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(50):
            progress.append("sent")
            sent += 1000
            yield b"x" * 1000
        yield b"\r\n--b--\r\n"

    answer = await desk.http.post(
        "/v1/uploads",
        content=body(),
        headers={"content-type": "multipart/form-data; boundary=b"},
    )
    assert answer.status_code == 202
    assert sum(seen) == sent
    assert progress.index("stored") < len(progress) - 1 - progress[::-1].index("sent")
