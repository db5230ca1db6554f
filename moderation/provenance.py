"""What the media says of its own origin: an axis of its own that never changes a score.

All text in here was written by whoever made the file: it is bounded, without control
characters, and nothing of it is proven but what `state` says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from enum import StrEnum
from typing import Any

from moderation.origins import AGAINST_INTEREST, Origin, origin_of

# As JSON: a message has 64 KiB, and its largest without provenance takes 53.
LARGEST_BYTES = 6 * 1024
TEXT_BYTES = 200
LONGEST_LIST = 8


class ProvenanceState(StrEnum):
    """How far the content credentials of a media hold.

    `unknown`: there are none that could be read. It is the state of nearly all media, and
    says nothing against them. `invalid`: they do not belong to these bytes, or their
    signature does not hold. `valid`: they are what somebody signed, whoever that is.
    `trusted`: the signer's certificate comes from an authority of the trust list in use.
    """

    UNKNOWN = "unknown"
    INVALID = "invalid"
    VALID = "valid"
    TRUSTED = "trusted"

    @property
    def holds(self) -> bool:
        return self in (ProvenanceState.VALID, ProvenanceState.TRUSTED)


class ManifestPlace(StrEnum):
    """Where the credentials lie. A remote manifest is named, and never fetched."""

    EMBEDDED = "embedded"
    REMOTE = "remote"


class Conflict(StrEnum):
    """Two things that the media says of itself and that do not go together."""

    CAPTURE_BUT_GENERATOR = "capture_but_generator"
    CAPTURE_BUT_EDITOR = "capture_but_editor"
    GENERATED_BUT_CAMERA = "generated_but_camera"
    SOURCE_TYPES_DIFFER = "source_types_differ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Whom the signing certificate names; its serial number is not kept."""

    issuer: str | None = None
    common_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAction:
    """A step of the media's making, as the credentials tell it."""

    action: str
    digital_source_type: str | None = None
    software: str | None = None
    at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredient:
    """Another media that this one was made from; `state` is that of its own credentials."""

    title: str | None = None
    format: str | None = None
    relationship: str | None = None
    digital_source_type: str | None = None
    state: ProvenanceState = ProvenanceState.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustListUsed:
    """The file of authorities that a signer was held against."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A C2PA manifest. `signed_at` is there where a time stamp says so."""

    place: ManifestPlace
    status_codes: tuple[str, ...] = ()
    signer: Signer | None = None
    signed_at: str | None = None
    claim_generator: str | None = None
    remote_url: str | None = None
    actions: tuple[SourceAction, ...] = ()
    ingredients: tuple[Ingredient, ...] = ()
    trust_list: TrustListUsed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorParameter:
    """A field that a generator writes its settings into, and how it begins."""

    field: str
    excerpt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaTags:
    """EXIF, XMP, IPTC, PNG text and the tags of video containers: anybody can write them.

    Times are as they are written there, mostly without a zone. `gps` and
    `serial_numbers` are kept only where a setting says so.
    """

    camera_make: str | None = None
    camera_model: str | None = None
    software: str | None = None
    encoder: str | None = None
    created_at: str | None = None
    modified_at: str | None = None
    digital_source_type: str | None = None
    generator_parameters: tuple[GeneratorParameter, ...] = ()
    gps: str | None = None
    serial_numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorMark:
    """A generator that is named in a field of the media."""

    generator: str
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadPart:
    """A part that may say something and could not be read; `why` is a word for machines."""

    part: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """All that a media says of where it comes from.

    `reader` names what read it, and with which trust list; `is_cut` tells that lists were
    shortened to fit.

    Raises:
        ValueError: a text or a list is too long, has control characters, or all is too large.
    """

    state: ProvenanceState
    credentials: Credentials | None = None
    tags: MediaTags | None = None
    generator_marks: tuple[GeneratorMark, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    unread: tuple[UnreadPart, ...] = ()
    reader: str | None = None
    is_cut: bool = False

    def __post_init__(self) -> None:
        for value in _leaves(self):
            if isinstance(value, tuple) and len(value) > LONGEST_LIST:
                raise ValueError(f"a provenance has lists of at most {LONGEST_LIST}")
            if isinstance(value, str) and (not value.isprintable() or escaped(value) > TEXT_BYTES):
                raise ValueError(f"a provenance has printable texts of at most {TEXT_BYTES} bytes")
        if size_of(self) > LARGEST_BYTES:
            raise ValueError(f"a provenance has at most {LARGEST_BYTES} bytes")

    @property
    def declared(self) -> frozenset[Origin]:
        """What the media says it is.

        That it is generated is believed of anything that says so, for nobody gains by
        it; that it was captured, only of credentials that hold and where nothing says
        that it was generated.
        """
        said: set[Origin | None] = set()
        if self.tags is not None:
            said.add(origin_of(self.tags.digital_source_type))
        if self.credentials is not None:
            said |= {origin_of(one.digital_source_type) for one in self.credentials.ingredients}
        believed = {one for one in said if one in AGAINST_INTEREST}
        signed = self.signed_origins
        believed |= signed if self.state.holds else signed & AGAINST_INTEREST
        if believed & AGAINST_INTEREST:
            believed.discard(Origin.CAPTURE)
        return frozenset(one for one in believed if one is not None)

    @property
    def signed_origins(self) -> frozenset[Origin]:
        """What the credentials say of this media itself, whether they hold or not."""
        actions = self.credentials.actions if self.credentials else ()
        said = {origin_of(one.digital_source_type) for one in actions}
        return frozenset(one for one in said if one is not None)


def unread(why: str) -> Provenance:
    """What is known of a media whose provenance could not be read at all."""
    return replace(UNKNOWN, unread=(UnreadPart(part="all", why=why),))


def shown(text: str) -> str | None:
    """Make foreign text fit to be kept: one line, printable, bounded; None when nothing is left."""
    line = " ".join(text[: 8 * TEXT_BYTES].split())
    line = "".join(char for char in line if char.isprintable())[:TEXT_BYTES]
    while escaped(line) > TEXT_BYTES:
        line = line[:-1]
    return line.strip() or None


def escaped(text: str) -> int:
    """How many bytes a text takes inside a JSON string."""
    return len(json.dumps(text, ensure_ascii=False).encode(errors="replace")) - 2


def size_of(part: Any) -> int:
    """How many bytes a provenance takes as JSON."""
    text = json.dumps(asdict(part), ensure_ascii=False, separators=(",", ":"))
    return len(text.encode(errors="replace"))


def _leaves(part: Any) -> Iterator[Any]:
    """Every list, and everything that is neither a list nor made of fields."""
    if is_dataclass(part):
        for one in fields(part):
            yield from _leaves(getattr(part, one.name))
        return
    yield part
    if isinstance(part, tuple):
        for inner in part:
            yield from _leaves(inner)


UNKNOWN = Provenance(state=ProvenanceState.UNKNOWN)
