"""Uploads that were judged, and instruments that say when they are asked, for replay's tests."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np

from inference.bundles.bundle import Bundle
from inference.faces import facepack
from inference.faces.facepack import FacePack
from inference.ports import CropScores
from inference.scoring.panel import Answers
from moderation.fusion import Family, Fusion
from moderation.lineage import ModelIdentity
from moderation.policy import Policy, Rule
from moderation.provenance import UNKNOWN
from moderation.scores import CropScore
from moderation.thresholds import Thresholds
from storage.in_memory import InMemoryMediaStore
from storage.ports import Ledger
from storage.search.ports import UploadSearch
from streams.judging import Judge
from streams.messages import SCORED, FacesFound
from streams.record import Record
from streams.replay.replaying import PAGE, Replay
from streams.replay.scores import RecordedAgain, ScoredAgain
from streams.retries import BackOff
from streams.score import Score
from tests.builders import CROP, FACTS, MODEL, TOPICS, TRACK, an_upload, scored

OTHER_MODEL = replace(MODEL, version="2", sha256="ef" * 32)
PLAIN = Fusion(id="none", families=(Family(finds="manipulated", weights={"blending": 1.0}),))
FUSIONS = {MODEL: PLAIN, OTHER_MODEL: PLAIN}
READ = replace(UNKNOWN, reader="reader 1")
ONCE = BackOff(attempts=1)


def a_policy(name: str, *, suspect: float = 0.5, fake: float = 0.8) -> Policy:
    rule = Rule(thresholds=Thresholds(suspect=suspect, fake=fake))
    return Policy(name=name, sha256=name.encode().hex().ljust(64, "0"), rules=(rule,))


class PackStore(InMemoryMediaStore):
    """Holds what extraction and scoring leave, and refuses to hand out anything but `allowed`."""

    def __init__(self) -> None:
        super().__init__()
        self.allowed = ""

    async def read(self, key: str) -> bytes:
        if not key.endswith(self.allowed):
            raise AssertionError(f"{key} was read")
        return await super().read(key)

    async def download(self, key: str, to: Path, *, limit_bytes: int) -> None:
        raise AssertionError(f"{key} was fetched")


class CountingPanel:
    """Says of every crop what its brightness is taken for, and counts how often it is asked."""

    def __init__(self, sign: float = 1.0) -> None:
        self.sign = sign
        self.urgent: list[bool] = []

    async def ask(self, pack: FacePack, *, urgent: bool) -> Answers:
        self.urgent.append(urgent)
        logits = (pack.pixels.mean(axis=(1, 2, 3)) / 255 * 8 - 4) * self.sign
        embeddings = np.zeros((len(pack.crops), 2), np.float32)
        said = CropScores(logits=logits.astype(np.float32), embeddings=embeddings)
        scores = tuple(
            CropScore(crop=crop, logits={"blending": round(float(logit), 4)})
            for crop, logit in zip(pack.crops, logits, strict=True)
        )
        return Answers(scores=scores, track_scores=(), by_model={"blending": said})


class NoPanel:
    """A panel that must not be asked."""

    async def ask(self, pack: FacePack, *, urgent: bool) -> Answers:
        raise AssertionError("faces were scored")


@cache
def a_pack(brightness: int) -> bytes:
    pixels = np.full((1, 224, 224, 3), brightness, np.uint8)
    return facepack.write(
        FacePack(facts=FACTS, tracks=(TRACK,), crops=(CROP,), pixels=pixels, preprocessing="c-1")
    )


@dataclass
class House:
    """A ledger with uploads judged by the policy `first`, and replays over it.

    They are scored in the name of a bundle, where one is given.
    """

    ledger: Ledger
    search: UploadSearch
    store: PackStore = field(default_factory=PackStore)
    bundle: Bundle | None = None

    def record(self, policy: Policy) -> Record:
        bundle = self.bundle
        fusions = {bundle.identity: bundle.fusion()} if bundle else FUSIONS
        return Record(self.ledger, Judge(policy, fusions, pipeline="1"), TOPICS)

    async def judge_faces(self, *brightness: int) -> None:
        """Each upload's only face is a plain grey, which the panel's logit follows."""
        model = self.bundle.identity if self.bundle else MODEL
        score, record = self._score(CountingPanel(), model), self.record(a_policy("first"))
        for number, grey in enumerate(brightness):
            key = f"packs/acme/{grey:03d}/c-1.zip"
            await self.store.put(key, a_pack(grey))
            faces = FacesFound(
                upload=an_upload(f"u{number:04d}", uri="store:///gone"),
                media=FACTS,
                provenance=READ,
                face_pack=key,
                preprocessing="c-1",
            )
            (message,) = await score(faces)
            await record(SCORED.decode(message.value))

    async def judge_without_face(self, upload_id: str) -> None:
        upload = an_upload(upload_id)
        await self.record(a_policy("first"))(
            scored(upload=upload, face_pack=None, provenance=UNKNOWN)
        )

    def by_policy(
        self, policy: Policy, model: ModelIdentity | None = None, **changes: object
    ) -> Replay:
        """A replay that may read recorded scores and nothing else."""
        self.store.allowed = ".json"
        return self._replay(RecordedAgain(self.store, model), policy, **changes)

    def by_model(self, panel: object, policy: Policy | None = None, **changes: object) -> Replay:
        """A replay that may read what lies below `packs/`, and asks another model."""
        self.store.allowed = ""
        scores = ScoredAgain(self.store, self._score(panel, OTHER_MODEL), OTHER_MODEL)
        return self._replay(scores, policy or a_policy("first"), **changes)

    async def room(self) -> None:
        """There always is some."""

    def _score(self, panel: object, model: ModelIdentity) -> Score:
        return Score(panel, model, self.store, TOPICS)

    def _replay(
        self, scores: object, policy: Policy, *, ledger: object = None, page: int = PAGE
    ) -> Replay:
        record = self.record(policy)
        ledger = ledger or self.ledger
        return Replay(self.search, ledger, scores, record, back_off=ONCE, page=page)
