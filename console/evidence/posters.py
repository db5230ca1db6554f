"""What stands in a player before it plays: a frame as far as it is kept, made here of a crop.

The upload's own bytes are decoded nowhere in the console, so it is the outline of a frame with the
first face where it was; nothing in it tells what detectors say.
"""

from __future__ import annotations

import asyncio

import numpy as np
from fastapi import APIRouter, Response
from numpy.typing import NDArray

from console.evidence.desk import Desk
from console.evidence.looking import Reader, Shower
from console.evidence.pictures import jpeg, pixels_of
from console.evidence.sheets import Rectangle, cut_of, sheets
from console.faults import nothing_here
from console.ids import Id
from inference.faces import facepack
from moderation.errors import MissingPack
from moderation.media import MediaFacts
from moderation.people import Permission
from storage.accounts.records import MediaPart

# Its longer side at most; a player is twice as wide, and what is in it lies behind a veil.
_LONGEST_PIXELS = 480
_GROUND = 56  # of 255, the same for red, green and blue


def add_posters(routes: APIRouter, desk: Desk) -> None:
    @routes.get("/uploads/{upload_id}/verdicts/{verdict_id}/poster")
    async def show(
        upload_id: Id, verdict_id: Id, caller: Reader, shower: Shower = "upload"
    ) -> Response:
        verdict, pack = await desk.evidence.pack(caller, upload_id, verdict_id)
        if verdict.media is None:
            raise nothing_here()
        veiled = not caller.may(Permission.REVEAL)
        try:
            made = await asyncio.to_thread(poster, pack.content, verdict.media, veiled=veiled)
        except MissingPack as error:
            raise nothing_here() from error
        detail = f"{verdict_id}/poster" + (" veiled" if veiled else "")
        await desk.note(caller, verdict.tenant, upload_id, MediaPart.CROP, shower, detail)
        return Response(made, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


def poster(pack: bytes, media: MediaFacts, *, veiled: bool) -> bytes:
    """The outline of a frame with the first crop in it, as JPEG; veiled as `picture` has it.

    Raises:
        MissingPack: the pack is damaged, or holds no crop.
    """
    people = sheets(facepack.outline(pack))
    if not people:
        raise MissingPack("no crop is kept")
    crop = people[0].crops[0]
    scale = min(_LONGEST_PIXELS / max(media.width, media.height), 1.0)
    size = max(round(media.height * scale), 1), max(round(media.width * scale), 1)
    ground = np.full((*size, 3), _GROUND, np.uint8)  # H W C, RGB
    _place(ground, pixels_of(pack, crop.crop_id, veiled=veiled), cut_of(crop.box_xyxy), scale)
    return jpeg(ground)


def _place(
    ground: NDArray[np.uint8], face: NDArray[np.uint8], cut: Rectangle, scale: float
) -> None:
    """Lay a crop over its square of the frame, as far as that lies in it; both H W C, uint8."""
    height, width, _ = ground.shape
    every = face.shape[0] / (cut.width * scale)  # of the crop's pixels to one of the ground's
    across = (np.arange(width) + 0.5 - cut.x * scale) * every
    down = (np.arange(height) + 0.5 - cut.y * scale) * every
    rows, columns = ((at >= 0) & (at < face.shape[0]) for at in (down, across))
    taken = np.ix_(down[rows].astype(int), across[columns].astype(int))
    ground[np.ix_(rows, columns)] = face[taken]
