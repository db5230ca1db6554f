"""From fields and credentials to a provenance: which field says what, and what contradicts it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from inference.provenance.blocks import Fields
from inference.provenance.credentials import FoundCredentials
from inference.provenance.marks import PARAMETER_FIELDS, generator_marks, names_editor
from inference.provenance.search import ProvenanceSearch
from moderation.origins import AGAINST_INTEREST, Origin, origin_of
from moderation.provenance import (
    LARGEST_BYTES,
    LONGEST_LIST,
    UNKNOWN,
    Conflict,
    GeneratorParameter,
    MediaTags,
    Provenance,
    ProvenanceState,
    UnreadPart,
    shown,
    size_of,
)

# By what is asked for, the fields that answer it, the most telling first.
_ANSWERS: Mapping[str, tuple[str, ...]] = {
    "camera_make": ("exif:Make", "tag:com.apple.quicktime.make", "tag:make", "xmp:Make"),
    "camera_model": (
        "exif:Model",
        "tag:com.apple.quicktime.model",
        "tag:model",
        "tag:com.android.model",
        "xmp:Model",
    ),
    "software": (
        "exif:Software",
        "xmp:CreatorTool",
        "png:Software",
        "xmp:Software",
        "iptc:OriginatingProgram",
        "tag:com.apple.quicktime.software",
        "tag:software",
        "xmp:softwareAgent",
    ),
    "encoder": ("tag:encoder", "stream:encoder"),
    "created_at": (
        "exif:DateTimeOriginal",
        "tag:com.apple.quicktime.creationdate",
        "exif:DateTimeDigitized",
        "xmp:DateTimeOriginal",
        "xmp:CreateDate",
        "tag:creation_time",
        "iptc:DateCreated",
        "png:Creation Time",
    ),
    "modified_at": ("exif:DateTime", "xmp:ModifyDate"),
    "digital_source_type": ("xmp:DigitalSourceType",),
}
_PLACES = ("exif:GPS", "tag:com.apple.quicktime.location.iso6709", "tag:location")
_SERIAL_NUMBERS = (
    "exif:BodySerialNumber",
    "exif:LensSerialNumber",
    "xmp:BodySerialNumber",
    "xmp:SerialNumber",
)

# Lists that are shortened where all would be too much, the least telling first.
_CUT_FIRST = (
    ("credentials", ("ingredients", "actions", "status_codes")),
    ("tags", ("generator_parameters", "serial_numbers")),
)


def provenance_of(
    fields: Fields,
    found: FoundCredentials,
    unread: tuple[UnreadPart, ...],
    search: ProvenanceSearch,
    *,
    reader: str,
) -> Provenance:
    """Put together what was read, in no more bytes than a message has for it."""
    tags = media_tags(fields, search)
    marks = generator_marks({**fields, **found.fields})
    parts: dict[str, Any] = {
        "state": found.state,
        "credentials": found.credentials,
        "tags": None if tags == MediaTags() else tags,
        "generator_marks": marks,
        "unread": unread[:LONGEST_LIST],
        "reader": shown(reader),
    }
    provenance = _fitted(parts)
    return replace(provenance, conflicts=conflicts(provenance))


def media_tags(fields: Fields, search: ProvenanceSearch) -> MediaTags:
    """Choose among fields that say the same, and drop what may not be kept."""
    answers = {name: _first(fields, asked) for name, asked in _ANSWERS.items()}
    parameters = [
        GeneratorParameter(field=name, excerpt=excerpt)
        for name in PARAMETER_FIELDS
        if (excerpt := shown(fields.get(name, "")))
    ]
    numbers = [number for name in _SERIAL_NUMBERS if (number := shown(fields.get(name, "")))]
    return MediaTags(
        **answers,
        generator_parameters=tuple(parameters[:LONGEST_LIST]),
        gps=_first(fields, _PLACES) if search.keep_places else None,
        serial_numbers=tuple(dict.fromkeys(numbers)) if search.keep_serial_numbers else (),
    )


def conflicts(provenance: Provenance) -> tuple[Conflict, ...]:
    """What the media says of itself and contradicts itself; only signed words are held to it."""
    tags = provenance.tags or MediaTags()
    signed = provenance.signed_origins if provenance.state.holds else frozenset()
    tagged = origin_of(tags.digital_source_type)
    generated = bool(provenance.declared & AGAINST_INTEREST)
    captured = Origin.CAPTURE in signed and not signed & AGAINST_INTEREST
    edited = Origin.EDITED in signed or _tells_edits(provenance)
    rules = {
        Conflict.CAPTURE_BUT_GENERATOR: captured and bool(provenance.generator_marks),
        Conflict.CAPTURE_BUT_EDITOR: captured and not edited and names_editor(tags.software),
        Conflict.GENERATED_BUT_CAMERA: generated and _names_camera(tags),
        Conflict.SOURCE_TYPES_DIFFER: bool(signed) and tagged is not None and tagged not in signed,
    }
    return tuple(conflict for conflict, holds in rules.items() if holds)


def _names_camera(tags: MediaTags) -> bool:
    return tags.camera_make is not None and tags.camera_model is not None


def _tells_edits(provenance: Provenance) -> bool:
    """Whether the credentials themselves tell of more than the making."""
    actions = provenance.credentials.actions if provenance.credentials else ()
    return any(one.action not in ("c2pa.created", "c2pa.opened") for one in actions)


def _first(fields: Fields, names: tuple[str, ...]) -> str | None:
    return next((text for name in names if (text := shown(fields.get(name, "")))), None)


def _fitted(parts: dict[str, Any]) -> Provenance:
    """Shorten lists until all fits; the conflicts, which come later, are allowed for."""
    room = LARGEST_BYTES - sum(len(conflict) + 3 for conflict in Conflict)
    while _size(parts) > room:
        _shorten(parts)
    return Provenance(**parts)


def _shorten(parts: dict[str, Any]) -> None:
    """Take the last entry of the first list that has any; where none has, drop the tags."""
    parts["is_cut"] = True
    for name, lists in _CUT_FIRST:
        for one in lists:
            entries = getattr(parts[name], one, ())
            if entries:
                parts[name] = replace(parts[name], **{one: entries[:-1]})
                return
    parts["tags"] = None


def _size(parts: dict[str, Any]) -> int:
    """As JSON, without building a provenance, which would refuse to be too large."""
    empty = size_of(UNKNOWN) + len(ProvenanceState.TRUSTED)
    return empty + sum(_part_size(part) for part in parts.values())


def _part_size(part: Any) -> int:
    if isinstance(part, tuple):
        return sum(size_of(one) + 1 for one in part)
    if part is None or isinstance(part, str | bool):
        return len(str(part)) + 2
    return size_of(part)
