"""YAML files that operators write: what is wrong with one is told in one line, with its line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from moderation.errors import InvalidConfiguration
from runtime.yaml_faults import in_words, place_of

T = TypeVar("T")

LARGEST_BYTES = 1024 * 1024

# The last three are PyYAML's way with values that look like what they are not: `2001-99-99` as a
# date, `!!bool x`, `!!timestamp x`.
_NOT_YAML = (yaml.YAMLError, RecursionError, ValueError, KeyError, AttributeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlFile:
    """The bytes of a file, and what it is called when something is wrong with it."""

    name: str
    content: bytes

    def document(self) -> Any:
        """What the file says.

        Raises:
            InvalidConfiguration: it is no YAML, or names something twice.
        """
        try:
            tree = yaml.compose(self.content, Loader=yaml.SafeLoader)
            twice = None if tree is None else _named_twice(tree)
            if twice is not None:
                raise InvalidConfiguration(f"{self._at(twice)}: {twice.value} stands there twice")
            return yaml.safe_load(self.content)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = f":{mark.line + 1}" if mark else ""
            raise InvalidConfiguration(f"{self.name}{line}: {error.problem}") from error
        except _NOT_YAML as error:
            raise InvalidConfiguration(f"{self.name}: {' '.join(str(error).split())}") from error

    def line_of(self, *place: object) -> int:
        """The line, from 1, on which the value at a place begins, or what of the way there is."""
        node = yaml.compose(self.content, Loader=yaml.SafeLoader)
        line = 1
        for step in place:
            found = _below(node, step)
            if found is None:
                break
            line, node = found
        return line

    def read(self, of: TypeAdapter[T], value: object, *place: str) -> T:
        """What a value of the document says; `place` is where it stands.

        Raises:
            InvalidConfiguration: it says something else. The first fault is told, with its line.
        """
        try:
            return of.validate_python(value)
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            where = (*place, *place_of(fault))
            said = ": ".join(filter(None, (".".join(map(str, where)), in_words(fault, of))))
            raise InvalidConfiguration(f"{self.name}:{self.line_of(*where)}: {said}") from error

    @contextmanager
    def checking(self, *place: str) -> Iterator[None]:
        """Say where a value is that cannot be; `place` is where those that are checked stand.

        Raises:
            InvalidConfiguration: in place of a ValueError.
        """
        try:
            yield
        except ValueError as error:
            raise InvalidConfiguration(f"{self.name}:{self.line_of(*place)}: {error}") from error

    def _at(self, node: yaml.Node) -> str:
        return f"{self.name}:{node.start_mark.line + 1}"


def read_yaml(kind: str, path: Path | None, packaged: str) -> YamlFile:
    """Read a file, or the one of that name that comes with Veriscope; `kind` says what it is.

    Raises:
        InvalidConfiguration: it cannot be read, or is larger than any such file.
    """
    name = f"{kind} {path}" if path else f"the packaged {kind}"
    try:
        content = (
            path.read_bytes()
            if path
            else resources.files("runtime").joinpath(packaged).read_bytes()
        )
    except OSError as error:
        raise InvalidConfiguration(f"{name}: {error.strerror}") from error
    if len(content) > LARGEST_BYTES:
        raise InvalidConfiguration(f"{name}: over {LARGEST_BYTES} bytes")
    return YamlFile(name=name, content=content)


def _named_twice(tree: yaml.Node) -> yaml.Node | None:
    """The first key that a mapping has already: YAML would silently take the last."""
    waiting, seen = [tree], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:  # an alias
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        if isinstance(node, yaml.MappingNode):
            keys: set[str] = set()
            for key, value in node.value:
                if isinstance(key, yaml.ScalarNode):
                    if key.value in keys:
                        return key
                    keys.add(key.value)
                waiting.append(value)
    return None


def _below(node: yaml.Node | None, step: object) -> tuple[int, yaml.Node] | None:
    """One step down the tree: the line of the key or the element, and what stands there."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        below = node.value[step]
        return below.start_mark.line + 1, below
    return None
