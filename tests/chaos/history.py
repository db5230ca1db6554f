"""What must be true afterwards, of the ledger and of the topic of verdicts together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import NamedTuple

import asyncpg

from moderation.verdict import Label
from streams.messages import REACHED
from streams.tail import tail
from tests.chaos.scene import Scene


class Judgement(NamedTuple):
    """What must be the same in the ledger and on the topic."""

    upload_id: str
    lineage: str
    verdict_id: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What was written and told.

    `noted` are the uploads in the ledger, `current` how many current verdicts each has,
    `rejected` those whose current verdict is a rejection, `faceless` those in which it says that
    there is no face (there is one in all that are not broken). `judged` are the verdicts in the
    ledger, `told` the distinct messages of each on the topic, `messages` how many in all.
    """

    noted: Set[str]
    current: Mapping[str, int]
    rejected: Set[str]
    faceless: Set[str]
    judged: Set[Judgement]
    told: Mapping[Judgement, Set[bytes]]
    messages: int
    outbox: int
    dead_letters: int


def violations(history: History, *, announced: Set[str], broken: Set[str]) -> list[str]:
    """A line for each promise that was not kept; none where all were."""
    judged = {upload_id for upload_id, count in history.current.items() if count == 1}
    twice = {upload_id for upload_id, count in history.current.items() if count > 1}
    of_lineage: dict[tuple[str, str], set[bytes]] = defaultdict(set)
    for one, values in history.told.items():
        of_lineage[one.upload_id, one.lineage] |= values
    told_apart = {one for one, values in of_lineage.items() if len(values) > 1}
    found = {
        "announced, and not in the ledger": announced - history.noted,
        "in the ledger, and never announced": history.noted - announced,
        "without a current verdict": announced - judged - twice,
        "with more than one current verdict": twice,
        "judged, and never published": history.judged - history.told.keys(),
        "published, and never judged": history.told.keys() - history.judged,
        "published as two verdicts of one lineage": told_apart,
        "rejected, and nothing is wrong with it": history.rejected - broken,
        "broken, and not rejected": broken - history.rejected,
        "told to have no face": history.faceless,
    }
    lines = [f"{what}: {sorted(which)[:10]}" for what, which in found.items() if which]
    if history.outbox:
        lines.append(f"left in the outbox: {history.outbox}")
    if history.dead_letters:
        lines.append(f"dead letters that no redrive brought home: {history.dead_letters}")
    return lines


async def read_history(scene: Scene) -> History:
    told: dict[Judgement, set[bytes]] = defaultdict(set)
    messages = 0
    connection = {"bootstrap_servers": scene.parts.kafka.address}
    async for value in tail(connection, scene.topics.verdicts, from_beginning=True, follow=False):
        verdict = REACHED.decode(value).verdict
        one = Judgement(
            verdict.upload_id, verdict.lineage.digest, verdict.verdict_id, verdict.label.value
        )
        told[one].add(value)
        messages += 1
    ledger = await asyncpg.connect(scene.database)
    try:
        noted = await ledger.fetch("SELECT upload_id FROM uploads")
        verdicts = await ledger.fetch(
            "SELECT upload_id, lineage_digest, verdict_id, label, is_current, rejection_reason"
            " FROM verdicts"
        )
        counts = await waiting(ledger)
    finally:
        await ledger.close()
    current = [row for row in verdicts if row["is_current"]]
    return History(
        noted={row["upload_id"] for row in noted},
        current=Counter(row["upload_id"] for row in current),
        rejected={row["upload_id"] for row in current if row["rejection_reason"]},
        faceless={row["upload_id"] for row in current if row["label"] == Label.NO_FACE},
        judged={
            Judgement(row["upload_id"], row["lineage_digest"], row["verdict_id"], row["label"])
            for row in verdicts
        },
        told=told,
        messages=messages,
        outbox=counts["outbox"],
        dead_letters=counts["dead letters"],
    )


async def waiting(ledger: asyncpg.Connection) -> dict[str, int]:
    """How many uploads have an end, and how much has not."""
    queries = {
        "ended": "SELECT count(*) FROM verdicts WHERE is_current",
        "outbox": "SELECT count(*) FROM outbox",
        "dead letters": "SELECT count(*) FROM dead_letters WHERE redriven_at IS NULL",
    }
    return {name: await ledger.fetchval(sql) for name, sql in queries.items()}
