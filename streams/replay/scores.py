"""Where a replay has an upload's scores from: what was recorded, or a bundle that looks again.

Neither fetches media nor decodes them: what is read lies in the media store, below `packs/`.
"""

from __future__ import annotations

from dataclasses import replace

from moderation.errors import MissingMedia, MissingPack
from moderation.lineage import ModelIdentity
from moderation.provenance import UNKNOWN
from moderation.upload import Upload
from moderation.verdict import Verdict
from storage.ports import MediaStore
from streams.messages import FacesFound, UploadScored
from streams.recorded import RecordedScores, decode, score_key
from streams.replay.changes import LeftOut
from streams.score import Score


class Thinned(MissingPack):
    """A part that the verdict was derived from is not kept any more.

    Decided without it, a face would be none, and a declaration unsaid.
    """


class RecordedAgain:
    """Reads what was recorded: of one model, or of the one that each verdict was derived from."""

    missing = LeftOut.NOT_RECORDED

    def __init__(self, media_store: MediaStore, model: ModelIdentity | None = None) -> None:
        self._media_store = media_store
        self._model = model

    async def __call__(self, upload: Upload, verdict: Verdict) -> UploadScored:
        """What a verdict was decided from, as it came to be recorded.

        Raises:
            MissingPack: nothing was recorded, or it is damaged.
            Thinned: see there.
            MediaStoreUnavailable: try again.
        """
        message = _without_scores(upload, verdict)
        if verdict.face_pack is None or verdict.lineage.model is None:
            return message
        model = self._model or verdict.lineage.model
        recorded = await recorded_scores(self._media_store, verdict.face_pack, model)
        if recorded is None:
            raise MissingPack(f"no scores of {model.name} {model.version} are recorded")
        return _with_scores(message, verdict.face_pack, recorded)


class ScoredAgain:
    """Asks a bundle about the face pack; where it did so before, its answer is read.

    So a replay that reports first and writes then, or was interrupted, scores once.
    """

    missing = LeftOut.PACK_GONE

    def __init__(self, media_store: MediaStore, score: Score, model: ModelIdentity) -> None:
        self._media_store = media_store
        self._score = score
        self._model = model

    async def __call__(self, upload: Upload, verdict: Verdict) -> UploadScored:
        """What the bundle makes of an upload, behind everything that is urgent.

        Raises:
            MissingPack: the face pack is gone or damaged.
            Thinned: see there.
            Unavailable: the inference server or the media store; try again.
        """
        message = _without_scores(upload, verdict)
        if verdict.face_pack is None or message.media is None:
            return message
        recorded = await recorded_scores(self._media_store, verdict.face_pack, self._model)
        if recorded is not None:
            return _with_scores(message, verdict.face_pack, recorded)
        faces = FacesFound(
            upload=upload,
            media=message.media,
            provenance=message.provenance or UNKNOWN,
            face_pack=verdict.face_pack,
            preprocessing=message.preprocessing or "",
        )
        scored = await self._score.score(faces, urgent=False)
        return replace(scored, provenance=message.provenance)


async def recorded_scores(
    media_store: MediaStore, face_pack: str, model: ModelIdentity
) -> RecordedScores | None:
    """What a bundle said of a face pack; None where nothing was recorded.

    Raises:
        MissingPack: it is damaged.
        MediaStoreUnavailable: try again.
    """
    try:
        return decode(await media_store.read(score_key(face_pack, model, "json")))
    except MissingMedia:
        return None


def _without_scores(upload: Upload, verdict: Verdict) -> UploadScored:
    """All of the message but what a bundle says; whole for media without a face.

    Raises:
        Thinned: see there.
    """
    lineage = verdict.lineage
    if verdict.provenance is None and lineage.provenance is not None:
        raise Thinned
    if verdict.face_pack is None and lineage.model is not None:
        raise Thinned
    return UploadScored(
        upload=upload,
        preprocessing=verdict.lineage.preprocessing,
        media=verdict.media,
        provenance=verdict.provenance,
        face_pack=verdict.face_pack,
        rejection=verdict.rejection,
    )


def _with_scores(message: UploadScored, face_pack: str, recorded: RecordedScores) -> UploadScored:
    return replace(
        message,
        score_pack=score_key(face_pack, recorded.model, "npz"),
        tracks=recorded.tracks,
        scores=recorded.scores,
        track_scores=recorded.track_scores,
        model=recorded.model,
    )
