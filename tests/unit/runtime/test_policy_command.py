"""The commands for policies, as operators run them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from runtime.cli.main import app
from runtime.documents.schemas import schemas

RUNNER = CliRunner()
POLICY = """\
name: mine
rules:
  - tenant: "*"
    thresholds: {suspect: 0.5, fake: 0.8}
tests:
  - name: from fake on it is held back
    given: {score: 0.8}
    expect: {label: fake, action: withhold}
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY)
    return path


def run(*arguments: object) -> tuple[int, str]:
    result = RUNNER.invoke(app, ["policy", *map(str, arguments)])
    return result.exit_code, result.output


def test_the_packaged_policy_is_checked_and_tested_where_none_is_named() -> None:
    code, said = run("check")
    assert code == 0
    assert said.startswith("ok  default, 1 rule, ")
    assert run("test")[0] == 0


def test_a_policy_that_passes_says_how_many_tests(policy: Path) -> None:
    assert run("test", policy) == (0, "1 of 1 tests passed\n")


def test_a_broken_test_is_told_with_its_line_and_the_command_fails(policy: Path) -> None:
    policy.write_text(POLICY.replace("fake: 0.8}", "fake: 0.9}"))
    code, said = run("test", policy)
    assert code == 1
    assert f"FAIL  policy {policy}:6: from fake on it is held back: label is suspect" in said
    assert "0 of 1 tests passed" in said


def test_a_difference_is_told_by_what_holds_and_for_whom(policy: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    rule = "rules:\n  - {tenant: acme, lane: live, thresholds: {suspect: 0.4, fake: 0.8}}\n"
    other.write_text(POLICY.replace("rules:\n", rule))
    assert run("diff", policy, other) == (0, "thresholds.suspect: 0.5 → 0.4  (acme, live only)\n")
    (change,) = json.loads(run("diff", policy, other, "--json")[1])["settings"]
    assert change["for"] == [{"tenant": "acme", "lane": "live"}]


def test_a_changed_comment_changes_nothing_that_holds(policy: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("# the same\n" + POLICY)
    assert run("diff", policy, other) == (0, "nothing changes\n")


def test_the_schema_is_the_committed_one() -> None:
    assert run("schema") == (0, schemas()["policy.schema.json"])
