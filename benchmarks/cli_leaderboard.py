"""The commands of the leaderboard."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from benchmarks.options import AtMost, Equalise, Methods, Processes, Root, WithoutGroups
from moderation.errors import InvalidConfiguration

PublicPart = Annotated[Path, typer.Argument(help="The task's public part.")]
Board = Annotated[Path, typer.Option(help="A folder for the submissions.")]


def add_to(app: typer.Typer) -> None:
    for command in (blind, baselines, submit, board):
        app.command()(command)


def blind(
    data: Annotated[str, typer.Argument(help="A data set of the registry: NAME[:VERSION].")],
    out: Annotated[Path, typer.Option(help="The public part, for submitters.")],
    secret: Annotated[Path, typer.Option(help="The secret part, for the organiser alone.")],
    root: Root = Path(".veriscope/datasets"),
    name: Annotated[str, typer.Option(help="Of the task; that of the data set.")] = "",
    split: str = "",
    method: Methods = None,
    at_most: AtMost = 0,
    without_groups: WithoutGroups = None,
    public: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the forgeries with open labels.")
    ] = 0.5,
    private_method: Annotated[
        list[str] | None, typer.Option(help="Forgeries in the private share alone.")
    ] = None,
    equalise: Equalise = "",
) -> None:
    """Make a task: media under new names, and the labels in two parts."""
    from benchmarks.clips import clips_of, will_derive
    from benchmarks.leaderboard.blinding import Blinding, blind
    from benchmarks.leaving_out import listed

    clips = clips_of(
        data, root, split=split, methods=method, at_most=at_most, without=listed(without_groups)
    )
    wish = Blinding(
        name=name or data,
        public=public,
        private_methods=private_method or (),
        equalise=equalise,
    )
    blind(clips, wish, out, secret, before=lambda: will_derive(data, root, folders=[out, secret]))
    print(f"{len(clips)} clips in {out}; keep {secret} to yourself")


def baselines(
    task: PublicPart,
    out: Annotated[Path, typer.Option(help="A folder for the CSV files.")],
    table: Annotated[
        Path | None, typer.Option(help="Scores of the task's media, kept from `submit`.")
    ] = None,
) -> None:
    """Write submissions of what needs no detector: a constant, sharpness, sizes, …"""
    from benchmarks.leaderboard.entering import score_task
    from benchmarks.leaderboard.submission import write_scores
    from benchmarks.leaderboard.task import read_task
    from benchmarks.leaderboard.trivially import baselines
    from benchmarks.table import ScoreTable

    read = read_task(task)
    with TemporaryDirectory(prefix="veriscope-") as folder:  # a withdrawal would not find it
        file = Path(folder) / "scores.parquet"
        scored = ScoreTable.read(table) if table else score_task(read, None, file)
    for name, scores in baselines(read, scored).items():
        write_scores(out / f"{name}.csv", scores)
        print(out / f"{name}.csv")


def submit(
    task: PublicPart,
    submission: Annotated[Path, typer.Argument(help="A CSV clip_id,score; or a bundle.")],
    secret: Annotated[Path, typer.Option(help="The task's secret part.")],
    name: Annotated[str, typer.Option(help="Under which it is listed.")],
    to: Board = Path("leaderboard"),
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="Fit probabilities on the public labels first.")
    ] = False,
    what: Annotated[str, typer.Option(help="scores or baseline; bundle for a bundle.")] = "",
    tables: Annotated[
        Path | None, typer.Option(help="Where a bundle's scores are kept; in the secret part.")
    ] = None,
    processes: Processes = 1,
) -> None:
    """Score a submission on labels that the submitter does not see, and list it."""
    from benchmarks.leaderboard.board import Board, evaluate
    from benchmarks.leaderboard.calibrating import calibrated
    from benchmarks.leaderboard.entering import received
    from benchmarks.leaderboard.task import TABLES, read_secret, read_task

    read = read_task(task)
    known = read_secret(secret, read)
    # What is cut out of media lies where a withdrawal deletes it: in what `blind` registered.
    taken = received(submission, read, tables or secret / TABLES, processes=processes)
    kind = "bundle" if taken.bundle else what or "scores"
    entry = evaluate(
        name,
        f"calibrated {kind}" if calibrate else kind,
        calibrated(taken.scores, read) if calibrate else taken.scores,
        read,
        known,
        at=datetime.now(UTC),
        bundle=taken.bundle,
    )
    print(Board(to, read).enter(entry))


def board(
    task: PublicPart,
    of: Annotated[Path, typer.Option(help="The folder of the submissions.")] = Path("leaderboard"),
    out: Annotated[Path | None, typer.Option(help="A Markdown file; else print it.")] = None,
) -> None:
    """Write the leaderboard as Markdown."""
    from benchmarks.leaderboard.board import Board
    from benchmarks.leaderboard.page import page
    from benchmarks.leaderboard.task import read_task

    read = read_task(task)
    if not of.is_dir():
        raise InvalidConfiguration(f"there is no folder of submissions at {of}: --of names it")
    text = page(read, Board(of, read).entries())
    if out:
        out.write_text(text)
    else:
        print(text)
