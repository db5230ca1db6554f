"""The document of the API tells of everything in words, and by example."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from runtime.documents.openapi import openapi

DOCUMENT = json.loads(openapi())
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
# A file of one's own is what multipart is about.
BODIES = ("application/json", "text/plain")


def exemplified(node: dict[str, Any]) -> bool:
    """Whether a schema, or what it is made of, comes with an example."""
    if "$ref" in node:
        return exemplified(DOCUMENT["components"]["schemas"][node["$ref"].rpartition("/")[2]])
    if "example" in node or "examples" in node:
        return True
    if "items" in node:
        return exemplified(node["items"])
    return bool(node.get("properties")) and all(map(exemplified, node["properties"].values()))


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for told in (operation.get("requestBody", {}), *operation["responses"].values()):
        yield from told.get("content", {}).items()


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_body_has_an_example(name: str) -> None:
    for kind, content in contents(OPERATIONS[name]):
        if kind in BODIES:
            assert "example" in content or exemplified(content["schema"]), (name, kind, content)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_and_parameter_is_explained(name: str) -> None:
    operation = OPERATIONS[name]
    silent = [one["name"] for one in operation.get("parameters", []) if not one.get("description")]
    assert operation["description"]
    assert silent == []


@pytest.mark.parametrize("name", [name for name in OPERATIONS if "/v1/" in name])
def test_what_may_be_refused_is_told_with_its_reason(name: str) -> None:
    responses = OPERATIONS[name]["responses"]
    refused = {code: one for code, one in responses.items() if code >= "400"}
    assert refused.keys() >= {"401", "403", "422", "429", "503"}
    for one in refused.values():
        assert one["content"]["application/json"]["example"].keys() == {"reason", "detail"}
