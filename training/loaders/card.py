"""The model card of a bundle made from somebody else's checkpoint."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from inference.faces.crops import ALIGNMENT
from training.loaders.kinds import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The file that was loaded, and how far what came out is from it."""

    file: str
    sha256: str
    hub: str = ""
    embedding: int
    megabytes: float
    difference: float  # of a logit, torch against OpenVINO
    half: bool = False


def render(title: str, kind: Kind, origin: Origin) -> str:
    """The card in Markdown; its figures are those of the conversion, not of accuracy."""
    return "\n\n".join(_wrapped(part) for part in _parts(title, kind, origin) if part) + "\n"


def _parts(title: str, kind: Kind, origin: Origin) -> list[str]:
    where = f" of {origin.hub}" if origin.hub else ""
    bits = "float16, computed in float32" if origin.half else "float32"
    return [
        f"# Model card: {title}",
        "**Not calibrated, not measured here.** Its probability is the sigmoid of its authors' "
        "logit, which need not mean what a probability says, and no threshold for a false-flag "
        "rate can be derived. Calibrate it on data of your own, and measure it with `veriscope "
        "bench`, before anything is decided by it. Its embeddings have no reference, so nothing "
        "is held back for being unlike what it was trained on.",
        "## What it is",
        f"{kind.title}. {kind.paper}. Code: <{kind.source}>",
        f"Made by `python -m training.loaders {kind.name}` from `{origin.file}`{where}, SHA-256 "
        f"`{origin.sha256}`.",
        f"In: aligned crops (`{ALIGNMENT}`), N 224 224 3, uint8, RGB. Out: `logit` (N 1, log-odds "
        f"of fake) and `embedding` (N {origin.embedding}). ONNX, weights in {bits}, "
        f"{origin.megabytes:.1f} MB. Logits differ from those of torch by {origin.difference:.1e} "
        "at most, on two pictures drawn for it.",
        "## How faces are shown to it",
        kind.framing,
        kind.remarks,
        "## Training data and terms",
        kind.trained_on,
        f"Licence of code and weights, as published: {kind.licence}. Converting a file changes "
        "nothing of its terms: see that they allow what you do with it.",
    ]


def _wrapped(part: str) -> str:
    return textwrap.fill(part, 100, break_long_words=False, break_on_hyphens=False)
