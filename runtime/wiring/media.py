"""Where media come from, where they are kept, and what reads them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from math import ceil
from pathlib import Path

from inference.decoding.decoders import DecoderPool
from inference.decoding.wire import Confines, Work
from inference.faces.search import FaceSearch
from inference.provenance.search import ProvenanceSearch
from inference.provenance.trust import load_trust_list
from inference.reading.frames import DecodingLimits
from runtime.settings import Settings
from storage.media import ObstoreMediaStore, open_media_store
from storage.sources.addresses import AddressGuard
from storage.sources.buckets import BucketSource, open_buckets
from storage.sources.dispatch import SourceByScheme
from storage.sources.local import LocalSource
from storage.sources.stored import StoredSource
from storage.sources.web import Patience, WebSource
from storage.spool import open_spool


def media_store(settings: Settings) -> ObstoreMediaStore:
    return open_media_store(settings.media.store)


def source(settings: Settings, store: ObstoreMediaStore) -> SourceByScheme:
    """What addresses may be fetched, and how.

    Raises:
        InvalidConfiguration: a bucket that is allowed cannot be opened.
    """
    media = settings.media
    buckets = BucketSource(open_buckets(media.allowed_buckets), limit_bytes=media.max_bytes)
    web = WebSource(
        limit_bytes=media.max_bytes,
        guard=AddressGuard([str(network) for network in media.allowed_networks]),
        patience=Patience(total_seconds=media.fetch_within.total_seconds()),
    )
    return SourceByScheme(
        {
            "store": StoredSource(store, limit_bytes=media.max_bytes),
            "file": LocalSource(media.allowed_roots, limit_bytes=media.max_bytes),
            **dict.fromkeys(("s3", "gs", "az"), buckets),
            **dict.fromkeys(("http", "https"), web),
        }
    )


def spool(settings: Settings) -> AbstractContextManager[Path]:
    """A folder for media while they are worked on, by its whole path: decoders work elsewhere."""
    return open_spool(settings.state.absolute() / "spool")


@asynccontextmanager
async def open_decoders(settings: Settings) -> AsyncIterator[DecoderPool]:
    """Start no process yet.

    Raises:
        InvalidConfiguration: a trust list cannot be read.
    """
    media, decoding_, faces = settings.media, settings.decoding, settings.faces
    pool = DecoderPool(
        processes=decoding_.processes,
        work=Work(
            limits=DecodingLimits(
                pixels=media.max_pixels,
                seconds=media.max_duration.total_seconds(),
                frames=faces.frames,
            ),
            faces=FaceSearch(
                detector=faces.detector,
                smallest_face=faces.smallest_face,
                crops_per_track=faces.crops_per_track,
                tracks=faces.tracks,
            ),
            provenance=provenance_search(settings),
            confines=Confines(
                memory_bytes=decoding_.memory_bytes,
                cpu_seconds=int(decoding_.cpu.total_seconds()),
                provenance_cpu_seconds=ceil(settings.provenance.cpu.total_seconds()),
            ),
        ),
        wall_seconds=decoding_.wall.total_seconds(),
        provenance_seconds=settings.provenance.wall.total_seconds(),
        jobs_per_process=decoding_.uploads_per_process,
    )
    try:
        yield pool
    finally:
        await pool.close()


def provenance_search(settings: Settings) -> ProvenanceSearch:
    """How media's own words on their origin are read.

    Raises:
        InvalidConfiguration: a trust list cannot be read.
    """
    asked = settings.provenance
    return ProvenanceSearch(
        signers=load_trust_list(asked.trust_list) if asked.trust_list else None,
        time_stamps=load_trust_list(asked.time_stamp_list) if asked.time_stamp_list else None,
        keep_places=asked.keep_places,
        keep_serial_numbers=asked.keep_serial_numbers,
        pixels=settings.media.max_pixels,
    )
