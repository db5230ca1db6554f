"""Known media that watch the stream."""

from __future__ import annotations

from moderation.errors import InvalidConfiguration
from runtime.settings import Settings
from runtime.wiring.broker import deadlines, topics
from runtime.wiring.kept import Kept
from storage.ports import MediaStore
from storage.retention.leases import SqlLeases
from streams.golden import Heartbeat, Limits


def heartbeat(settings: Settings, kept: Kept, store: MediaStore) -> Heartbeat | None:
    """None where no media are known.

    Raises:
        InvalidConfiguration: their folder cannot be read, or is empty.
    """
    golden = settings.golden
    if golden.media is None:
        return None
    try:
        files = sorted(path for path in golden.media.iterdir() if path.is_file())
        samples = {path.name: path.read_bytes() for path in files}
    except OSError as error:
        raise InvalidConfiguration(f"VERISCOPE_GOLDEN__MEDIA: {error}") from error
    if not samples:
        raise InvalidConfiguration(f"VERISCOPE_GOLDEN__MEDIA: {golden.media} holds no file")
    return Heartbeat(
        samples,
        kept.ledger,
        store,
        SqlLeases(kept.engine),
        topics(settings),
        deadlines(settings),
        Limits(within=golden.within, tolerance=golden.tolerance),
    )
