"""Commands for bundles of detectors: look at them, bring others, choose the one that serves."""

from __future__ import annotations

import json as json_format
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from runtime.cli.columns import whole_lines
from runtime.cli.options import JsonWhole
from runtime.cli.shadow import shadow, shadow_files

if TYPE_CHECKING:
    from inference.bundles.bundle import Bundle
    from inference.bundles.store import BundleStore

app = typer.Typer(
    help="Bundles of detectors: what serves, and what may.\n\n"
    "A bundle is a folder with models, calibration, model card and a manifest that pins every "
    "file; docs/models.md says how to bring your own.",
    no_args_is_help=True,
)

app.command("shadow")(shadow)
app.command("shadow-files")(shadow_files)

Title = Annotated[str, typer.Argument(help="NAME:VERSION, as `list` prints it.")]


@app.command("list")
def list_(json: JsonWhole = False) -> None:
    """List the bundles that are there, and which one serves."""
    from moderation.errors import InvalidConfiguration
    from runtime.cli.bundle_tables import listing, summary

    try:
        serving, fault = _chosen().identity, None
    except InvalidConfiguration as error:  # the list is where an operator looks then
        serving, fault = None, error
    rows = [summary(entry, serving=serving) for entry in _store().entries()]
    if json:
        for row in rows:
            print(json_format.dumps(row))
    else:
        whole_lines().print(listing(rows))
    if fault is not None:
        raise fault


@app.command()
def show(
    title: Annotated[
        str, typer.Argument(help="NAME:VERSION; the one that serves if left out.")
    ] = "",
    json: JsonWhole = False,
    card: Annotated[
        bool, typer.Option("--card", help="All: figures, data sets with licences, model card.")
    ] = False,
) -> None:
    """Show what a bundle is: detectors and thresholds; with `--card` all that it says of itself."""
    from runtime.cli.bundle_tables import describe, page

    bundle = _store().find(title) if title else _chosen()
    if json:
        print(json_format.dumps(describe(bundle), indent=2))
        return
    for part in page(bundle, card=card):
        Console().print(part)


@app.command()
def verify(
    what: Annotated[
        str, typer.Argument(help="NAME:VERSION, a bundle's folder or ZIP; all if left out.")
    ] = "",
) -> None:
    """Compare every file with the manifest, and every model with the contract."""
    import tempfile

    from inference.bundles.archives import unpack
    from inference.bundles.bundle import read_bundle
    from moderation.errors import InvalidConfiguration

    if Path(what).is_file():
        with tempfile.TemporaryDirectory() as place:
            unpack(Path(what), Path(place))
            _verified(read_bundle(Path(place)))
        return
    if what:
        named = Path(what) if Path(what).is_dir() else _store().find(what).folder
        _verified(read_bundle(named))
        return
    failed = 0
    for entry in _store().entries():
        try:
            _verified(read_bundle(entry.folder))
            if entry.fault:
                raise InvalidConfiguration(entry.fault)
        except InvalidConfiguration as error:
            failed += 1
            _print(f"[red]FAIL[/] {escape(str(error))}")
    if failed:
        raise typer.Exit(1)


@app.command("import")
def import_(
    source: Annotated[Path, typer.Argument(help="A bundle's folder, or its ZIP.")],
    trust_code: Annotated[
        bool,
        typer.Option("--trust-code", help="Accept programs in it that are not Veriscope's own."),
    ] = False,
) -> None:
    """Verify a bundle and install it; it does not serve before it is promoted."""
    bundle = _store().install(source, trust_code=trust_code, say=_say)
    print(f"{bundle.manifest.title} is at {bundle.folder.absolute()}")
    print(f"to let it serve: veriscope models promote {bundle.manifest.title}")


@app.command()
def export(
    title: Title,
    path: Annotated[Path, typer.Argument(help="A ZIP that does not exist yet.")],
) -> None:
    """Write a bundle as one file, for `import` elsewhere."""
    _store().export(title, path)
    print(f"{title} is in {path}")


@app.command()
def promote(title: Title) -> None:
    """Let a bundle serve, from the next start of the workers on."""
    _announce(_store().promote(title, at=datetime.now(UTC)))


@app.command()
def rollback() -> None:
    """Take the last promotion back, from the next start of the workers on."""
    _announce(_store().rollback(at=datetime.now(UTC)))


@app.command()
def history(json: JsonWhole = False) -> None:
    """Tell which bundles were promoted and rolled back, oldest first."""
    entries = _store().history()
    if not (entries or json):
        print("no history")
    for entry in entries:
        facts = {
            "at": entry.at.isoformat(timespec="seconds"),
            "did": entry.did,
            "bundle": entry.bundle,
            "sha256": entry.sha256,
        }
        print(json_format.dumps(facts) if json else "  ".join(facts.values()))


def _store() -> BundleStore:
    from runtime import wiring
    from runtime.settings import read_settings

    return wiring.bundle_store(read_settings())


def _chosen() -> Bundle:
    from runtime import wiring
    from runtime.settings import read_settings

    return wiring.chosen_bundle(read_settings())


def _verified(bundle: Bundle) -> None:
    _print(f"[green]ok[/]   {bundle.manifest.title}, {len(bundle.manifest.files)} files as pinned")


def _announce(bundle: Bundle) -> None:
    """Say what has to happen for a bundle to serve: Triton first, for workers compare."""
    from runtime.embedded.triton import CPU, model_options
    from runtime.settings import read_settings

    named = read_settings().scoring.bundle
    options = model_options(bundle.folder, [one.model for one in bundle.manifest.models])
    print(f"{bundle.manifest.title} serves from the next start on:")
    print(f"1. start Triton with {shlex.join(options)}")
    print(f"   and, where there is no GPU, with --model-config-name={CPU}")
    print("2. restart the workers (`veriscope up` does both)")
    if named and named != bundle.manifest.title:
        print(f"VERISCOPE_SCORING__BUNDLE={named} goes before it: unset it first")


def _say(step: str) -> None:
    _print(f"[dim]·[/dim] {escape(step)}")


def _print(line: str) -> None:
    Console().print(line, highlight=False, soft_wrap=True)
