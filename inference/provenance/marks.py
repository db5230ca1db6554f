"""Generators and editors that name themselves in a media, and where each is known from.

A clue is a fact about the file and no proof: whoever writes one can leave it out, or put it
into any other file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from moderation.provenance import LONGEST_LIST, GeneratorMark, shown

# Fields into which software writes its own name. Captions, comments and credits are not among
# them: a press picture of a company names it there.
_NAMES = (
    "exif:Software",
    "exif:Make",
    "xmp:CreatorTool",
    "xmp:softwareAgent",
    "xmp:Software",
    "xmp:AISystemUsed",
    "iptc:OriginatingProgram",
    "png:Software",
    "png:Source",
    "tag:encoder",
    "tag:software",
    "tag:handler_name",
    "stream:encoder",
    "stream:handler_name",
    "c2pa:claim_generator",
    "c2pa:software",
    "c2pa:signer",
)
_CREDITS = ("xmp:Credit", "iptc:Credit", "iptc:Source", "png:Credit")
_DESCRIPTIONS = ("png:Description", "exif:ImageDescription", "xmp:description", "iptc:Caption")
_COMMENTS = ("png:parameters", "exif:UserComment", "xmp:UserComment", "jpeg:comment")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clue:
    """A generator, the fields that may name it, and the words that do; no words: any value.

    `source` says where it is known from.
    """

    generator: str
    fields: tuple[str, ...] = _NAMES
    words: tuple[str, ...] = ()
    source: str


_OPENAI = "https://help.openai.com/en/articles/8912793-c2pa-in-dall-e-3"
_IPTC_NEWS = "https://iptc.org/news/tag/synthetic-media/"
_IPTC_2025 = "IPTC Photo Metadata Standard 2025.1, AI System Used"
_INVOKE = "https://github.com/invoke-ai/InvokeAI, invokeai/app/api/routers/images.py"
_COMFY = "https://docs.comfy.org/built-in-nodes/SaveImage"
_WEBUI = "https://github.com/AUTOMATIC1111/stable-diffusion-webui/wiki/Features#png-info"
_READER = "https://github.com/receyuki/stable-diffusion-prompt-reader"
_OWN_NAME = "the name under which it is offered"

_CLUES: tuple[_Clue, ...] = (
    _Clue(generator="Stable Diffusion web UI", fields=_COMMENTS, words=("steps:",), source=_WEBUI),
    _Clue(generator="SwarmUI", fields=_COMMENTS, words=("sui_image_params",), source=_READER),
    _Clue(generator="Fooocus", fields=("png:fooocus_scheme",), source=_READER),
    _Clue(generator="ComfyUI", fields=("png:workflow", "tag:workflow"), source=_COMFY),
    _Clue(
        generator="ComfyUI",
        fields=("png:prompt", "tag:prompt", "exif:Model", "exif:Make"),
        words=("class_type", "workflow:{", "prompt:{"),
        source=_COMFY,
    ),
    _Clue(
        generator="InvokeAI",
        fields=("png:invokeai_metadata", "png:invokeai_graph", "tag:invokeai_metadata"),
        source=_INVOKE,
    ),
    _Clue(generator="InvokeAI", fields=("png:sd-metadata", "png:Dream"), source=_READER),
    _Clue(generator="NovelAI", words=("novelai",), source=_READER),
    _Clue(generator="Midjourney", words=("midjourney",), source=_IPTC_NEWS),
    _Clue(generator="Midjourney", fields=_DESCRIPTIONS, words=("job id:",), source=_IPTC_NEWS),
    _Clue(
        generator="Google",
        fields=_CREDITS,
        words=("made with google ai", "edited with google ai"),
        source=_IPTC_NEWS,
    ),
    _Clue(
        generator="OpenAI",
        words=("openai", "chatgpt", "dall-e", "dall·e", "gpt-image"),
        source=_OPENAI,
    ),
    _Clue(
        generator="Adobe Firefly",
        words=("adobe firefly", "adobe_firefly"),
        source="https://opensource.contentauthenticity.org/docs/manifest/understanding-manifest",
    ),
    _Clue(
        generator="Microsoft",
        words=("microsoft_responsible_ai", "bing image creator", "microsoft designer"),
        source=_IPTC_NEWS,
    ),
    _Clue(generator="Meta AI", words=("meta ai",), source=_IPTC_NEWS),
    _Clue(
        generator="Stable Diffusion",
        words=("stable diffusion", "stability ai", "dreamstudio", "stable-diffusion"),
        source=_OWN_NAME,
    ),
    _Clue(generator="FLUX", words=("black forest labs", "flux.1"), source=_OWN_NAME),
    _Clue(generator="Ideogram", words=("ideogram ai", "ideogram.ai"), source=_OWN_NAME),
    _Clue(generator="Leonardo.Ai", words=("leonardo.ai",), source=_OWN_NAME),
    _Clue(generator="Runway", words=("runwayml", "runway ai"), source=_OWN_NAME),
    _Clue(generator="Synthesia", words=("synthesia",), source=_OWN_NAME),
    _Clue(generator="HeyGen", words=("heygen",), source=_OWN_NAME),
    _Clue(generator="DeepFaceLab", words=("deepfacelab",), source=_OWN_NAME),
    _Clue(generator="FaceFusion", words=("facefusion",), source=_OWN_NAME),
    _Clue(generator="FaceApp", words=("faceapp",), source=_OWN_NAME),
    _Clue(generator="Reface", words=("reface app", "reface ai"), source=_OWN_NAME),
    _Clue(
        generator="AIGC label", fields=("xmp:AIGC", "tag:aigc", "png:AIGC"), source="GB 45438-2025"
    ),
    _Clue(generator="AI System Used", fields=("xmp:AISystemUsed",), source=_IPTC_2025),
)

_EDITORS = (
    "adobe photoshop",
    "adobe premiere",
    "adobe after effects",
    "adobe lightroom",
    "affinity photo",
    "capcut",
    "canva",
    "davinci resolve",
    "facetune",
    "final cut",
    "gimp",
    "meitu",
    "picsart",
    "pixelmator",
    "snapseed",
)

# Fields that hold a generator's settings, and what of them a moderator is shown.
PARAMETER_FIELDS = (
    "png:parameters",
    "png:prompt",
    "png:workflow",
    "png:invokeai_metadata",
    "png:sd-metadata",
    "png:Dream",
    "png:fooocus_scheme",
    "tag:prompt",
    "tag:workflow",
    "xmp:AIPromptInformation",
)


def generator_marks(fields: Mapping[str, str]) -> tuple[GeneratorMark, ...]:
    """Name the generators that the fields name, each once, with the first field that does."""
    found: dict[str, str] = {}
    for clue in _CLUES:
        for name in _telling(clue, fields):
            found.setdefault(clue.generator, shown(name) or "")
    marks = [GeneratorMark(generator=one, field=field) for one, field in found.items()]
    return tuple(marks[:LONGEST_LIST])


def names_editor(software: str | None) -> bool:
    return software is not None and any(_says(software, name) for name in _EDITORS)


def _telling(clue: _Clue, fields: Mapping[str, str]) -> Iterator[str]:
    for name in clue.fields:
        value = fields.get(name)
        if value and (not clue.words or any(_says(value, words) for words in clue.words)):
            yield name


def _says(text: str, words: str) -> bool:
    """Whether words stand in a text, and not as parts of longer ones."""
    end = "(?![0-9a-z])" if words[-1].isalnum() else ""
    return re.search(rf"(?<![0-9a-z]){re.escape(words)}{end}", text.lower()) is not None
