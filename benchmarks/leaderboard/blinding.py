"""Makes a task of clips: new names, no order, and what would tell the label taken away."""

from __future__ import annotations

import os
import random
import secrets
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
from av.video.reformatter import VideoReformatter
from tqdm import tqdm

from benchmarks.changes import Change, Half, in_turn
from benchmarks.clips import Clip
from benchmarks.equalising import Equalise
from benchmarks.leaderboard.task import MEDIA, PRIVATE, PUBLIC, Secret, write_task
from inference.reading.frames import DecodingLimits, Frame
from inference.reading.images import read_image
from inference.reading.shown import as_shown
from inference.reading.sniff import SNIFFED_BYTES, sniff
from moderation.errors import InvalidConfiguration
from moderation.media import MediaKind

# As good as the original to a detector: what is coded anew is coded so for both classes.
_QUALITY, _RATE_FACTOR = 95, "12"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blinding:
    """How a task is made. `public`: the share of groups with forgeries whose labels are open.

    `private_methods`: forgeries that are in the private share alone, so that the distance
    between the shares tells how a submission fares on what is new. `equalise` as elsewhere: it
    also strips the sizes, codecs and metadata by which sources, and so labels, may be known.
    """

    name: str
    public: float = 0.5
    private_methods: Collection[str] = ()
    equalise: str = ""


def blind(
    clips: Sequence[Clip],
    wish: Blinding,
    public: Path,
    secret: Path,
    *,
    before: Callable[[], None] = lambda: None,
) -> None:
    """Write the public part and the secret part of a task.

    Ids and shares come from the system's randomness: neither follows from what is public.
    `before` is called when nothing is left to refuse and nothing was written yet; it may make
    both folders.

    Raises:
        InvalidConfiguration: a clip without a label, a folder that exists, or a secret part
            inside of the public one.
        MediaRejected: a clip that has to be written anew cannot be read.
    """
    _check(clips, public, secret)
    secret.mkdir(parents=True, mode=0o700)
    try:
        before()
        (public / MEDIA).mkdir(parents=True)
        known, paths = _write_clips(clips, wish, public)
        facts = {"name": wish.name, "clips": len(clips), "equalise": wish.equalise}
        write_task(public, secret, known, paths, facts)
    except BaseException:
        for folder in (public, secret):  # neither was there before
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _write_clips(
    clips: Sequence[Clip], wish: Blinding, public: Path
) -> tuple[list[Secret], dict[str, str]]:
    """What the organiser is to know of each clip, and where its media lie in the public part."""
    shares = _shares(clips, wish)
    known, paths = [], {}
    shuffled = random.SystemRandom().sample(clips, len(clips))
    for clip in tqdm(shuffled, desc="blinding", mininterval=1):
        clip_id = secrets.token_hex(8)
        written = _write_media(clip, wish.equalise, public / MEDIA / clip_id)
        os.utime(written, (0, 0))
        paths[clip_id] = f"{MEDIA}/{written.name}"
        known.append(
            Secret(
                clip_id=clip_id,
                label=clip.label,
                share=shares[clip.group],
                group=clip.group,
                method=clip.method,
                original=clip.clip_id,
            )
        )
    return known, paths


def _check(clips: Sequence[Clip], public: Path, secret: Path) -> None:
    if not clips:
        raise InvalidConfiguration("no clips to make a task of")
    for clip in clips:
        if not clip.label:
            raise InvalidConfiguration(f"{clip.clip_id} has no label")
    for folder in (public, secret):
        if folder.exists():
            raise InvalidConfiguration(f"{folder} exists")
    if secret.resolve().is_relative_to(public.resolve()):
        raise InvalidConfiguration("the secret part would lie inside of the public one")


def _shares(clips: Sequence[Clip], wish: Blinding) -> dict[str, str]:
    """The share of each group; one that holds a private method is private.

    Forgeries are as frequent in both shares as groups allow: else what is calibrated on the open
    labels, a constant even, would lose on the others by their number alone.
    """
    sizes = Counter(clip.group for clip in clips)
    forged = Counter(clip.group for clip in clips if clip.label == "fake")
    private = {clip.group for clip in clips if clip.method in wish.private_methods}
    drawn = random.SystemRandom().sample(sorted(set(sizes) - private), len(sizes) - len(private))
    with_forgeries = [group for group in drawn if forged[group]]
    genuine = [group for group in drawn if not forged[group]]
    opened = with_forgeries[: round(len(with_forgeries) * wish.public)]
    wanted = sum(sizes[group] for group in genuine) * wish.public
    if opened:
        wanted = _reals_beside(opened, sizes, forged)
    opened += [group for group, before in _counted(genuine, sizes) if before + 0.5 < wanted]
    return {clip.group: PUBLIC if clip.group in opened else PRIVATE for clip in clips}


def _reals_beside(opened: Sequence[str], sizes: Counter[str], forged: Counter[str]) -> float:
    """How many genuine clips the open groups lack to have the share of forgeries of all."""
    reals_of_one = (sizes.total() - forged.total()) / forged.total()
    open_forged = sum(forged[group] for group in opened)
    return open_forged * reals_of_one - sum(sizes[group] - forged[group] for group in opened)


def _counted(groups: Sequence[str], sizes: Counter[str]) -> Iterator[tuple[str, int]]:
    """Each group, and how many clips are in those before it."""
    before = 0
    for group in groups:
        yield group, before
        before += sizes[group]


def _write_media(clip: Clip, equalise: str, target: Path) -> Path:
    """Copy a clip under its new name, or code it anew where only a part of it is meant."""
    changes: list[Change] = [Half(region=clip.region)] if clip.region else []
    if equalise:
        changes.append(Equalise.parse(equalise))
    if not changes:
        return Path(shutil.copyfile(clip.path, target.with_suffix(clip.path.suffix.lower())))
    with clip.path.open("rb") as file:
        container = sniff(file.read(SNIFFED_BYTES))
        file.seek(0)
        if container.kind is MediaKind.IMAGE:
            _, frames = read_image(file, container, DecodingLimits())
            frame = next(iter(in_turn(changes)(frames)))
            quality = Equalise.parse(equalise).quality if equalise else _QUALITY
            return _write_image(frame, quality, target.with_suffix(".jpg"))
    return _write_video(clip.path, in_turn(changes), target.with_suffix(".mp4"))


def _write_image(frame: Frame, quality: int, target: Path) -> Path:
    """Equalised pixels were coded at this quality once; again they come out nearly the same."""
    bgr = cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(target), bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return target


def _write_video(source: Path, change: Change, target: Path) -> Path:
    with av.open(source) as opened, av.open(target, "w") as output:
        coming = opened.streams.video[0]
        stream = output.add_stream("libx264", rate=coming.average_rate or 25)
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": _RATE_FACTOR, "preset": "fast"}
        for number, frame in enumerate(change(_every_frame(opened, coming))):
            if number == 0:  # H.264 at half the colours' resolution wants even sides
                stream.height, stream.width = (side // 2 * 2 for side in frame.pixels.shape[:2])
            pixels = frame.pixels[: stream.height, : stream.width].copy()
            output.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        output.mux(stream.encode(None))
    return target


def _every_frame(
    opened: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> Iterator[Frame]:
    """Frames as players show them: what is written here carries no hint to turn them."""
    reformatter = VideoReformatter()
    for number, frame in enumerate(opened.decode(stream)):
        pixels = as_shown(frame, stream.sample_aspect_ratio, reformatter)
        yield Frame(at_seconds=float(number), pixels=pixels)
