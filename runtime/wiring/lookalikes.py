"""The pages of clusters, and lists of looks."""

from __future__ import annotations

from console.areas import Area
from console.lookalikes.desk import ClusterDesk
from console.lookalikes.pages import lookalikes_area
from console.queue.desk import QueueDesk
from runtime.wiring.kept import Kept
from storage.looks.clusters import SqlClusters
from storage.looks.lists import SqlLookLists


def look_lists(kept: Kept) -> SqlLookLists:
    return SqlLookLists(kept.engine)


def clusters_area(desk: QueueDesk, kept: Kept) -> Area:
    clusters = SqlClusters(kept.engine, plan=kept.reviews.plan)
    return lookalikes_area(
        ClusterDesk(
            ledger=kept.ledger,
            clusters=clusters,
            decisions=desk.decisions,
            reasons=desk.reasons,
            impression_first=desk.impression_first,
        )
    )
