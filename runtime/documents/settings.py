"""A page of every setting: its variable, its default, its bounds and what it means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeGuard, Union, get_args, get_origin

import typer.main
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from runtime.cli import app
from runtime.settings import Settings
from runtime.settings.securing import SignedIn

# What is asked of the machine would make the page another one on each machine.
_ASKED_OF_THE_MACHINE = {"VERISCOPE_DECODING__PROCESSES": "one a core"}

_TITLES = {"http": "HTTP"}

_LAST = SignedIn.model_fields  # what a connection leads to stands above how it is secured

_HEAD = """\
# Settings

Written by `make docs` from `runtime/settings`; do not edit.

Every setting is a variable of the environment, and every one has a default. Durations are written
in seconds (`90`) or as ISO 8601 (`PT90S`, `PT10M`, `P1D`); lists as JSON (`["one", "two"]`).
A value that is not allowed stops the start with one line that names the variable and does not
repeat the value. `veriscope doctor` uses every part once and says what to do about those that fail.
"""

_TAIL = """\
## Buckets

Credentials and addresses of `s3://`, `gs://` and `az://` are no settings of Veriscope: they are
read from the variables that the clouds' own tools use (`AWS_ACCESS_KEY_ID`,
`AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT_URL`, `AWS_ALLOW_HTTP`,
`GOOGLE_APPLICATION_CREDENTIALS`, `AZURE_STORAGE_ACCOUNT_NAME`, …).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    variable: str
    default: str
    allowed: str
    meaning: str


def settings_page() -> str:
    """Return the page as Markdown."""
    parts = [_HEAD, _table("General", "", _rows(Settings, "VERISCOPE_"))]
    for name, section in _sections():
        title = _TITLES.get(name, name.capitalize())
        parts.append(_table(title, (section.__doc__ or "").strip(), _rows(section, _prefix(name))))
    parts.append(_table("Command line", "Read by single commands.", _options()))
    parts.append(_TAIL)
    return "\n".join(parts)


def _sections() -> Iterator[tuple[str, type[BaseModel]]]:
    for name, field in Settings.model_fields.items():
        if _is_section(field.annotation):
            yield name, field.annotation


def _prefix(section: str) -> str:
    return f"VERISCOPE_{section.upper()}__"


def _is_section(annotation: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _rows(model: type[BaseModel], prefix: str) -> Iterator[_Row]:
    for name, field in sorted(model.model_fields.items(), key=lambda named: named[0] in _LAST):
        if not _is_section(field.annotation):
            variable = prefix + name.upper()
            yield _Row(
                variable=variable,
                default=_ASKED_OF_THE_MACHINE.get(variable) or shown_default(field.default),
                allowed=_allowed(field),
                meaning=field.description or "",
            )


def _options() -> Iterator[_Row]:
    """Options of the command line that a variable may stand for."""
    seen: set[str] = set()
    commands: list[tuple[str, Any]] = [("veriscope", typer.main.get_command(app))]
    while commands:
        path, command = commands.pop(0)
        for option in command.params:
            if option.envvar and option.envvar not in seen:
                seen.add(option.envvar)
                default = _code(str(option.default))
                meaning = f"{option.help} (`{path} {option.opts[0]}`)"
                yield _Row(variable=option.envvar, default=default, allowed="", meaning=meaning)
        inner = getattr(command, "commands", {})
        commands += [(f"{path} {name}", part) for name, part in inner.items()]


def _table(title: str, about: str, rows: Iterator[_Row]) -> str:
    head = f"## {title}\n\n" + (f"{about}\n\n" if about else "")
    lines = ["| variable | default | allowed | meaning |", "| --- | --- | --- | --- |"]
    lines += [
        f"| `{row.variable}` | {row.default} | {row.allowed} | {_cell(row.meaning)} |"
        for row in rows
    ]
    return head + "\n".join(lines) + "\n"


def shown_default(default: Any) -> str:
    if isinstance(default, SecretStr):
        secret = default.get_secret_value()
        of_a_file = secret.startswith("sqlite")  # no password stands in it
        return _code(secret) if of_a_file else "not shown: it may hold a password"
    if default is None or default in ((), ""):
        return "unset"
    if isinstance(default, bool):
        return _code(str(default).lower())
    if isinstance(default, timedelta):
        return _code(_iso(default))
    return _code(default.as_posix() if isinstance(default, Path) else str(default))


def _iso(duration: timedelta) -> str:
    """ISO 8601 in the largest unit that leaves no remainder."""
    seconds = int(duration.total_seconds())
    for unit, written in ((86400, "P{}D"), (3600, "PT{}H"), (60, "PT{}M")):
        if seconds and seconds % unit == 0:
            return written.format(seconds // unit)
    return f"PT{seconds}S"


def _allowed(field: FieldInfo) -> str:
    words = [_type_words(field.annotation), _range(_bound(field, "ge"), _bound(field, "le"))]
    pattern = _bound(field, "pattern")
    words.append(_code(pattern) if pattern else "")
    return ", ".join(word for word in words if word)


def _bound(field: FieldInfo, name: str) -> Any:
    found = (getattr(constraint, name, None) for constraint in field.metadata)
    return next((bound for bound in found if bound is not None), None)


def _range(least: float | None, most: float | None) -> str:
    if least is None:
        return "" if most is None else f"at most {most:,}"
    return f"at least {least:,}" if most is None else f"{least:,} to {most:,}"


def _type_words(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin is Literal:
        return ", ".join(_code(str(choice)) for choice in get_args(annotation))
    if origin is tuple:
        return "list"
    if origin in (Union, UnionType):
        return " or ".join(
            _type_words(one) for one in get_args(annotation) if one is not type(None)
        )
    return _WORDS.get(annotation, "")


_WORDS: dict[Any, str] = {
    str: "text",
    int: "number",
    bool: "`true`, `false`",
    Path: "path",
    timedelta: "duration",
    SecretStr: "text",
}


def _code(text: str) -> str:
    return f"`{_cell(text)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
