"""Options that many commands have, and what is read of them."""

from __future__ import annotations

from typing import Annotated

import typer

JsonLines = Annotated[bool, typer.Option("--json", help="One JSON object a line, for machines.")]
JsonWhole = Annotated[bool, typer.Option("--json", help="JSON, for machines.")]
OnlyTenants = Annotated[list[str] | None, typer.Option(help="Only of this tenant; repeatable.")]
