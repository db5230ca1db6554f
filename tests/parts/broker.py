"""A real Apache Kafka: one KRaft broker, its jars fetched by Maven."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from runtime.embedded.processes import LOOPBACK, Server, accepts_connections, free_ports
from tests.parts.certificates import Authority
from tests.parts.missing import skip_or_fail

POM = Path(__file__).with_name("kafka") / "pom.xml"
MEMORY = ("-Xmx256m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kafka:
    """`address` is the bootstrap server; `server` stops, kills and restarts it.

    Its log folder survives all of them, and so does its address.
    """

    server: Server
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecuredKafka:
    """A broker with two more doors: `tls` asks clients for a certificate, `sasl` for a name.

    The name is USER, shown by PASSWORD in any of MECHANISMS.
    """

    broker: Kafka
    tls: str
    sasl: str


USER, PASSWORD = "veriscope", "a-pass-word"
MECHANISMS = ("SCRAM-SHA-512", "PLAIN")


def kafka_broker(state: Path, jars: Path, extra: Mapping[str, object] | None = None) -> Kafka:
    """Describe a formatted broker; its data, configuration and log lie in `state`."""
    port, controller = free_ports(2)
    configuration = state / "server.properties"
    configuration.write_text(_properties(port, controller, state / "data", extra or {}))
    if not (state / "data" / "meta.properties").exists():
        _format(configuration, jars)

    async def ready() -> bool:
        return await accepts_connections(port)

    server = Server(
        name="kafka",
        command=[*_java(jars), "kafka.Kafka", str(configuration)],
        log=state / "kafka.log",
        ready=ready,
        stop_seconds=30.0,
    )
    return Kafka(server=server, address=f"{LOOPBACK}:{port}")


def secured_kafka_broker(state: Path, jars: Path, authority: Authority) -> SecuredKafka:
    """Describe a broker that shows a certificate of an authority."""
    tls, sasl = free_ports(2)
    papers = authority.papers("kafka")
    door = "listener.name.sasl.{}.sasl.jaas.config"
    modules = "org.apache.kafka.common.security"
    broker = kafka_broker(
        state,
        jars,
        {
            "listeners": f",TLS://{LOOPBACK}:{tls},SASL://{LOOPBACK}:{sasl}",
            "advertised.listeners": f",TLS://{LOOPBACK}:{tls},SASL://{LOOPBACK}:{sasl}",
            "listener.security.protocol.map": ",TLS:SSL,SASL:SASL_SSL",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": papers.both,
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": authority.ca,
            "listener.name.tls.ssl.client.auth": "required",
            "sasl.enabled.mechanisms": ",".join(MECHANISMS),
            door.format("plain"): (
                f'{modules}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
            ),
            door.format("scram-sha-512"): f"{modules}.scram.ScramLoginModule required;",
        },
    )
    return SecuredKafka(broker=broker, tls=f"{LOOPBACK}:{tls}", sasl=f"{LOOPBACK}:{sasl}")


def fetch_jars() -> Path:
    """Copy the broker's jars beside the POM, once; skip where Java or Maven is missing."""
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            skip_or_fail(f"no {program}: a real Kafka cannot be started")
    jars = POM.parent / "target" / f"jars-{sha256(POM.read_bytes()).hexdigest()[:12]}"
    if jars.exists():
        return jars
    partial = jars.with_name(f"{jars.name}.{os.getpid()}")
    fetched = subprocess.run(
        ["mvn", "-q", "-B", "-f", POM, "dependency:copy-dependencies",
         "-DincludeScope=runtime", f"-DoutputDirectory={partial}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if fetched.returncode:
        skip_or_fail(f"Maven cannot fetch Kafka: {fetched.stdout[-500:]}")
    partial.rename(jars)
    return jars


def _java(jars: Path) -> list[str]:
    return ["java", *MEMORY, "-cp", f"{jars}/*", "-Dlog4j2.disable.jmx=true"]


def _format(configuration: Path, jars: Path) -> None:
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    subprocess.run(
        [*_java(jars), "kafka.tools.StorageTool", "format",
         "--cluster-id", f"v{cluster[1:]}", "--config", configuration,
         "--add-scram", f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"],
        check=True, capture_output=True,
    )  # fmt: skip


def _properties(port: int, controller: int, data: Path, extra: Mapping[str, object]) -> str:
    """One node that is broker and controller, with replication and delays cut to what it needs.

    What `extra` has under a name that stands here goes behind it.
    """
    settings = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "listeners": f"PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{port}",
        "log.dirs": data,
        "num.partitions": 1,
        "offsets.topic.num.partitions": 4,
        "offsets.topic.replication.factor": 1,
        "transaction.state.log.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "share.coordinator.state.topic.num.partitions": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        # Three seconds by default, added to every first join of a group.
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
        # A killed broker is let in again once its old session is over: nine seconds by default.
        "broker.heartbeat.interval.ms": 500,
        "broker.session.timeout.ms": 2000,
        "num.network.threads": 2,
        "num.io.threads": 2,
        "log.cleaner.dedupe.buffer.size": 8 * 1024 * 1024,
    }
    settings |= {name: f"{settings.get(name, '')}{value}" for name, value in extra.items()}
    return "".join(f"{name}={value}\n" for name, value in settings.items())
