"""Commands that erase what was kept of uploads, and show the proofs."""

from __future__ import annotations

import asyncio
import json as json_format
import sys
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from moderation.erasure import ErasureReason, ErasureScope, ErasureState, counted
from moderation.errors import UnknownUpload
from runtime.cli.columns import endless_lines, table_of
from runtime.cli.options import JsonLines, OnlyTenants

if TYPE_CHECKING:
    from moderation.erasure import Erasure, ErasureRequest

_DEFAULT = "uploads"
_BY_COMMAND = "command line"
_MOST = 1000
_COLUMNS = ("erasure", "asked", "by", "why", "reference", "tenant", "what", "state")


class _UploadsFirst(TyperGroup):
    """`erase UPLOAD…` is `erase uploads UPLOAD…`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Show the options of erasing, too: they are what somebody looks for."""
        super().format_help(ctx, formatter)
        erasing = self.commands[_DEFAULT]
        with erasing.context_class(erasing, info_name=_DEFAULT, parent=ctx) as below:
            erasing.format_help(below, formatter)


app = typer.Typer(
    help="Erase uploads, or all that somebody sent, and prove it.\n\n"
    "`veriscope erase UPLOAD --reason subject_request` shows what would go, asks, and erases it: "
    "`--yes` skips the question, `--dry-run` ends before it. The options stand below.\n\n"
    "**What goes**: the media, the faces cut out of them and all that was computed of these; "
    "verdicts, reviews, notes, names, hashes, and messages about them.\n\n"
    "**What stays**: who decided what and when, but not about which upload; numbers; the proof. "
    "docs/erasure.md says what is not Veriscope's to erase.\n\n"
    "**How to prove it**: `veriscope erase list --of UPLOAD` tells when it was erased, by whom and "
    "why, as long as somebody knows the id: the proof holds only a keyed hash of it.",
    cls=_UploadsFirst,
    subcommand_metavar="UPLOAD… | COMMAND",
    no_args_is_help=True,
)


@app.command(_DEFAULT)
def uploads(
    reason: Annotated[ErasureReason, typer.Option(help="Why; it stays in the proof.")],
    upload_ids: Annotated[list[str] | None, typer.Argument(help="Ids of uploads.")] = None,
    uploader: Annotated[
        str | None, typer.Option(help="All that this uploader sent, by `uploader_id`.")
    ] = None,
    tenant: Annotated[str, typer.Option(help="Whose uploads they are.")] = "default",
    reference: Annotated[
        str, typer.Option(help="A ticket's number; never words about a person.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would go, and what stays; remove nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Erase without asking.")] = False,
    json: JsonLines = False,
) -> None:
    """Erase uploads: they are blocked at once, and what is kept of them goes within seconds.

    First it shows what would go, and asks; where nobody can be asked it needs `--yes`.

    `veriscope reconcile` (or `veriscope erase run`) does it, looks a second time an hour later
    (VERISCOPE_ERASURE__SETTLE) for what was on its way, and then writes the proof.

    Example: `veriscope erase u-1 u-2 --tenant acme --reason subject_request --reference case-7`
    """
    if bool(upload_ids) == (uploader is not None):
        raise typer.BadParameter("name uploads, or an --uploader")
    scope = ErasureScope.UPLOADER if uploader is not None else ErasureScope.UPLOAD
    targets = upload_ids or [uploader or ""]
    requests = _requests(targets, tenant=tenant, scope=scope, reason=reason, reference=reference)
    if not (dry_run or yes or sys.stdin.isatty()):
        raise typer.BadParameter("nobody can be asked here: say --yes or --dry-run")
    if dry_run:
        _show(asyncio.run(_preview(requests)), json=json)
        return
    if not (yes or _confirmed(requests)):
        print("nothing was erased", file=sys.stderr)
        return
    asked = asyncio.run(_ask(requests))
    for erasure in asked:
        print(_line(erasure) if json else f"{erasure.erasure_id}  {erasure.state}{_next(erasure)}")
    if len(asked) < len(requests):
        raise typer.Exit(1)


@app.command("list")
def list_(
    target: Annotated[
        str | None, typer.Option("--of", help="Only of this upload or uploader, done or not.")
    ] = None,
    tenant: OnlyTenants = None,
    json: JsonLines = False,
) -> None:
    """List erasures, the newest first; one that is done is the proof.

    Example: `veriscope erase list --of u-1 --json`
    """
    found = asyncio.run(_list(target, tenant))
    if json:
        for erasure in found:
            print(_line(erasure))
        return
    table = table_of(_COLUMNS, map(_row, found))
    endless_lines().print(table if found else "no erasures")


@app.command()
def run(json: JsonLines = False) -> None:
    """Do now what is due, where no `veriscope reconcile` runs."""
    for erasure in asyncio.run(_run()):
        print(_line(erasure) if json else f"{erasure.erasure_id}  {erasure.state}")


def _confirmed(requests: list[ErasureRequest]) -> bool:
    """Show what would go and ask, beside standard output, which is for what was asked for."""
    _show(asyncio.run(_preview(requests, pass_over=(UnknownUpload,))), json=False, beside=True)
    return typer.confirm("erase it?", err=True)


def _next(erasure: Erasure) -> str:
    """What comes of one that waits, and where to see it."""
    if erasure.state is not ErasureState.PENDING:
        return ""
    seen = f"`veriscope erase list --of {erasure.target}`"
    return f": gone within seconds, looked for again later; {seen} tells how it stands"


def _requests(targets: list[str], **said: Any) -> list[ErasureRequest]:
    """Raises: typer.BadParameter: an id or the reference is none."""
    from moderation.erasure import ErasureRequest

    try:
        return [ErasureRequest(target=target, asked_by=_BY_COMMAND, **said) for target in targets]
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


async def _preview(
    requests: list[ErasureRequest], *, pass_over: tuple[type[Exception], ...] = ()
) -> dict[str, int]:
    from runtime import wiring
    from runtime.settings import read_settings

    async with wiring.open_kept(read_settings()) as kept:
        counts: dict[str, int] = {}
        for request in requests:
            with suppress(*pass_over):
                counts = counted(counts, await wiring.erasures(kept).preview(request))
        return counts


async def _ask(requests: list[ErasureRequest]) -> list[Erasure]:
    """Ask for each that there is, and name the others."""
    from runtime import wiring
    from runtime.settings import read_settings

    asked = []
    async with wiring.open_kept(read_settings()) as kept:
        for request in requests:
            try:
                asked.append(await wiring.erasures(kept).ask(request))
            except UnknownUpload as error:
                print(f"veriscope: {error}", file=sys.stderr)
    return asked


async def _list(target: str | None, tenants: list[str] | None) -> list[Erasure]:
    from moderation.people import ALL_TENANTS, Tenants
    from runtime import wiring
    from runtime.settings import read_settings

    seen = Tenants.named(*tenants) if tenants else ALL_TENANTS
    async with wiring.open_kept(read_settings()) as kept:
        return await wiring.erasures(kept).erasures(seen, target=target, limit=_MOST)


async def _run() -> list[Erasure]:
    from runtime import wiring
    from runtime.settings import read_settings

    settings = read_settings()
    async with wiring.open_kept(settings) as kept:
        return await wiring.eraser(settings, kept, wiring.media_store(settings)).once()


def _row(one: Erasure) -> tuple[str, ...]:
    asked = one.asked_at.isoformat(timespec="minutes")
    what = f"{one.scope} {one.target}" if one.target else f"{one.uploads} uploads"
    reference = one.reference or "-"
    return (one.erasure_id, asked, one.asked_by, one.reason, reference, one.tenant, what, one.state)


def _line(erasure: Erasure) -> str:
    told: dict[str, Any] = asdict(erasure)
    return json_format.dumps(told, default=str)


def _show(counts: dict[str, int], *, json: bool, beside: bool = False) -> None:
    """What would become of it, by kind; for machines by table, as the proof will count it."""
    from runtime.cli.erasing import AFTERWARDS, kinds

    if json:
        print(json_format.dumps(counts))
        return
    rows = [(kind.name, count, kind.fate) for kind, count in kinds(counts)]
    if not rows:
        print("nothing is kept of it", file=sys.stderr if beside else None)
        return
    console = Console(stderr=beside)
    console.print(table_of(("what", "how many", "would"), rows))
    console.print(AFTERWARDS, highlight=False)
