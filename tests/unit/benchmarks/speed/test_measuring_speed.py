from __future__ import annotations

from itertools import islice
from pathlib import Path

from aiokafka.partitioner import DefaultPartitioner

from benchmarks.speed.media import pictures
from benchmarks.speed.plain_hops import Step, read_course, write_course
from benchmarks.speed.rounds import Bench, alternate
from benchmarks.speed.stack import balanced_ids


async def test_sides_are_measured_in_turn_so_that_a_slow_minute_meets_all() -> None:
    asked: list[str] = []

    async def ours(number: int) -> float:
        asked.append(f"ours {number}")
        return 2.0 + number

    async def theirs(number: int) -> float:
        asked.append(f"theirs {number}")
        return 1.0

    sides = {"ours": ours, "theirs": theirs}
    figures = await alternate(sides, rounds=2, say=lambda line: None)
    assert asked == ["ours 0", "theirs 0", "ours 1", "theirs 1"]
    assert figures == {"ours": (2.0, 3.0), "theirs": (1.0, 1.0)}


def test_a_smaller_round_still_holds_something(tmp_path: Path) -> None:
    bench = Bench(folder=tmp_path, scale=0.1)
    assert bench.count(100) == 10
    assert bench.count(5) == 2
    assert bench.count(5, least=4) == 4


def test_uploads_are_dealt_to_partitions_evenly_as_kafka_chooses_them() -> None:
    partitioner, partitions = DefaultPartitioner(), list(range(4))
    chosen = [
        partitioner(upload_id.encode(), partitions, partitions)
        for upload_id in islice(balanced_ids(4), 8)
    ]
    assert chosen == [0, 1, 2, 3, 0, 1, 2, 3]


def test_the_plain_hops_get_the_very_bytes_that_the_stream_had(tmp_path: Path) -> None:
    course = {"a": Step(to="b", value=b"\x00\xff", headers=[("ce_id", b"1"), ("ce_id", b"2")])}
    write_course(course, tmp_path / "course.json")
    assert read_course(tmp_path / "course.json") == course


def test_no_two_uploads_have_the_same_bytes_and_the_same_seed_gives_them_again(
    tmp_path: Path,
) -> None:
    first = [file.read_bytes() for file in pictures(tmp_path / "1", 3, seed=1)]
    again = [file.read_bytes() for file in pictures(tmp_path / "2", 3, seed=1)]
    other = [file.read_bytes() for file in pictures(tmp_path / "3", 3, seed=2)]
    assert first == again
    assert len({*first, *other}) == 6
