"""The part of a build that asks for vectors, as a process that tests can kill.

    python -m tests.mining.compute.building

The environment says where the cache is and who computes, as for any build; the vectors of TEXTS are
left in the data folder as vectors.npy.
"""

from functools import partial

import duckdb
import numpy as np

from assay import warehouse
from assay.dbt import compute
from assay.mining.embed import embed_whole
from assay.warehouse import lake

SIZE = 4  # texts in a block
# No two have the same words in one order, and two thirds are longer than the model reads at once.
TEXTS = [
    f"post {number}\n"
    + " ".join(f"word{number * step % 97}" for step in range(1, 40 + number % 3 * 150))
    for number in range(48)
]


def main() -> None:
    folder = warehouse.data_dir()
    with duckdb.connect() as session:
        if warehouse.main_target() == lake.TARGET:
            lake.attach(session, lake.lake(warehouse.ROOT))
            session.execute(f"use {lake.NAME}")
        engine, cache, by = compute.opened(session, folder / "embeddings", None)
        small = partial(by, size=SIZE)
        vectors, _ = embed_whole(TEXTS, engine, cache, report=print, compute=small)
        folder.mkdir(parents=True, exist_ok=True)  # on a lake nothing else is kept there
        np.save(folder / "vectors.npy", vectors)


if __name__ == "__main__":
    main()
