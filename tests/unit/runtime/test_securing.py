"""What may be said of encryption and passwords, and where they may never be seen."""

from __future__ import annotations

import io
import logging
from pathlib import Path

import pytest
import structlog
from aiokafka.errors import KafkaConnectionError
from structlog.testing import capture_logs

from moderation.errors import InvalidConfiguration
from monitoring.logs import configure
from runtime.settings import Settings, read_settings
from runtime.wiring import connection, tell_unencrypted
from runtime.wiring.broker import build_faust
from runtime.wiring.securing import database_tls, tls_context
from storage.database import open_database
from streams.connections import unavailable
from tests.parts.certificates import Authority

LOGIN = {"user": "u", "password": "hunter2"}


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (("KAFKA__CA",), "for TLS, which is off"),
        (("DATABASE__CERTIFICATE", "DATABASE__KEY"), "for TLS, which is off"),
        (("SCORING__TLS", "SCORING__CERTIFICATE"), "CERTIFICATE and KEY go together"),
        (("KAFKA__USER",), "USER and PASSWORD go together"),
    ],
)
def test_settings_that_would_not_do_what_they_say_are_refused(
    monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], why: str
) -> None:
    for name in names:
        monkeypatch.setenv(f"VERISCOPE_{name}", "1")
    with pytest.raises(InvalidConfiguration, match=why):
        read_settings()


@pytest.mark.parametrize(("tls", "allowed"), [("true", True), ("false", False)])
def test_a_mechanism_that_shows_the_password_needs_tls(
    monkeypatch: pytest.MonkeyPatch, tls: str, allowed: bool
) -> None:
    said = {"USER": "u", "PASSWORD": "hunter2", "MECHANISM": "PLAIN", "TLS": tls}
    for name, value in said.items():
        monkeypatch.setenv(f"VERISCOPE_KAFKA__{name}", value)
    if allowed:
        assert read_settings().kafka.mechanism == "PLAIN"
        return
    with pytest.raises(InvalidConfiguration, match="PLAIN") as refused:
        read_settings()
    assert "hunter2" not in str(refused.value)


def test_kafkas_password_is_shown_by_nothing_that_holds_it() -> None:
    settings = Settings.model_validate({"kafka": LOGIN})
    faust = build_faust(settings)
    shown = [settings, connection(settings), faust.conf.broker_credentials, vars(faust.conf)]
    assert connection(settings)["sasl_plain_password"] == "hunter2"
    assert not any("hunter2" in repr(one) for one in shown)


def test_the_log_of_a_defect_does_not_show_what_variables_held() -> None:
    output = io.StringIO()
    before = logging.getLogger().handlers[:]
    configure(level="error", json=False, stream=output)
    try:
        _fail(FAR["database"]["url"])
    except ZeroDivisionError:
        structlog.get_logger().exception("hop.defect")
    finally:
        logging.getLogger().handlers[:] = before
        structlog.reset_defaults()
    assert "ZeroDivisionError" in output.getvalue()
    assert "hunter2" not in output.getvalue()


def _fail(url: str) -> float:
    return len(url) / 0


@pytest.mark.parametrize(
    ("file", "content"), [("ca", None), ("ca", "no certificate"), ("certificate", None)]
)
def test_a_file_that_tls_cannot_use_is_named_by_its_setting(
    tmp_path: Path, file: str, content: str | None
) -> None:
    path = tmp_path / "file.pem"
    if content is not None:
        path.write_text(content)
    files = {"ca": path} if file == "ca" else {"certificate": path, "key": path}
    secured = Settings.model_validate({"database": {"tls": True, **files}}).database
    with pytest.raises(InvalidConfiguration, match=f"VERISCOPE_DATABASE__{file.upper()}"):
        tls_context("DATABASE", secured)


def test_a_key_with_a_password_is_refused_and_nobody_is_asked_for_it(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    papers = authority.papers("client", password=b"secret")
    files = {"certificate": papers.certificate, "key": papers.key}
    secured = Settings.model_validate({"database": {"tls": True, **files}}).database
    with pytest.raises(InvalidConfiguration, match="VERISCOPE_DATABASE__CERTIFICATE or __KEY"):
        tls_context("DATABASE", secured)


def test_a_database_in_a_file_has_nothing_to_encrypt() -> None:
    tls = database_tls(Settings.model_validate({"database": {"tls": True}}))
    with pytest.raises(InvalidConfiguration, match="SQLite is a file"):
        open_database("sqlite:///ledger.db", tls=tls)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "[::1]:1"])
async def test_an_unreachable_broker_is_told_by_its_address(address: str) -> None:
    connection = {"bootstrap_servers": address}
    told = await unavailable("no broker", connection, KafkaConnectionError("none"))
    assert f"no broker: {address} cannot be reached" in str(told)
    assert "Connect call failed" in str(told)


FAR = {
    "kafka": {"bootstrap": "broker-1:9092"},
    "scoring": {"triton": "triton:8001"},
    "database": {"url": "postgresql://u:hunter2@db/v"},
}


def test_parts_elsewhere_that_are_spoken_to_in_the_clear_are_told_in_one_line() -> None:
    with capture_logs() as told:
        tell_unencrypted(Settings.model_validate(FAR))
    (line,) = told
    assert line["log_level"] == "warning"
    assert line["to"] == ["kafka broker-1:9092", "triton triton:8001", "database db"]


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {name: {**section, "tls": True} for name, section in FAR.items()},
        {"kafka": {"bootstrap": "[::1]:9092,localhost:9093"}},
        {"scoring": {"triton": "triton:8001", "backend": "in_process"}},
        {"database": {"url": "postgresql://u:hunter2@db/v?ssl=require"}},
    ],
)
def test_what_is_encrypted_or_stays_on_this_machine_is_not_told(parts: dict[str, object]) -> None:
    with capture_logs() as told:
        tell_unencrypted(Settings.model_validate(parts))
    assert told == []
