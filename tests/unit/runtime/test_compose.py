"""What can be held of the containers where no container engine runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main
import yaml
from typer.testing import CliRunner

from inference.bundles.bundle import PACKAGED, open_bundle
from runtime.cli import app
from runtime.services import Service
from runtime.settings import read_settings, variables
from storage.media import open_media_store

ROOT = Path(__file__).parents[3]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if one["image"].startswith("veriscope:")}
ONCE = {name for name, one in SERVICES.items() if one["restart"] == "no"}
ASKED_FOR = re.compile(r"\$\{([A-Z_]+):\?[^}]+\}")
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN", re.IGNORECASE)


def with_secrets(text: str) -> str:
    return ASKED_FOR.sub("f00", text)


def environment(service: dict) -> dict[str, str]:
    return {name: with_secrets(str(value)) for name, value in service["environment"].items()}


@pytest.mark.parametrize("name", sorted(OURS))
def test_the_command_of_each_of_our_services_is_one_that_there_is(name):
    answer = CliRunner().invoke(app, [*OURS[name]["command"], "--help"])
    assert answer.exit_code == 0, answer.output


def test_every_service_that_can_run_does():
    run = {one["command"][0] for name, one in OURS.items() if name not in ONCE}
    commands = set(typer.main.get_command(app).commands)
    assert run == {"serve" if service is Service.API else service.value for service in Service}
    assert run <= commands


@pytest.mark.parametrize("name", sorted(OURS))
def test_the_settings_of_our_services_are_settings(name, monkeypatch):
    given = environment(OURS[name])
    ours = {variable for variable in given if variable.startswith("VERISCOPE_")}
    assert ours <= set(variables())
    for variable in ours:
        monkeypatch.setenv(variable, given[variable])
    read_settings()


def test_the_media_store_of_our_services_can_be_opened(monkeypatch):
    given = environment(OURS["worker"])
    for variable, value in given.items():
        monkeypatch.setenv(variable, value)
    open_media_store(given["VERISCOPE_MEDIA__STORE"])


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_port_is_published_on_loopback_only(name):
    for port in SERVICES[name].get("ports", []):
        assert port.startswith("127.0.0.1:")


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_is_confined(name):
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")
    limits = service["deploy"]["resources"]["limits"]
    assert set(limits) == {"cpus", "memory", "pids"}


@pytest.mark.parametrize("name", sorted(OURS))
def test_our_services_write_nowhere_but_in_what_is_theirs(name):
    assert OURS[name]["read_only"] is True


@pytest.mark.parametrize("name", sorted(set(SERVICES) - ONCE))
def test_a_service_that_goes_on_is_looked_after(name):
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert "test" in service.get("healthcheck", {}) or name in OURS, "ours have it in the image"


def test_the_image_of_our_services_is_checked_for_health_and_runs_as_nobody_special():
    image = (ROOT / "Dockerfile").read_text()
    assert "HEALTHCHECK" in image
    assert "/healthz" in image
    assert re.search(r"^USER 10001:10001$", image, re.MULTILINE)
    assert "--require-hashes -r requirements/serve.lock" in image


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_an_image_is_pinned_by_a_tag(name):
    _, _, tag = SERVICES[name]["image"].rpartition(":")
    assert re.search(r"\d", tag)


def test_no_secret_stands_in_the_file():
    for service in SERVICES.values():
        for variable, value in service.get("environment", {}).items():
            passwords = re.findall(r"://[^/@:]+:([^@]+)@", str(value))
            if SECRET.search(variable):
                passwords.append(value)
            for password in passwords:
                assert ASKED_FOR.fullmatch(password), f"{variable} must be asked for"


def test_every_secret_that_is_asked_for_is_named_and_left_empty_in_the_example():
    asked = set(ASKED_FOR.findall((ROOT / "docker-compose.yml").read_text()))
    lines = (ROOT / ".env.example").read_text().splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert asked == {name for name, value in example.items() if not value}


def test_what_a_service_waits_for_exists_and_can_become_so():
    for service in SERVICES.values():
        for other, how in service.get("depends_on", {}).items():
            ends = how["condition"] == "service_completed_successfully"
            assert (other in ONCE) is ends


@pytest.mark.parametrize("name", ["triton-cpu", "triton-gpu"])
def test_triton_is_given_the_packaged_bundle_and_loads_all_of_its_models(name):
    service = SERVICES[name]
    loaded = {word.partition("=")[2] for word in service["command"] if "--load-model" in word}
    assert loaded == {detector.model for detector in open_bundle(PACKAGED).manifest.models}
    mounted = [volume for volume in service["volumes"] if ":/models" in volume]
    assert mounted == [f"./{PACKAGED.relative_to(ROOT)}:/models:ro"]


def test_prometheus_scrapes_every_service_and_triton():
    scraped = yaml.safe_load((ROOT / "monitoring/prometheus.yml").read_text())["scrape_configs"]
    names = {
        name
        for job in scraped
        for discovery in job.get("dns_sd_configs", [])
        for name in discovery["names"]
    }
    assert names == (set(OURS) - ONCE) | {"triton"}


def test_everything_that_is_copied_into_an_image_exists():
    for file in ("Dockerfile", "Dockerfile.triton"):
        for line in (ROOT / file).read_text().splitlines():
            if line.startswith("COPY ") and "--from" not in line:
                for source in line.split()[1:-1]:
                    assert (ROOT / source).exists(), source
