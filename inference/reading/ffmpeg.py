"""Opens a video for FFmpeg's one fitting demuxer, so that it can reach nothing beside the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, NoReturn

import av
from av.container import InputContainer
from av.stream import Discard, Disposition
from av.video.stream import VideoStream

from moderation.errors import (
    DecodingExceeded,
    MediaTooLarge,
    NoVideoStream,
    UnreadableMedia,
    UnsupportedMedia,
)
from moderation.media import Container

_DEMUXERS = {
    Container.MP4: "mov",
    Container.MOV: "mov",
    Container.MATROSKA: "matroska",
    Container.WEBM: "matroska",
    Container.AVI: "avi",
}

# What FFmpeg finds wrong, and what a file object says that was told to seek to nowhere.
DAMAGE = (av.FFmpegError, OSError)

_ASIDE = Disposition.attached_pic | Disposition.timed_thumbnails  # cover art and previews


@contextmanager
def guarded() -> Iterator[None]:
    """Turn what PyAV raises into our errors.

    PyAV meets bytes that no file of a sound encoder holds; what it cannot express as an
    FFmpegError (a rate of 0 / 0, an unknown pixel format) are ValueErrors and their like.
    """
    try:
        yield
    except MemoryError as error:
        raise DecodingExceeded from error
    except (*DAMAGE, ValueError, ArithmeticError, LookupError, RuntimeError) as error:
        raise UnreadableMedia(f"{type(error).__name__} while decoding") from error


@contextmanager
def opened(
    file: BinaryIO, container: Container, *, pixels: int, threads: int
) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a file and choose its video stream; frames beyond `pixels` are not decoded.

    Raises:
        NoVideoStream: sound only, or cover art only.
        MediaTooLarge: the header declares more pixels.
        UnsupportedMedia: no decoder for its codec.
        UnreadableMedia: damaged.
    """
    file.seek(0)
    with guarded():
        source = av.open(
            file,
            mode="r",
            format=_DEMUXERS[container],
            options={"max_pixels": str(pixels)},
            container_options={"enable_drefs": "0", "protocol_whitelist": "none"},
            metadata_errors="ignore",
            io_open=_refuse,
        )
    with source:
        with guarded():
            stream = _video_stream(source, pixels)
            stream.codec_context.options = {"max_pixels": str(pixels)}
            stream.codec_context.thread_count = threads
            stream.codec_context.thread_type = "AUTO"
        yield source, stream


def _refuse(*_: object) -> NoReturn:
    """Stand in for FFmpeg's way to open a further file or address."""
    raise PermissionError("a video may not open anything beside itself")


def _video_stream(source: InputContainer, pixels: int) -> VideoStream:
    """Choose the default stream, or else the widest, and have the others skipped."""
    streams = [stream for stream in source.streams.video if not stream.disposition & _ASIDE]
    if not streams:
        raise NoVideoStream
    streams = [stream for stream in streams if stream.codec_context is not None]
    if not streams:
        raise UnsupportedMedia("there is no decoder for the video's codec")
    best = max(
        streams,
        key=lambda stream: (bool(stream.disposition & Disposition.default), stream.width),
    )
    if best.width * best.height > pixels:
        raise MediaTooLarge(f"{best.width} x {best.height} pixels")
    for stream in source.streams:
        if stream is not best:
            stream.discard = Discard.all
    return best
