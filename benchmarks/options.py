"""Which clips a command is about: options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Root = Annotated[Path, typer.Option(help="Where the registry lies.")]
Methods = Annotated[list[str] | None, typer.Option(help="Only these; may be repeated.")]
AtMost = Annotated[int, typer.Option(min=0, help="Clips of each method and label; 0: all.")]
WithoutGroups = Annotated[
    Path | None,
    typer.Option(help="What was fitted on, a line each: a group, a clip, or method:METHOD."),
]
Equalise = Annotated[str, typer.Option(help="256,75 or face:128,75.")]
Processes = Annotated[int, typer.Option(min=1, help="How many score at once.")]
