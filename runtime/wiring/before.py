"""What the worker knows of uploads that were sent before."""

from __future__ import annotations

from inference.bundles.bundle import Bundle
from inference.decoding.decoders import DecoderPool
from inference.provenance.reading import reader_name
from moderation.errors import DecoderUnavailable
from moderation.policy import Policy
from moderation.repeats import Making
from runtime.settings import Settings
from runtime.wiring.kept import Kept
from runtime.wiring.media import provenance_search
from storage.looks.before import SqlSeenBefore
from storage.looks.database import SqlLooks
from storage.looks.lists import SqlLookLists
from streams.before import Before


def known_before(
    settings: Settings,
    kept: Kept,
    policy: Policy,
    bundle: Bundle,
    pool: DecoderPool,
    *,
    pipeline: str,
) -> Before:
    """Ask the database what is known of the same bytes and of look-alikes.

    Raises:
        DecoderUnavailable: no decoder process got ready yet, to say how it makes crops.
        InvalidConfiguration: a trust list or the calibration cannot be read.
    """
    if pool.preprocessing is None:
        raise DecoderUnavailable("no decoder process is ready")
    making = Making(
        pipeline=pipeline,
        policy=policy,
        preprocessing=pool.preprocessing,
        provenance=reader_name(provenance_search(settings)),
        model=bundle.identity,
        calibration=bundle.fusion().id,
    )
    return matches_alone(kept, making)


def matches_alone(kept: Kept, making: Making | None = None) -> Before:
    """What decides again: it tells what an upload matches, and takes no verdict over."""
    engine = kept.engine
    return Before(SqlSeenBefore(engine), SqlLooks(engine), SqlLookLists(engine), making)
