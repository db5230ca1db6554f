"""A real Prometheus that scrapes given addresses every second, with the rules that ship."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from runtime.embedded.processes import LOOPBACK, Server, accepts_connections, free_ports
from tests.parts.missing import skip_or_fail

RULES = Path(__file__).parents[2] / "monitoring" / "rules" / "*.yml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prometheus:
    """`address` is without a path."""

    server: Server
    address: str

    def get(self, path: str, **parameters: str) -> Any:
        """What the API answers, or the words of its error."""
        answer = httpx.get(f"{self.address}/api/v1/{path}", params=parameters, timeout=30)
        told = answer.json()
        assert told["status"] == "success", f"{parameters}: {told['error']}"
        return told["data"]


def prometheus_server(folder: Path, jobs: Mapping[str, str]) -> Prometheus:
    """Describe a server; `jobs` are the addresses (host:port) to scrape, by job."""
    program = shutil.which("prometheus")
    if program is None:
        skip_or_fail("prometheus is not installed: apt-get install prometheus")
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(RULES)],
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": [address]}]}
            for job, address in jobs.items()
        ],
    }
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(config))
    port = free_ports(1)[0]
    server = Server(
        name="prometheus",
        command=[
            program,
            f"--config.file={file}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={LOOPBACK}:{port}",
        ],
        log=folder / "prometheus.log",
        ready=lambda: accepts_connections(port),
    )
    return Prometheus(server=server, address=f"http://{LOOPBACK}:{port}")
