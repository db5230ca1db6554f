"""Turns a published checkpoint of somebody else's detector into a bundle.

Nothing in a checkpoint is run. What comes out is not calibrated, and its card says so.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from moderation.errors import ModerationError
from training.loaders.hub import fetch
from training.loaders.kinds import KINDS, load
from training.loaders.making import Naming, make_bundle

HEADS = {"plain": False, "normalised": True}


def parser() -> argparse.ArgumentParser:
    kinds = "\n".join(
        f"  {kind.name:<12}{kind.title}\n{'':14}{kind.file}\n{'':14}{kind.source}"
        for kind in KINDS.values()
    )
    made = argparse.ArgumentParser(
        prog="python -m training.loaders",
        description=__doc__,
        epilog=f"kinds:\n{kinds}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("kind", metavar="KIND", choices=KINDS, help="one of the kinds below")
    made.add_argument("checkpoint", metavar="CHECKPOINT", type=Path, help="the file")
    made.add_argument("--out", type=Path, required=True, help="a folder that is not there yet")
    made.add_argument("--name", help="of the bundle and its model; else KIND and the file's name")
    made.add_argument("--version", default="1", help="of the bundle")
    made.add_argument("--half", action="store_true", help="store weights in float16: half the size")
    made.add_argument(
        "--head", choices=HEADS, help="clip-linear: on features as they are, or of length 1"
    )
    made.add_argument(
        "--hub", metavar="OWNER/NAME", help="fetch CHECKPOINT from the Hugging Face hub"
    )
    made.add_argument("--revision", help="with --hub: a commit")
    return made


def main(arguments: list[str]) -> None:
    chosen = parser().parse_args(arguments)
    try:
        checkpoint = chosen.checkpoint
        if chosen.hub:
            checkpoint = fetch(chosen.hub, str(checkpoint), revision=chosen.revision)
        naming = Naming(
            kind=chosen.kind,
            name=chosen.name or default_name(chosen.kind, checkpoint),
            version=chosen.version,
            checkpoint=checkpoint,
            hub=chosen.hub or "",
        )
        detector = load(chosen.kind, checkpoint, normalising=HEADS.get(chosen.head))
        bundle = make_bundle(detector, naming, chosen.out, half=chosen.half)
    except ModerationError as error:
        sys.exit(f"error: {error}")
    print(f"{bundle.manifest.title} in {bundle.folder}, SHA-256 {bundle.identity.sha256}")
    print("not calibrated: see its card.md")


def default_name(kind: str, checkpoint: Path) -> str:
    """As a bundle may be called: "mesonet-meso4_df" of Meso4_DF.h5."""
    stem = re.sub(r"[^a-z0-9_-]+", "-", checkpoint.stem.lower()).strip("-_")
    return f"{kind}-{stem}"[:40].rstrip("-_")


if __name__ == "__main__":
    main(sys.argv[1:])
