"""Which pictures make a clip: frames of one video where they are known, else one picture."""

from __future__ import annotations

import re
from collections.abc import Sequence

from training.patches import Entry

# YouTube Faces' files here end in the number of the video and of the frame in it.
_OF_A_SERIES = re.compile(r"(?P<series>.*ytfaces/)[0-9a-f]+_(?P<video>.+_\d)\d\.jpg$")


def scenes(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Each scene's pictures; frames of one video are one scene, and other pictures one each."""
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        path = entry.clip.partition("#")[0]
        match = _OF_A_SERIES.match(path)
        name = match["series"] + match["video"] if match else str(entry.file)
        found.setdefault(name, []).append(entry)
    return list(found.values())
