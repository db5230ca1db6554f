"""Commands for accounts: what the console does, where nobody can sign in."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from moderation.people import EVERY, Role, Tenants
from runtime.cli.addresses import console_address
from runtime.cli.columns import table_of, whole_lines

if TYPE_CHECKING:
    from runtime.settings import Settings
    from storage.accounts.records import Account

app = typer.Typer(help="People who may use the console.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The name that is typed to sign in.")]


@app.command()
def add(
    name: Name,
    role: Annotated[Role, typer.Option(help="What they are.")] = Role.VIEWER,
    tenant: Annotated[
        list[str] | None, typer.Option(help="A tenant whose uploads they see; * for all.")
    ] = None,
) -> None:
    """Add somebody, and print the link by which they choose a password."""
    from runtime.people import add_person
    from runtime.settings import read_settings

    try:
        tenants = Tenants(frozenset(tenant or [EVERY]))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    settings = read_settings()
    path = asyncio.run(add_person(settings, name, role, tenants))
    _hand_out(settings, path)


@app.command()
def reset(name: Name) -> None:
    """Print a link by which somebody chooses a new password; the old one holds until then."""
    from runtime.people import reset_person
    from runtime.settings import read_settings

    settings = read_settings()
    path = asyncio.run(reset_person(settings, name))
    _hand_out(settings, path)


def _hand_out(settings: Settings, path: str) -> None:
    """Print the link; beside it, not into a pipe, for how long it works."""
    print(console_address(settings) + path)
    hours = settings.console.invitation.total_seconds() / 3600
    print(f"It works once, within {hours:g} hours: hand it to nobody else.", file=sys.stderr)


@app.command()
def disable(name: Name) -> None:
    """Keep somebody out from now on."""
    _disable(name, disabled=True)


@app.command()
def enable(name: Name) -> None:
    """Let somebody in again."""
    _disable(name, disabled=False)


@app.command("list")
def list_() -> None:
    """List everybody, by name."""
    from runtime.people import everyone
    from runtime.settings import read_settings

    rows = [_row(account) for account in asyncio.run(everyone(read_settings()))]
    table = table_of(("name", "role", "tenants", "signs in by", "pseudonym"), rows)
    whole_lines().print(table if rows else "nobody yet")


def _row(account: Account) -> tuple[str, ...]:
    person = account.person
    way = "provider" if account.identity else "password" if account.password_hash else "invited"
    tenants = " ".join(person.tenants)
    return (
        person.name,
        person.role,
        tenants,
        "disabled" if person.disabled else way,
        person.pseudonym,
    )


def _disable(name: str, *, disabled: bool) -> None:
    from runtime.people import disable_person
    from runtime.settings import read_settings

    asyncio.run(disable_person(read_settings(), name, disabled=disabled))
