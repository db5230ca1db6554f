"""The processes: whether they are there, and what they use."""

from __future__ import annotations

from monitoring.mixin.alerts import FREE, SERVICES
from monitoring.mixin.panels import Page, Panel

PARTS_PAGE = Page(
    name="parts",
    title="Veriscope: processes",
    rows={
        "Processes": [
            Panel(
                title="Up",
                shows="Instances that answer.",
                queries={"{{job}}": f'sum by (job) (up{{job=~"{SERVICES}|triton"}})'},
            ),
            Panel(
                title="Processor",
                shows="Cores in use.",
                queries={"{{job}} {{instance}}": "rate(process_cpu_seconds_total[5m])"},
            ),
            Panel(
                title="Memory",
                shows="Resident. Without load it is flat.",
                unit="bytes",
                queries={"{{job}} {{instance}}": "process_resident_memory_bytes"},
            ),
            Panel(
                title="Open files",
                shows="Share of what the process may open.",
                unit="percentunit",
                queries={"{{job}} {{instance}}": "process_open_fds / process_max_fds"},
            ),
        ],
        "Database and disks": [
            Panel(
                title="Connections to the database",
                shows="Share of those that a process may have; at one, work begins to wait.",
                unit="percentunit",
                queries={
                    "{{job}} {{instance}}": (
                        "veriscope_database_connections_in_use "
                        "/ veriscope_database_connections_limit"
                    )
                },
            ),
            Panel(
                title="Waiting for a connection",
                shows="Now and then some; always some means too few connections, or slow queries.",
                queries={"{{job}} {{instance}}": "veriscope_database_waiting"},
            ),
            Panel(
                title="Free disk",
                shows="Share, by folder. Below the line somebody should look.",
                unit="percentunit",
                queries={
                    "{{instance}} {{folder}}": (
                        "veriscope_disk_free_bytes / veriscope_disk_size_bytes"
                    )
                },
                limit=FREE,
            ),
        ],
    },
)
