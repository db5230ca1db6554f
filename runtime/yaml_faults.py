"""What is wrong with a value of a YAML file, in our words: what stands there, and what may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import ErrorDetails

_LONGEST = 40
_MUST: Mapping[str, str] = {
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "fields with values",
    "dataclass_type": "fields with values",
}
_KEY = "[key]"  # how pydantic says that a name is wrong, and not what it stands for


def place_of(fault: ErrorDetails) -> tuple[int | str, ...]:
    """Where in the document it is."""
    return tuple(step for step in fault["loc"] if step != _KEY)


def in_words(fault: ErrorDetails, of: TypeAdapter[Any]) -> str:
    """What is wrong, and what is allowed there; `of` is what was to be read."""
    kind, given = fault["type"], fault["input"]
    if kind == "value_error":
        return str(fault["ctx"]["error"])
    if kind == "missing":
        return "is missing"
    if kind in ("unexpected_keyword_argument", "extra_forbidden"):
        return f"is unknown; known are {_listed(_fields(of, place_of(fault)[:-1]))}"
    if kind in ("enum", "literal_error"):
        allowed = str(fault["ctx"]["expected"]).replace("'", "")
        if fault["loc"][-1] == _KEY:
            return f"is unknown; known are {allowed.replace(' or ', ', ')}"
        return f"must be {allowed}, not {_shown(given)}"
    if kind in _MUST:
        return f"must be {_MUST[kind]}, not {_shown(given)}"
    return fault["msg"]


def _shown(given: object) -> str:
    if given is None:
        return "empty"
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, dict):
        return "fields"
    if isinstance(given, list):
        return "a list"
    told = " ".join(str(given).split())
    return told if len(told) <= _LONGEST else f"{told[: _LONGEST - 1]}…"


def _fields(of: TypeAdapter[Any], place: Sequence[int | str]) -> list[str]:
    """The names that are known at a place."""
    schema = of.json_schema(mode="validation")
    found: Any = schema
    for step in (*place, None):
        while "$ref" in found or "anyOf" in found:
            found = schema["$defs"][_reference(found)]
        if step is None:
            break
        found = found["items"] if isinstance(step, int) else found["properties"][step]
    return list(found.get("properties", ()))


def _reference(found: Mapping[str, Any]) -> str:
    """What a schema refers to, of several the one that has fields."""
    for one in (found, *found.get("anyOf", ())):
        if "$ref" in one:
            return str(one["$ref"].rpartition("/")[2])
    raise LookupError("no reference")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
