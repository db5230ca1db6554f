"""`import`, `list` and `split`: what fills the registry and shows it."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from datasets.cli.options import ROOT, Json, Reference, Root, counted, out, plain, progress
from datasets.description import uses_of
from datasets.errors import DataSetRefused
from datasets.files import held
from datasets.importing import Imported, Wish, bring_in
from datasets.licences import material_of, permission
from datasets.records import Split, Use
from datasets.registry import Registry
from datasets.splitting import Assigned, assign, shares_of
from datasets.withdrawal import refuse_unfinished

_MOST_LINES = 8


def add_to(app: typer.Typer) -> None:
    app.command("import")(import_)
    app.command("list")(list_)
    app.command()(split)


def import_(
    source: Annotated[Path, typer.Argument(help="Folder, or CSV or JSON file, of the data set.")],
    name: Annotated[str | None, typer.Option(help="Name; else that of the layout.")] = None,
    version: Annotated[str, typer.Option(help="Importing a version again replaces it.")] = "1",
    layout: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="LAYOUT",
            help="faceforensics, celebdf, dfdc, recordings, deepfakebench, folders or manifest; "
            "else recognised.",
        ),
    ] = None,
    media: Annotated[Path | None, typer.Option(help="Where paths start, if elsewhere.")] = None,
    licence: Annotated[str | None, typer.Option(help="Licence of what states none.")] = None,
    use: Annotated[
        list[str] | None,
        typer.Option(help="training=yes|research|no|unknown; evaluation=…; repeatable."),
    ] = None,
    consent: Annotated[str | None, typer.Option(help="On what consent it rests.")] = None,
    origin: Annotated[str | None, typer.Option("--source", help="Where it comes from.")] = None,
    contact: Annotated[str | None, typer.Option(help="Whom to ask, and to tell.")] = None,
    root: Root = ROOT,
) -> None:
    """Bring a data set into the registry: its media stay where they are."""
    told: dict[str, Any] = {
        "name": name,
        "licence": licence,
        "consent": consent,
        "source": origin,
        "contact": contact,
        "uses": _uses(use or []),
    }
    wish = Wish(source=source, layout=layout, media=media, version=version, told=told)
    with progress("hashing", None) as (bar, task):
        found = bring_in(
            Registry(root), wish, lambda done, of: bar.update(task, completed=done, total=of)
        )
    _print_imported(found)


def _uses(written: list[str]) -> dict[Any, Any]:
    parts = [one.partition("=") for one in written]
    if any(not mark for _, mark, _ in parts):
        raise DataSetRefused("--use is written like training=research")
    return dict(uses_of({name: value for name, _, value in parts}))


def _print_imported(found: Imported) -> None:
    reference = found.dataset.reference
    out.print(f"[bold]{reference}[/]: {counted(found.clips, 'clip')}, read as {found.layout}")
    lines = found.left_out
    if found.withdrawn:
        lines = [f"{counted(found.withdrawn, 'clip')} of people who withdrew", *lines]
    for line in lines[:_MOST_LINES]:
        out.print(f"  [yellow]left out[/]: {escape(plain(line))}")
    if len(lines) > _MOST_LINES:
        out.print(f"  … and {len(lines) - _MOST_LINES} more")
    out.print(f"next: veriscope data verify {reference}", style="dim")


def list_(root: Root = ROOT, json: Json = False) -> None:
    """Show what the registry holds, and what it may be used for."""
    registry = Registry(root)
    found = [registry.describe(reference) for reference in registry.references()]
    if json:
        print(json_format.dumps([_facts(one) for one in found], indent=1, ensure_ascii=False))
        return
    if not found:
        out.print(f"nothing in {root}: start with `veriscope data import FOLDER`")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("data set", "clips", "licence", "training", "evaluation", "consent"):
        table.add_column(column, justify="right" if column == "clips" else "left", overflow="fold")
    for one in found:
        facts = _facts(one)
        cells = [facts["data_set"], f"{one.clips:,}", *map(str, (facts["licence"],))]
        cells += [facts["training"], facts["evaluation"], facts["consent"]]
        table.add_row(*(escape(plain(cell)) for cell in cells))
    out.print(table)
    refuse_unfinished(root)


def _facts(one: Any) -> dict[str, Any]:
    dataset = one.dataset
    facts = {"data_set": dataset.reference, "clips": one.clips, "licence": dataset.licence}
    if dataset.licences:
        facts["licence"] = f"{counted(len(dataset.licences), 'licence')}, by row"
    licences = list(dataset.licences) or [""]
    for use in Use:
        found = {permission(material_of(dataset, licence), use).value for licence in licences}
        facts[use.value] = ", ".join(sorted(found))
    return facts | {
        "consent": dataset.consent,
        "source": dataset.source,
        "contact": dataset.contact,
    }


def split(
    reference: Reference,
    shares: Annotated[str, typer.Option(help="Shares of clips, 1 in all.")] = (
        "train=0.8,validation=0.1,test=0.1"
    ),
    seed: Annotated[int, typer.Option(help="The same seed gives the same splits.")] = 1,
    ignore_official: Annotated[
        bool, typer.Option("--ignore-official", help="Also split anew what its makers split.")
    ] = False,
    root: Root = ROOT,
) -> None:
    """Give every clip a split; people, originals and their forgeries stay together."""
    registry, wanted = Registry(root), shares_of(shares)
    with held(root):
        refuse_unfinished(root)
        stored = registry.read(reference)
        found = assign(stored.clips, wanted, seed=seed, keep_official=not ignore_official)
        registry.write(stored.dataset, found.clips)
    _print_split(stored.dataset.reference, found, wanted)


def _print_split(reference: str, found: Assigned, wanted: dict[Split, float]) -> None:
    total = max(sum(found.counts.values()), 1)
    out.print(f"[bold]{reference}[/]: {total:,} clips in {counted(found.groups, 'group')}")
    for one, count in found.counts.items():
        share = f" (of {wanted[one]:.0%} asked)" if one in wanted else ""
        out.print(f"  {one.value:11} {count:>9,}  {count / total:>4.0%}{share}")
    if found.contradictory:
        out.print(
            f"  [yellow]{found.contradictory:,} clips are in groups that the official splits tear "
            "apart[/]: `verify` tells which"
        )
    if found.largest_group > total * max(wanted.values()):
        out.print(
            f"  [yellow]one group holds {found.largest_group:,} clips[/], tied by people or "
            "originals: the shares cannot be met"
        )
