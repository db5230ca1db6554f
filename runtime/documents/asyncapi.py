"""AsyncAPI 3.0: every topic, what is written to it, and how long it stays."""

from __future__ import annotations

from typing import Any

import yaml

from moderation.upload import Lane
from runtime.documents.schemas import CODECS, schema_file
from runtime.wiring import VERSION
from streams.messages import ANNOUNCED, DECIDED, FACES, LIMIT_BYTES, REACHED, SCORED, Codec
from streams.topics import Topic, Topics

_DEAD_LETTER = "DeadLetter"


def asyncapi() -> str:
    """Return the document; addresses carry the default prefix of `Topics`."""
    topics = Topics()
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Veriscope",
            "version": VERSION,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {_place(topic): _channel(topic, topics) for topic in topics.every()},
        "operations": _operations(topics),
        "components": {
            "messages": {**{_name(codec): _message(codec) for codec in CODECS}, **_dead_letters()},
            "schemas": {"CloudEventHeaders": _HEADERS},
        },
    }
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


_ABOUT = f"""\
What travels on the topics of Veriscope. The key of a message is its `upload_id`, so that all
messages of an upload lie in one partition of a topic. Headers are those of CloudEvents 1.0 in
binary mode; values are JSON of at most {LIMIT_BYTES:,} bytes and carry references into the media
store, never media. Delivery is at least once: equal `ce_id` means equal content. New fields
are optional, and a consumer ignores what it does not know; a breaking change is a new topic.
Topic names begin with VERISCOPE_KAFKA__PREFIX, `veriscope` when unset.
"""

_HEADERS: dict[str, Any] = {
    "type": "object",
    "description": "CloudEvents 1.0, Kafka protocol binding, binary mode; values are UTF-8.",
    "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "content-type"],
    "properties": {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": {
            "type": "string",
            "format": "uuid",
            "description": "follows from the content: the same message sent twice has the same",
        },
        "ce_source": {"type": "string", "format": "uri-reference"},
        "ce_type": {"type": "string", "enum": [codec.type.TYPE for codec in CODECS]},
        "ce_subject": {"type": "string", "description": "the upload_id, as in the key"},
        "ce_time": {"type": "string", "format": "date-time"},
        "content-type": {"type": "string", "const": "application/json"},
        "traceparent": {
            "type": "string",
            "description": "W3C trace context of what made the message, where that is traced",
        },
    },
}


class _Dumper(yaml.SafeDumper):
    """Writes text of several lines as such, and nothing by reference."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _written(topics: Topics) -> dict[str, Codec[Any]]:
    """The one message type of each topic; that of dead letters is left out."""
    by_lane = ((topics.uploads, ANNOUNCED), (topics.faces, FACES), (topics.scores, SCORED))
    lanes = {name(lane): codec for name, codec in by_lane for lane in Lane}
    return {**lanes, topics.verdicts: REACHED, topics.decisions: DECIDED}


def _name(codec: Codec[Any]) -> str:
    return codec.type.__name__


def _place(topic: Topic) -> str:
    """The channel's name in the document: the topic's, without the prefix."""
    return topic.name.partition(".")[2]


def _messages(topic: Topic, topics: Topics) -> dict[str, Any]:
    codec = _written(topics).get(topic.name)
    name = _name(codec) if codec is not None else _DEAD_LETTER
    return {name: {"$ref": f"#/components/messages/{name}"}}


def _channel(topic: Topic, topics: Topics) -> dict[str, Any]:
    return {
        "address": topic.name,
        "description": _kept(topic),
        "messages": _messages(topic, topics),
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": _configuration(topic),
            }
        },
    }


def _kept(topic: Topic) -> str:
    if topic.retention is None:
        return "Compacted: the last message of each key stays. A null value: the upload was erased."
    return f"Messages stay for {topic.retention.days} days."


def _configuration(topic: Topic) -> dict[str, Any]:
    """The topic's configuration, in the types that the binding asks for."""
    found: dict[str, Any] = {"cleanup.policy": topic.config["cleanup.policy"].split(",")}
    numbers = ("retention.ms", "max.message.bytes")
    return found | {name: int(topic.config[name]) for name in numbers if name in topic.config}


def _operations(topics: Topics) -> dict[str, Any]:
    """What a platform does: it announces uploads, and it reads verdicts and decisions."""
    return {
        **{
            f"announce-{lane}": {
                "action": "receive",
                "channel": {"$ref": f"#/channels/uploads.{lane}"},
                "summary": "Veriscope takes uploads from whoever may write to this topic.",
            }
            for lane in Lane
        },
        "tell-verdict": {
            "action": "send",
            "channel": {"$ref": "#/channels/verdicts"},
            "summary": "Veriscope tells the end of every upload, and each later one.",
        },
        "tell-decision": {
            "action": "send",
            "channel": {"$ref": "#/channels/decisions"},
            "summary": "Veriscope tells what a person decided; it outranks verdicts.",
        },
    }


def _message(codec: Codec[Any]) -> dict[str, Any]:
    return {
        "name": codec.type.TYPE,
        "title": _name(codec),
        "summary": (codec.type.__doc__ or "").strip().splitlines()[0],
        "contentType": "application/json",
        "headers": {"$ref": "#/components/schemas/CloudEventHeaders"},
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": f"./{schema_file(codec)}"},
        },
        "bindings": {"kafka": {"key": {"type": "string", "description": "the upload_id"}}},
    }


def _dead_letters() -> dict[str, Any]:
    return {
        _DEAD_LETTER: {
            "title": _DEAD_LETTER,
            "summary": "A message that could not be handled; value and headers are as they came.",
            "headers": {
                "type": "object",
                "required": ["veriscope-dead-letter"],
                "properties": {
                    "veriscope-dead-letter": {
                        "type": "string",
                        "contentMediaType": "application/json",
                        "description": "origin, key, fault, reason, detail, attempts, trace, time",
                    }
                },
            },
            "bindings": {
                "kafka": {"key": {"type": "string", "description": "TOPIC/PARTITION/OFFSET"}}
            },
        }
    }
