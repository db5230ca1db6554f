"""Switches as they are typed: without a value. The library says `<bool>` after each in its help."""

from __future__ import annotations

from typing import Any

from typer.core import TyperOption


def show_switches() -> None:
    """From now on let help name switches alone, as it does without Rich; of all commands, as none
    of them is asked for its options one by one.
    """
    told = TyperOption.display_type_rich

    def shown(option: TyperOption, ctx: Any) -> str | None:
        return None if option.is_flag and option.metavar is None else told(option, ctx)

    TyperOption.display_type_rich = shown  # type: ignore[method-assign]
