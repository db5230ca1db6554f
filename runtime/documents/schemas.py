"""JSON Schema of what travels on the topics, and of the policy file."""

from __future__ import annotations

import json
from typing import Any

from runtime.policies import policy_schema
from streams.messages import ANNOUNCED, DECIDED, FACES, REACHED, SCORED, Codec

CODECS: tuple[Codec[Any], ...] = (ANNOUNCED, FACES, SCORED, REACHED, DECIDED)

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, str]:
    """Return the schema files by name."""
    files = {schema_file(codec): message_schema(codec) for codec in CODECS}
    files["policy.schema.json"] = _document("urn:veriscope:policy", policy_schema())
    return {name: as_json(schema) for name, schema in files.items()}


def schema_file(codec: Codec[Any]) -> str:
    """`org.veriscope.faces.found` stands in `faces-found.schema.json`."""
    return "-".join(codec.type.TYPE.split(".")[-2:]) + ".schema.json"


def message_schema(codec: Codec[Any]) -> dict[str, Any]:
    """Describe the value of a message, as Veriscope writes it.

    Fields that are not named there may follow in later versions: a consumer
    ignores them.
    """
    return _document(f"urn:veriscope:{codec.type.TYPE}:1", codec.json_schema())


def as_json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _document(identifier: str, schema: dict[str, Any]) -> dict[str, Any]:
    definitions = schema.get("$defs")
    body = {name: part for name, part in schema.items() if name != "$defs"}
    head = {"$schema": _DIALECT, "$id": identifier}
    return {**head, **body, "$defs": definitions} if definitions else {**head, **body}
