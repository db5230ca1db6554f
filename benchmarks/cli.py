"""`veriscope bench`: how good a bundle is. Each command imports what it needs when it runs."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from benchmarks.cli_leaderboard import add_to
from benchmarks.options import AtMost, Equalise, Methods, Processes, Root, WithoutGroups
from moderation.errors import InvalidConfiguration

app = typer.Typer(
    name="bench",
    help="Measure bundles: score clips, then draw figures, tables and pictures from the scores.",
    no_args_is_help=True,
)
add_to(app)

_NEEDED = ("pyarrow", "sklearn", "scipy", "matplotlib", "tqdm")

DataSet = Annotated[str, typer.Option(help="A data set of the registry: NAME[:VERSION].")]
Bundle = Annotated[Path | None, typer.Option(help="A bundle's folder; the packaged one.")]
PolicyFile = Annotated[Path | None, typer.Option(help="A policy; the packaged one.")]
Packs = Annotated[
    Path | None, typer.Option(help="Where to keep what was extracted, for the next bundle.")
]
Samples = Annotated[int, typer.Option(min=1, help="Draws behind an interval.")]
Seed = Annotated[int, typer.Option(help="Of the draws.")]
ComparisonsFile = Annotated[Path | None, typer.Option(help="Which fakes against which reals.")]


@app.callback()
def check_extra() -> None:
    """
    Raises:
        InvalidConfiguration: the packages of the extra are not installed.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise InvalidConfiguration(
            f"bench needs {', '.join(missing)}: pip install 'veriscope[measuring]'"
        )


@app.command()
def score(
    data: DataSet,
    out: Annotated[Path, typer.Option(help="The score table, Parquet.")],
    root: Root = Path(".veriscope/datasets"),
    split: str = "",
    method: Methods = None,
    at_most: AtMost = 0,
    without_groups: WithoutGroups = None,
    bundle: Bundle = None,
    policy: PolicyFile = None,
    equalise: Equalise = "",
    distort: Annotated[str, typer.Option(help="KIND:STRENGTH, as jpeg:strong.")] = "",
    left_out: Annotated[str, typer.Option(help="What the bundle was trained without.")] = "",
    packs: Packs = None,
    processes: Processes = 1,
) -> None:
    """Score a data set by the serving code. Stopped and started again it goes on."""
    from benchmarks.clips import clips_of, will_derive
    from benchmarks.leaving_out import listed
    from benchmarks.running import journal_of, score_clips
    from benchmarks.serving import Wish

    clips = clips_of(
        data, root, split=split, methods=method, at_most=at_most, without=listed(without_groups)
    )
    wish = Wish(
        bundle=bundle,
        policy=policy,
        equalise=equalise,
        distortion=distort,
        left_out=left_out,
        packs=packs,
    )
    kept = [packs] if packs else []

    def before() -> None:
        will_derive(data, root, folders=kept, files=[out, journal_of(out)])

    table = score_clips(clips, wish, out, processes=processes, before=before)
    print(f"{len(table)} clips in {out}")


@app.command()
def measure(
    tables: Annotated[list[Path], typer.Argument(help="Score tables of one bundle.")],
    out: Annotated[Path | None, typer.Option(help="Results, JSON.")] = None,
    comparisons: ComparisonsFile = None,
    without_groups: WithoutGroups = None,
    samples: Samples = 1000,
    seed: Seed = 1,
) -> None:
    """Figures with intervals: comparisons, methods by compression, slices, curves."""
    from benchmarks import telling
    from benchmarks.comparisons import PACKAGED, load_comparisons
    from benchmarks.leaving_out import listed
    from benchmarks.measuring import Draws, measure
    from benchmarks.results import write_results
    from benchmarks.table import ScoreTable

    read, names = [ScoreTable.read(table) for table in tables], listed(without_groups)
    found = measure(
        read,
        load_comparisons(comparisons or PACKAGED),
        draws=Draws(samples=samples, seed=seed),
        without_groups=names,
    )
    if out:
        write_results(found, out)
    if names:  # a list of other clips would leave nothing out, and nobody would see it
        kept = sum(len(table.without(names)) for table in read)
        print(f"{sum(map(len, read)) - kept} of {sum(map(len, read))} clips left out")
    Console().print(*telling.of_measurement(found), sep="\n")


@app.command()
def generalisation(
    tables: Annotated[list[Path], typer.Argument(help="Score tables, or folders of them.")],
    out: Annotated[Path | None, typer.Option(help="Results, JSON.")] = None,
    by: Annotated[Literal["method", "data_set"], typer.Option()] = "method",
    comparisons: ComparisonsFile = None,
    samples: Samples = 1000,
    seed: Seed = 1,
) -> None:
    """Bundles trained without a method or a data set, measured on all of them."""
    from benchmarks import telling
    from benchmarks.comparisons import load_comparisons
    from benchmarks.generalisation import generalisation
    from benchmarks.measuring import Draws
    from benchmarks.results import write_results
    from benchmarks.table import ScoreTable

    files = [
        f for one in tables for f in (sorted(one.glob("*.parquet")) if one.is_dir() else [one])
    ]
    found = generalisation(
        [ScoreTable.read(file) for file in files],
        by=by,
        comparisons=load_comparisons(comparisons) if comparisons else (),
        draws=Draws(samples=samples, seed=seed),
    )
    if out:
        write_results(found, out)
    Console().print(telling.of_generalisation(found))


@app.command()
def robustness(
    data: DataSet,
    tables: Annotated[Path, typer.Option(help="A folder for the score tables.")],
    out: Annotated[Path | None, typer.Option(help="Results, JSON.")] = None,
    root: Root = Path(".veriscope/datasets"),
    split: str = "",
    method: Methods = None,
    at_most: AtMost = 50,
    without_groups: WithoutGroups = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only these distortions.")] = None,
    bundle: Bundle = None,
    policy: PolicyFile = None,
    comparisons: ComparisonsFile = None,
    packs: Packs = None,
    processes: Processes = 1,
    samples: Samples = 1000,
) -> None:
    """What each distortion costs, at each strength. Tables that are there are not made again."""
    from benchmarks import telling
    from benchmarks.clips import clips_of, will_derive
    from benchmarks.comparisons import PACKAGED, load_comparisons
    from benchmarks.distortions import every
    from benchmarks.leaving_out import listed
    from benchmarks.measuring import Draws
    from benchmarks.results import write_results
    from benchmarks.robustness import robustness, score_distorted
    from benchmarks.serving import Wish

    clips = clips_of(
        data, root, split=split, methods=method, at_most=at_most, without=listed(without_groups)
    )
    wanted = [one for one in every() if not kind or one.kind in kind]
    will_derive(data, root, folders=[tables, *([packs] if packs else [])])
    plain, distorted = score_distorted(
        clips, Wish(bundle=bundle, policy=policy, packs=packs), tables, wanted, processes=processes
    )
    found = robustness(
        plain,
        distorted,
        load_comparisons(comparisons or PACKAGED),
        draws=Draws(samples=samples),
    )
    if out:
        write_results(found, out)
    Console().print(telling.of_robustness(found))


@app.command()
def pictures(
    results: Annotated[list[Path], typer.Argument(help="Results files of any kind.")],
    out: Annotated[Path, typer.Option(help="A folder.")] = Path("docs/pictures"),
) -> None:
    """Draw everything that results files hold."""
    from benchmarks.pictures import draw_all

    for path in draw_all(results, out):
        print(path)


@app.command()
def schema() -> None:
    """Print the JSON Schema of results files."""
    import json

    from benchmarks.results import results_schema

    print(json.dumps(results_schema(), indent=1))
