"""Batches of posts made into rows by others: in order, a few in memory, a lost worker's again."""

from collections.abc import Iterator

import pyarrow as pa
import pytest

from assay.mining.compute import WorkerLostError, compute_batches
from assay.mining.embed import EmbeddingError


def batch(number: int) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"number": [number]})


def doubled(one: pa.RecordBatch) -> pa.RecordBatch:
    return batch(2 * one["number"][0].as_py())


def numbers(made: Iterator[pa.RecordBatch]) -> list[int]:
    return [one["number"][0].as_py() for one in made]


def test_rows_come_in_order_and_few_batches_are_away_at_once() -> None:
    away: list[int] = []
    read: list[int] = []

    def run(work, some: list[pa.RecordBatch]) -> list[pa.RecordBatch]:
        away.append(len(some))
        return [work(one) for one in some]

    def coming() -> Iterator[pa.RecordBatch]:
        for number in range(23):
            read.append(number)
            yield batch(number)

    made = compute_batches(coming(), doubled, run, at_once=10, few=3)
    assert next(made)["number"][0].as_py() == 0 and len(read) == 10
    assert numbers(made) == [2 * number for number in range(1, 23)]
    assert away == [10, 10]  # the last three were made here


def test_a_lost_worker_costs_the_batches_that_were_away() -> None:
    tries: list[int] = []

    def run(work, some: list[pa.RecordBatch]) -> list[pa.RecordBatch]:
        tries.append(len(some))
        if len(tries) == 1:
            raise WorkerLostError("out of memory")
        return [work(one) for one in some]

    made = compute_batches(map(batch, range(6)), doubled, run, at_once=4, few=0)
    assert numbers(made) == [0, 2, 4, 6, 8, 10] and tries == [4, 4, 2]


def test_workers_that_are_lost_again_and_again_are_one_line() -> None:
    def run(work, some: list[pa.RecordBatch]) -> list[pa.RecordBatch]:
        raise WorkerLostError("out of memory")

    with pytest.raises(EmbeddingError, match="workers were lost 3 times: out of memory"):
        list(compute_batches(map(batch, range(6)), doubled, run))
