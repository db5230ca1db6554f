"""Commands for lists of looks that are known: bring them in, write them out."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from moderation.people import EVERY

if TYPE_CHECKING:
    from collections.abc import Callable

    from moderation.listed_looks import ListChanges, ListedLook
    from storage.looks.ports import LookList

app = typer.Typer(help="Lists of known looks (PDQ), which uploads match.", no_args_is_help=True)

Name = Annotated[str, typer.Option("--list", help="The list's name, as policies say it.")]
Tenant = Annotated[str, typer.Option(help="Whose list it is; * is for every tenant.")]


class Format(StrEnum):
    """`threatexchange` is the JSON of ThreatExchange's `threat_updates`."""

    CSV = "csv"
    THREATEXCHANGE = "threatexchange"


Form = Annotated[Format, typer.Option("--format", help="How the file is written.")]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    name: Name,
    tenant: Tenant = EVERY,
    form: Form = Format.CSV,
    replace: Annotated[bool, typer.Option(help="Leave nothing else on the list.")] = False,
) -> None:
    """Put hashes on a list. Uploads that come later and look alike match them.

    A CSV file names its columns in the first line: pdq (or signal_str, hash) and, if it has
    them, entry (or id) and quality. ThreatExchange's updates also take hashes off.
    """
    changes = _read(file, form)
    asyncio.run(_change(_tenant(tenant), _name(name), changes, replacing=replace))
    left_out = f", {changes.left_out} left out" if changes.left_out else ""
    print(f"{len(changes.listed)} listed, {len(changes.withdrawn)} taken off{left_out}")


@app.command()
def export(
    name: Annotated[
        str | None, typer.Option("--list", help="The list that is written out.")
    ] = None,
    tenant: Tenant = EVERY,
    decided: Annotated[
        bool, typer.Option(help="In place of a list: what people decided to label or withhold.")
    ] = False,
    form: Form = Format.CSV,
) -> None:
    """Write hashes to the standard output."""
    if decided is (name is not None):
        raise typer.BadParameter("name a list, or ask for what was --decided")
    if decided and tenant == EVERY:
        raise typer.BadParameter("say of which --tenant: decisions belong to one")
    listed = asyncio.run(_listed(_tenant(tenant), name))
    _write(listed, form, tag=name or "decided")


@app.command("list")
def list_() -> None:
    """Say which lists there are, and how many hashes stand on each."""
    found = asyncio.run(_lists())
    for one in found:
        print(f"{one.tenant}\t{one.name}\t{one.looks}")
    if not found:
        print("no lists", file=sys.stderr)


@app.command()
def drop(name: Name, tenant: Tenant = EVERY) -> None:
    """Forget a list. Verdicts that matched it stay as they are."""
    from moderation.listed_looks import ListChanges

    asyncio.run(_change(_tenant(tenant), _name(name), ListChanges(listed=()), replacing=True))


def _read(file: Path, form: Format) -> ListChanges:
    """Raises: InvalidConfiguration: the file is none of that form."""
    from moderation.errors import InvalidConfiguration
    from moderation.listed_looks import from_csv, from_threat_updates

    read = from_csv if form is Format.CSV else from_threat_updates
    try:
        return read(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise InvalidConfiguration(f"{file}: {error}") from error


def _write(listed: list[ListedLook], form: Format, *, tag: str) -> None:
    from moderation.listed_looks import to_csv, to_threat_updates

    if form is Format.CSV:
        sys.stdout.writelines(to_csv(listed))
        return
    print(to_threat_updates(listed, tag=tag, at=int(datetime.now(UTC).timestamp())))


def _name(name: str) -> str:
    from moderation.listed_looks import check_list_name

    return _checked(check_list_name, name)


def _tenant(tenant: str) -> str:
    from moderation.people import Tenants

    _checked(Tenants.named, tenant)
    return tenant


def _checked(check: Callable[[str], object], text: str) -> str:
    from moderation.errors import InvalidConfiguration

    try:
        check(text)
    except ValueError as error:
        raise InvalidConfiguration(str(error)) from error
    return text


async def _change(tenant: str, name: str, changes: ListChanges, *, replacing: bool) -> None:
    from runtime import wiring
    from runtime.settings import read_settings

    async with wiring.open_kept(read_settings()) as kept:
        await wiring.look_lists(kept).change(tenant, name, changes, replacing=replacing)


async def _listed(tenant: str, name: str | None) -> list[ListedLook]:
    from runtime import wiring
    from runtime.settings import read_settings

    async with wiring.open_kept(read_settings()) as kept:
        lists = wiring.look_lists(kept)
        return await (lists.restricted(tenant) if name is None else lists.entries(tenant, name))


async def _lists() -> list[LookList]:
    from runtime import wiring
    from runtime.settings import read_settings

    async with wiring.open_kept(read_settings()) as kept:
        return await wiring.look_lists(kept).lists()
