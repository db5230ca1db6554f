from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main

from benchmarks.capacity import Plan, model_of
from benchmarks.speed.report import read_report
from benchmarks.speed.telling import in_short
from runtime.cli import app
from runtime.documents.settings import settings_page

ROOT = Path(__file__).parents[3]
PAPERS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *ROOT.glob("docs/*.md"),
]
LINK = re.compile(r"\]\(([^)#\s]+)\)")
COMMAND = re.compile(r"(?:^|[`/ ])veriscope ((?:[a-z][a-z-]+ ?)+)", re.MULTILINE)
VARIABLE = re.compile(r"VERISCOPE_[A-Z_]+[A-Z]")
OPTION = re.compile(r'envvar="(VERISCOPE_[A-Z_]+)"')
QUOTED = re.compile(r"`[^`\n]+`|^ *(?:\S*/)?(?:veriscope|make) .*$", re.MULTILINE)
TARGET = re.compile(r"make ([a-z-]+)")


def code_of(paper: Path) -> str:
    """What stands between backticks, and lines that are commands."""
    text = paper.read_text().replace("```", "")
    return "\n".join(QUOTED.findall(text))


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_every_link_leads_to_something(paper):
    for link in LINK.findall(paper.read_text()):
        if not link.startswith("http"):
            assert (paper.parent / link).exists(), link


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_every_variable_that_is_named_is_read(paper):
    known = set(VARIABLE.findall(settings_page()))
    for file in (ROOT / "datasets").rglob("*.py"):
        known |= set(OPTION.findall(file.read_text()))
    for variable in VARIABLE.findall(paper.read_text()):
        assert any(name.startswith(variable) for name in known), variable


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_every_target_of_make_that_is_named_exists(paper):
    rules = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(TARGET.findall(code_of(paper))) <= rules


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_every_command_that_is_named_exists(paper):
    tree = typer.main.get_command(app)
    for words in COMMAND.findall(code_of(paper)):
        commands = getattr(tree, "commands", {})
        first, *rest = words.split()
        assert first in commands, words
        inner = getattr(commands[first], "commands", None)
        if inner is not None and rest:
            assert rest[0] in inner, words


@pytest.mark.parametrize("result", ["chaos", "overload", "fuzz"])
def test_the_readme_quotes_what_was_run_in_full_length(result):
    """Its figures stand there as the suites wrote them, line by line."""
    told = (ROOT / "docs" / "results" / f"{result}.txt").read_text().splitlines()
    heading = re.compile(
        r"\d+ (?:faults|verdicts|urgent uploads)|urgent within|seed \d+: \d+ altered"
    )
    quoted = [line for line in told if heading.match(line)]
    assert quoted
    assert all(line in (ROOT / "README.md").read_text() for line in quoted)


def test_the_readme_and_the_capacity_model_have_the_figures_of_the_last_benchmark():
    report = read_report(ROOT / "benchmarks" / "results" / "speed.json")
    assert in_short(report) in (ROOT / "README.md").read_text()
    assert model_of(report, Plan()) in (ROOT / "docs" / "capacity.md").read_text()


def test_all_growths_are_within_their_goals_as_the_readme_says():
    report = read_report(ROOT / "benchmarks" / "results" / "growth.json")
    growths = [growth for findings in report.findings for growth in findings.growths]
    assert len(growths) == 9
    assert all(growth.met for growth in growths)
