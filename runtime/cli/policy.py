"""Commands for policies as code: check one, run the tests in it, see what another one changes."""

from __future__ import annotations

import asyncio
import json as json_format
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console, RenderableType

from moderation.upload import Lane
from runtime.cli.choosing import Since, Where, chosen
from runtime.cli.options import JsonWhole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moderation.fusion import Fusion
    from moderation.policy_changes import PolicyChange, Scope

app = typer.Typer(
    help="Policies as code: check, test, compare.\n\n"
    "A policy is a YAML file; docs/policies.md has its fields. Without FILE it is the one that "
    "VERISCOPE_POLICY names, else the packaged one.",
    no_args_is_help=True,
)

File = Annotated[Path | None, typer.Argument(help="A policy's YAML file.")]


@app.command()
def check(file: File = None) -> None:
    """See that a policy may judge: well formed, promises kept with the bundle, tests passed.

    It is what a worker does before it takes a policy.
    """
    from runtime.policies import read_policy, sound_policy

    path, fusion = _chosen(file), _fusion()
    policy, tests = sound_policy(path, fusion), read_policy(path).tests
    rules = f"{len(policy.rules)} rule{'s' * (len(policy.rules) != 1)}"
    promises = f"{len(tests)} test{'s' * (len(tests) != 1)} passed" if tests else "no tests in it"
    print(f"ok  {policy.name}, {rules}, {promises}, sha256 {policy.sha256[:12]}")


@app.command("test")
def run_tests(file: File = None) -> None:
    """Run the tests that stand in a policy; exit 1 when it breaks one, and say which and how."""
    from runtime.policies import read_policy

    read, fusion = read_policy(_chosen(file)), _fusion()
    broken = read.broken(fusion)
    for line in broken:
        print(f"FAIL  {line}")
    print(f"{len(read.tests) - len(broken)} of {len(read.tests)} tests passed")
    if broken:
        raise typer.Exit(1)


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(help="A policy's YAML file, or - for the packaged.")],
    after: Annotated[Path, typer.Argument(help="The one that is to take its place.")],
    since: Since = None,
    where: Where = None,
    json: JsonWhole = False,
) -> None:
    """Say what changes from one policy to another, and for whom.

    With --since or --where also how many of these uploads would come out otherwise, by what was
    recorded of them. Nothing is written.
    """
    from moderation.policy_changes import changes, scopes
    from runtime.policies import load_policy

    before, after = _packaged_or(before), _packaged_or(after)
    ours, theirs = load_policy(before), load_policy(after)
    found = changes(ours, theirs)
    uploads = _compared(before, after, since, where) if since or where else None
    if json:
        described = [_described(change, who) for change, who in found.items()]
        print(json_format.dumps({"settings": described, "uploads": uploads and uploads[0]}))
        return
    rest = "every other tenant" if len(scopes(ours, theirs)) > len(Lane) else "every tenant"
    for line in told(found, rest=rest):
        print(line)
    if uploads:
        print()
        Console().print(uploads[1], highlight=False)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a policy, for editors."""
    from runtime.documents.schemas import schemas

    print(schemas()["policy.schema.json"], end="")


def told(found: Mapping[PolicyChange, tuple[Scope, ...]], *, rest: str) -> list[str]:
    """One line a change; `rest` is what the tenants are called that no rule names."""
    if not found:
        return ["nothing changes"]
    return [
        f"{change.setting}: {_side(change.before)} → {_side(change.after)}  ({_whom(who, rest)})"
        for change, who in found.items()
    ]


def _compared(
    before: Path, after: Path, since: str | None, where: list[str] | None
) -> tuple[dict[str, object], RenderableType]:
    """What both make of uploads, as a document and as tables."""
    from monitoring.logs import configure
    from runtime.cli.changes_shown import as_json, shown
    from runtime.cli.replay import compared, console_link
    from runtime.settings import read_settings

    configure(level="error", json=False)
    settings, which = read_settings(), chosen(since, where, now=datetime.now(UTC))
    found = asyncio.run(compared(settings, which, before=before, after=after))
    link = console_link(settings)
    return as_json(found, link), shown(found, link)


def _packaged_or(file: Path) -> Path:
    from importlib import resources

    return (
        Path(str(resources.files("runtime") / "default_policy.yaml")) if str(file) == "-" else file
    )


def _side(value: str | None) -> str:
    return "not set" if value is None else value


def _whom(who: tuple[Scope, ...], rest: str) -> str:
    lanes: dict[str, list[str]] = {}
    for scope in who:
        lanes.setdefault(scope.tenant, []).append(scope.lane)
    return "; ".join(
        (rest if tenant == "*" else tenant) + ("" if len(found) > 1 else f", {found[0]} only")
        for tenant, found in lanes.items()
    )


def _described(change: PolicyChange, who: tuple[Scope, ...]) -> dict[str, object]:
    return {**asdict(change), "for": [asdict(scope) for scope in who]}


def _chosen(file: Path | None) -> Path | None:
    from runtime.settings import read_settings

    return file or read_settings().policy


def _fusion() -> Fusion:
    from runtime import wiring
    from runtime.settings import read_settings

    return wiring.chosen_bundle(read_settings()).fusion()
