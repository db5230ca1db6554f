from __future__ import annotations

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from moderation.errors import Inconsistent, LedgerUnavailable, ModerationError
from tests.unit.console.desk import Desk


def counted(fault: str) -> float:
    return REGISTRY.get_sample_value("veriscope_http_failures_total", {"fault": fault}) or 0.0


@pytest.mark.parametrize(
    ("error", "fault", "level", "code"),
    [
        (LedgerUnavailable("it is down"), "dependency", "warning", 503),
        (Inconsistent("it is down"), "ours", "error", 500),
    ],
)
async def test_what_no_client_caused_is_logged_and_counted(
    error: ModerationError, fault: str, level: str, code: int
) -> None:
    async def fail(_upload: object) -> bool:
        raise error

    before = counted(fault)
    with capture_logs() as logs:
        assert (await Desk(accept=fail).upload(b"x")).status_code == code

    assert counted(fault) == before + 1
    (line,) = logs
    assert (line["log_level"], line["event"], line["fault"]) == (level, "http.failed", fault)
    assert (line["error"], line["detail"]) == (type(error).__name__, "it is down")
    assert line["route"] == "/v1/uploads"


async def test_what_a_client_caused_is_neither_logged_nor_counted() -> None:
    before = counted("dependency"), counted("ours")
    with capture_logs() as logs:
        desk = Desk()
        assert (await desk.http.get("/v1/uploads/none")).status_code == 404
        assert (await desk.upload(b"x" * 10_000)).status_code == 413
        assert (await desk.upload(b"x", tenant="a/b")).status_code == 422

    assert logs == []
    assert (counted("dependency"), counted("ours")) == before


async def test_a_client_that_hangs_up_is_no_failure_and_leaves_nothing() -> None:
    desk = Desk()
    messages = [
        {"type": "http.disconnect"},
        {"type": "http.request", "body": b"--b", "more_body": True},
    ]

    async def receive() -> dict[str, object]:
        return messages.pop()

    async def drop(_message: object) -> None:
        return None

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/uploads",
        "query_string": b"",
        "headers": [(b"content-type", b"multipart/form-data; boundary=b")],
    }
    before = counted("dependency"), counted("ours")
    with capture_logs() as logs:
        await desk.app(scope, receive, drop)

    assert logs == []
    assert (counted("dependency"), counted("ours")) == before
    assert desk.store.objects == {}
