"""Generators are named by what they write of themselves; each clue says where it is known from."""

from __future__ import annotations

import pytest

from inference.provenance.marks import generator_marks, names_editor
from moderation.provenance import LONGEST_LIST


@pytest.mark.parametrize(
    ("field", "value", "generator"),
    [
        ("png:parameters", "a fox\nSteps: 20, Sampler: Euler", "Stable Diffusion web UI"),
        ("exif:UserComment", "a fox\nSteps: 20", "Stable Diffusion web UI"),
        ("png:parameters", '{"sui_image_params": {}}', "SwarmUI"),
        ("png:fooocus_scheme", "fooocus", "Fooocus"),
        ("png:workflow", "{}", "ComfyUI"),
        ("png:prompt", '{"3": {"class_type": "KSampler"}}', "ComfyUI"),
        ("exif:Make", 'workflow:{"nodes": []}', "ComfyUI"),
        ("tag:workflow", "{}", "ComfyUI"),
        ("png:invokeai_metadata", "{}", "InvokeAI"),
        ("png:sd-metadata", "{}", "InvokeAI"),
        ("png:Software", "NovelAI", "NovelAI"),
        ("png:Description", "a fox --v 6.1 Job ID: 1234", "Midjourney"),
        ("xmp:CreatorTool", "Midjourney", "Midjourney"),
        ("xmp:Credit", "Made with Google AI", "Google"),
        ("iptc:Credit", "Made with Google AI", "Google"),
        ("c2pa:claim_generator", "ChatGPT", "OpenAI"),
        ("c2pa:software", "DALL·E", "OpenAI"),
        ("c2pa:signer", "OpenAI OpCo, LLC", "OpenAI"),
        ("c2pa:claim_generator", "Adobe_Firefly", "Adobe Firefly"),
        ("c2pa:claim_generator", "Microsoft_Responsible_AI/1.0", "Microsoft"),
        ("xmp:AIGC", '{"Label":"1"}', "AIGC label"),
        ("tag:aigc", '{"Label":"1"}', "AIGC label"),
        ("xmp:AISystemUsed", "Some engine", "AI System Used"),
        ("exif:Software", "FaceApp 11", "FaceApp"),
    ],
)
def test_a_generator_is_named_by_what_it_writes(field: str, value: str, generator: str) -> None:
    (mark,) = generator_marks({field: value})
    assert (mark.generator, mark.field) == (generator, field)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("exif:Software", "Adobe Photoshop 26.0"),
        ("exif:Software", "openairport 2"),
        ("exif:Make", "Canon"),
        ("tag:encoder", "Lavf62.0.100"),
        ("png:prompt", "what a fine day"),
        ("png:Description", "my jobs"),
        ("exif:ImageDescription", "A picture of the Midjourneyed road"),
        ("xmp:description", "a talk about ChatGPT"),  # is about one, not made by one
        ("exif:ImageDescription", "the head of OpenAI at a hearing"),
        ("iptc:Credit", "OpenAI"),
        ("tag:comment", "Midjourney reviewed"),
    ],
)
def test_other_words_name_no_generator(field: str, value: str) -> None:
    assert generator_marks({field: value}) == ()


def test_a_generator_is_named_once() -> None:
    marks = generator_marks({"png:prompt": "class_type", "png:workflow": "{}"})
    assert [mark.generator for mark in marks] == ["ComfyUI"]


def test_no_more_are_named_than_have_room() -> None:
    everything = (
        "novelai midjourney openai faceapp heygen synthesia runwayml meta ai leonardo.ai flux.1"
    )
    assert len(generator_marks({"exif:Software": everything})) == LONGEST_LIST


@pytest.mark.parametrize(
    ("software", "is_editor"),
    [("Adobe Photoshop 26.0", True), ("GIMP 2.10", True), ("17.5.1", False), (None, False)],
)
def test_editors_are_known_by_name(software: str | None, is_editor: bool) -> None:
    assert names_editor(software) is is_editor
