"""`withdraw`: someone takes back their consent."""

from __future__ import annotations

import json as json_format
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from datasets.cli.options import ROOT, Json, Root, counted, out, plain
from datasets.errors import DataSetRefused
from datasets.registry import Registry
from datasets.trained import Trained, trained_on
from datasets.withdrawal import Plan, carry_out, plan, refuse_unfinished, resume

_BUNDLES = [Path("inference/models"), Path(".veriscope")]


def add_to(app: typer.Typer) -> None:
    app.command()(withdraw)


def withdraw(
    subject: Annotated[str | None, typer.Argument(help="As the clip table names them.")] = None,
    dataset: Annotated[
        str | None, typer.Option(metavar="NAME", help="Where the name occurs in several.")
    ] = None,
    bundles: Annotated[
        list[Path] | None,
        typer.Option(help="Folder to look for models in; repeatable.", show_default=False),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it, remove nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    resume_: Annotated[
        bool, typer.Option("--resume", help="Finish one that was interrupted.")
    ] = False,
    root: Root = ROOT,
    json: Json = False,
) -> None:
    """Remove a person's clips, their forgeries, and all that was made from them; for good.

    The media files are deleted from the disk. A salted hash stays, so that importing again does
    not bring them back. Models are listed, not changed.
    """
    registry = Registry(root)
    if resume_:
        done = resume(registry)
        out.print(f"finished: {counted(done, 'clip')} removed" if done else "nothing to finish")
        return
    if subject is None:
        raise DataSetRefused("say who withdraws: veriscope data withdraw SUBJECT")
    refuse_unfinished(root)
    for folder in bundles or ():
        if not folder.is_dir():
            raise DataSetRefused(f"there is no folder {folder} to look for models in")
    wanted = plan(registry, subject, dataset)
    references = {reference for reference, _ in wanted.clips}
    models = list(trained_on(bundles or _BUNDLES, references))
    if json:
        print(json_format.dumps(_facts(wanted, models, dry_run), indent=1, ensure_ascii=False))
    else:
        _print_plan(subject, wanted, models, dry_run)
    if dry_run:
        return
    if not yes and not typer.confirm("Delete all of this from the disk?", err=True):
        raise typer.Exit(1)
    carry_out(registry, wanted)
    if not json:
        out.print("removed")


def _facts(wanted: Plan, models: list[Trained], dry_run: bool) -> dict[str, object]:
    return {
        "dry_run": dry_run,
        "clips": [{"data_set": reference, "clip_id": clip} for reference, clip in wanted.clips],
        "files": wanted.files,
        "derived": wanted.faces,
        "left_alone": wanted.left_alone,
        "models": [
            {
                "bundle": m.bundle,
                "path": str(m.path),
                "data_set": m.data_set,
                "used_for": m.used_for,
            }
            for m in models
        ],
    }


def _print_plan(subject: str, wanted: Plan, models: list[Trained], dry_run: bool) -> None:
    verb = "would remove" if dry_run else "removes"
    out.print(f"[bold]{escape(plain(subject))}[/] of {wanted.dataset}: {verb}")
    for reference, count in sorted(Counter(name for name, _ in wanted.clips).items()):
        out.print(f"  {counted(count, 'clip')} from {reference}")
    out.print(f"  {counted(len(wanted.files), 'media file')} from the disk")
    for path, count in wanted.faces.items():
        out.print(f"  {counted(count, 'derived file')} in {escape(plain(path))}")
    for path in wanted.left_alone:
        out.print(f"  [yellow]not marked as ours, look yourself:[/] {escape(plain(path))}")
    if not models:
        out.print("no bundle that was looked at names these data sets")
        return
    out.print("[yellow]models made with these data sets[/] (train them again without):")
    for model in models:
        told = f"{model.bundle}: {model.data_set}, {model.used_for}, {model.path}"
        out.print(f"  {escape(plain(told))}", overflow="fold")
