"""Switches as they are typed: without a value. The library says `<bool>` after each in its help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typer.core import TyperOption

if TYPE_CHECKING:
    from typer import Context


def show_switches() -> None:
    """From now on let help name switches alone, as the library does itself where Rich is missing.

    Of all options at once: what a single one could say for itself, `metavar=""`, would have to
    stand at every switch, and there is no way to it for `--help`.
    """
    told = TyperOption.display_type_rich

    def shown(self: TyperOption, ctx: Context) -> str | None:
        return None if self.is_flag and self.metavar is None else told(self, ctx)

    TyperOption.display_type_rich = shown  # type: ignore[assignment, method-assign]
