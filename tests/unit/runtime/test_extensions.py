from __future__ import annotations

import sys
from importlib.metadata import EntryPoint, version
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from moderation.errors import InvalidConfiguration
from runtime.cli import app
from runtime.cli.extensions import GROUP, add_to


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def with_extension(value: str) -> typer.Typer:
    tree = typer.Typer()
    tree.command("other")(lambda: None)
    add_to(tree, [EntryPoint(name="extra", value=value, group=GROUP)])
    return tree


def test_help_lists_extensions_without_loading_them(packages: Path) -> None:
    (packages / "ext_unloaded.py").write_text("raise SystemExit('loaded')")
    found = CliRunner().invoke(with_extension("ext_unloaded:app"), ["--help"])
    assert found.exit_code == 0
    assert "extra" in found.stdout
    assert "ext_unloaded" not in sys.modules


def test_an_extension_gets_its_arguments_as_they_were_given(packages: Path) -> None:
    (packages / "ext_echo.py").write_text(
        "import typer\n"
        "app = typer.Typer()\n"
        "@app.callback()\n"
        "def main(): ...\n"
        "@app.command()\n"
        "def say(words: list[str], times: int = 1):\n"
        "    print(words * times)\n"
    )
    tree = with_extension("ext_echo:app")
    found = CliRunner().invoke(tree, ["extra", "say", "a", "--times", "2", "--", "--b"])
    assert found.stdout.strip() == "['a', '--b', 'a', '--b']"


def test_a_missing_package_is_told_with_the_extra_that_brings_it(packages: Path) -> None:
    (packages / "ext_needs.py").write_text("import no_such_package.inner")
    found = CliRunner().invoke(with_extension("ext_needs:app"), ["extra"])
    assert isinstance(found.exception, InvalidConfiguration)
    told = "`extra` needs no_such_package: pip install 'veriscope[measuring]'"
    assert str(found.exception) == told


def test_torch_comes_with_the_training_extra(packages: Path) -> None:
    (packages / "ext_torch.py").write_text("raise ModuleNotFoundError('no', name='torch.nn')")
    found = CliRunner().invoke(with_extension("ext_torch:app"), ["extra"])
    assert str(found.exception).endswith("veriscope[training]'")


def test_an_extension_that_is_not_there_yet_is_told_in_one_line() -> None:
    found = CliRunner().invoke(with_extension("no_such_extension.cli:app"), ["extra"])
    assert isinstance(found.exception, InvalidConfiguration)
    assert "not part of this installation" in str(found.exception)


def test_the_product_lists_its_extensions_and_prints_its_version() -> None:
    listed = CliRunner().invoke(app, ["--help"]).stdout
    assert " data " in listed
    assert " bench " in listed
    found = CliRunner().invoke(app, ["--version"])
    assert (found.exit_code, found.stdout.strip()) == (0, version("veriscope"))
