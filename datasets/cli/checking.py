"""`verify` and `coverage`: what is wrong with a data set, and what is thin in it."""

from __future__ import annotations

import json as json_format
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from datasets.cli.options import ROOT, Json, Reference, Root, counted, out, plain, progress
from datasets.coverage import THIN, Coverage, cover
from datasets.errors import UnknownDataSet
from datasets.looks import looks_of
from datasets.records import Split
from datasets.registry import Registry, Stored
from datasets.verification import Finding, Kind, check_files, check_looks, check_tables
from datasets.withdrawal import refuse_unfinished

_MOST_SHOWN = 5
_MOST_VALUES = 8


def add_to(app: typer.Typer) -> None:
    app.command()(verify)
    app.command()(coverage)


def verify(
    references: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME[:VERSION]]…", help="Else the newest of every data set."),
    ] = None,
    looks: Annotated[
        bool, typer.Option(help="Decode clips and compare how they look (PDQ); slow once.")
    ] = True,
    root: Root = ROOT,
    json: Json = False,
) -> None:
    """Find missing, changed, duplicate and leaking clips; exit code 1 when something is wrong."""
    registry = Registry(root)
    refuse_unfinished(root)
    every = [registry.read(one) for one in references or _newest(registry)]
    findings = [*_file_findings(every), *check_tables(every)]
    if looks:
        findings += _look_findings(registry, every)
    if json:
        facts = [asdict(one) | {"wrong": one.wrong} for one in findings]
        print(json_format.dumps(facts, indent=1, ensure_ascii=False))
    else:
        _print_findings(every, findings)
    if any(one.wrong for one in findings):
        raise typer.Exit(1)


def _newest(registry: Registry) -> list[str]:
    newest = {one.partition(":")[0]: one for one in registry.references()}
    if not newest:
        raise UnknownDataSet(f"nothing in {registry.root}: start with `veriscope data import`")
    return list(newest.values())


def _file_findings(every: Sequence[Stored]) -> list[Finding]:
    total = sum(len({clip.path for clip in stored.clips}) for stored in every)
    with progress("hashing", total) as (bar, task):
        return [one for stored in every for one in check_files(stored, lambda: bar.advance(task))]


def _look_findings(registry: Registry, every: Sequence[Stored]) -> list[Finding]:
    with progress("looking", sum(len(stored.clips) for stored in every)) as (bar, task):
        found = [
            looks_of(stored, registry.folder(stored.dataset), lambda: bar.advance(task))
            for stored in every
        ]
    return list(check_looks(every, found))


def _print_findings(every: Sequence[Stored], findings: Sequence[Finding]) -> None:
    named = ", ".join(stored.dataset.reference for stored in every)
    clips = sum(len(stored.clips) for stored in every)
    counts = Counter(one.kind for one in findings)
    for kind in Kind:
        those = [one for one in findings if one.kind is kind]
        if those:
            _print_kind(kind, those)
    wrong = sum(one.wrong for one in findings)
    told = ", ".join(f"{counts[kind]:,} {kind.value.replace('_', '-')}" for kind in counts)
    state = f"[bold red]{wrong:,} wrong[/]" if wrong else "[bold green]nothing wrong[/]"
    out.print(f"{named}: {counted(clips, 'clip')}, {state}" + (f" ({told})" if told else ""))


def _print_kind(kind: Kind, those: Sequence[Finding]) -> None:
    colour = "red" if those[0].wrong else "yellow"
    out.print(f"[bold {colour}]{kind.value.replace('_', '-')}[/] ({len(those):,})")
    for one in those[:_MOST_SHOWN]:
        if one.kind is not Kind.LOOK_ALIKE:  # there is no more to say
            out.print(f"  {escape(plain(one.detail))}")
        for clip in one.clips[:3]:
            out.print(f"    {escape(plain(clip))}", style="dim", overflow="fold")
    if len(those) > _MOST_SHOWN:
        out.print(f"  … and {len(those) - _MOST_SHOWN:,} more (--json lists all)")


def coverage(
    reference: Reference,
    thin: Annotated[int, typer.Option(min=1, help="Fewer clips than these are thin.")] = THIN,
    picture: Annotated[Path | None, typer.Option(metavar="FILE.png", help="Draw it, too.")] = None,
    root: Root = ROOT,
    json: Json = False,
) -> None:
    """Show what a data set covers, and what is thin in it."""
    stored = Registry(root).read(reference)
    found = cover(stored.clips, thin)
    if picture is not None:
        from datasets.picture import draw_coverage

        draw_coverage(found, stored.dataset.reference, picture)
    if json:
        print(json_format.dumps(asdict(found), indent=1, ensure_ascii=False))
        return
    _print_coverage(stored.dataset.reference, found)
    if picture is not None:
        out.print(f"drawn: {escape(plain(str(picture)))}", overflow="fold")


def _print_coverage(reference: str, found: Coverage) -> None:
    people = f", {counted(found.subjects, 'person').replace('persons', 'people')}"
    out.print(f"[bold]{reference}[/]: {counted(found.clips, 'clip')}{people}")
    splits = [one for one in Split if any(one in cell.by_split for cell in found.cells)]
    cells = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("label", "method", "compression"):
        cells.add_column(column, overflow="fold")
    for column in ("clips", *splits):
        cells.add_column(column, justify="right")
    for cell in found.cells:
        numbers = [f"{cell.by_split.get(split, 0):,}" for split in splits]
        texts = (escape(plain(one)) for one in (cell.label, cell.method, cell.compression))
        cells.add_row(*texts, f"{cell.clips:,}", *numbers)
    out.print(cells)
    variables = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    variables.add_column("variable", no_wrap=True)
    variables.add_column("clips by value", overflow="fold")
    for name, counts in found.variables.items():
        variables.add_row(name.replace("_", " "), escape(plain(_told(counts))))
    out.print(variables)
    for line in found.thin[: 2 * _MOST_VALUES]:
        out.print(f"[yellow]thin[/]: {escape(plain(line))}")
    if len(found.thin) > 2 * _MOST_VALUES:
        out.print(f"… and {len(found.thin) - 2 * _MOST_VALUES} more (--json lists all)")


def _told(counts: dict[str, int]) -> str:
    if set(counts) == {"unknown"} or not any(n for v, n in counts.items() if v != "unknown"):
        return "unknown"
    shown = list(counts.items())[: _MOST_VALUES + 3]
    more = f", {len(counts) - len(shown)} others" if len(counts) > len(shown) else ""
    return ", ".join(f"{value} {count:,}" for value, count in shown) + more
