"""The cache of vectors as a table of a lake, where workers of several machines compute.

One builder is at work at a time (builder.py), so one process writes here. A lake has no keys: what
is there already is left out when more is inserted.
"""

from functools import partial

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from assay import warehouse
from assay.mining.embed.cache import CacheError
from assay.warehouse import lake

TABLE = "ops.embedding_cache"
DDL = f"""
create schema if not exists ops;
create table if not exists {TABLE} (
    model_id varchar not null,
    precision varchar not null,
    text_hash blob not null,
    vector float[] not null
);
"""
# A killed builder's workers may end a block that shares texts with one of the next builder's.
_PUT = f"""
insert into {TABLE}
select $model_id, $precision, new.text_hash, new.vector
from new_vectors as new
where not exists (
    select 1 from {TABLE} as known
    where known.model_id = $model_id and known.precision = $precision
        and known.text_hash = new.text_hash
)
"""  # noqa: S608 - a name of our own
_GET = f"""
select asked.place, known.vector
from asked_hashes as asked
inner join {TABLE} as known on asked.text_hash = known.text_hash
where known.model_id = $model_id and known.precision = $precision
"""  # noqa: S608 - a name of our own
_ROWS = 20_000  # vectors at once, 31 MB of 384 dimensions


class LakeCache:
    """The vectors of one model in one precision, as mining's EmbeddingCache has them in a file."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, model_id: str, precision: str, dimension: int
    ) -> None:
        """Make the table where there is none. connection: a DuckDB that has the lake attached."""
        # Its own transactions: what is kept here stays, whatever becomes of the model that asked.
        self._db = lake.cursor(connection)
        self._of = {"model_id": model_id, "precision": precision}
        self.dimension = dimension
        warehouse.make_tables(self._db, DDL)

    def get_many(self, hashes: list[str]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return the vectors, (n, dimension), and which of them were there, (n,); others are 0.

        Raises CacheError when one has another dimension.
        """
        vectors = np.zeros((len(hashes), self.dimension), np.float32)
        there = np.zeros(len(hashes), bool)
        asked = pa.table({"place": np.arange(len(hashes)), "text_hash": _keys(hashes)})
        self._db.register("asked_hashes", asked)
        for found in self._db.execute(_GET, self._of).to_arrow_reader(_ROWS):
            places = found["place"].to_numpy()
            flat = found["vector"].flatten().to_numpy()
            if len(flat) != len(places) * self.dimension:
                raise CacheError(f"{TABLE} has vectors of a length other than {self.dimension}")
            vectors[places] = flat.reshape(-1, self.dimension)
            there[places] = True
        self._db.unregister("asked_hashes")
        return vectors, there

    def put_many(self, hashes: list[str], vectors: NDArray[np.float32]) -> None:
        """Keep the vectors, (n, dimension), all or none; what is there already stays."""
        if vectors.shape != (len(hashes), self.dimension):
            raise ValueError(f"{vectors.shape} vectors for {(len(hashes), self.dimension)} wanted")
        # Not by the database, whose aggregates turn -0.0 into 0.0.
        first = dict(zip(reversed(hashes), reversed(range(len(hashes))), strict=True))
        hashes, vectors = list(first), vectors[list(first.values())]
        offsets = pa.array(np.arange(0, vectors.size + 1, self.dimension, dtype=np.int32))
        column = pa.ListArray.from_arrays(offsets, pa.array(vectors.ravel(), pa.float32()))
        self._db.register("new_vectors", pa.table({"text_hash": _keys(hashes), "vector": column}))
        # Compaction may change the same table at that moment.
        lake.again_after_conflicts(partial(self._db.execute, _PUT, self._of))
        self._db.unregister("new_vectors")


def _keys(hashes: list[str]) -> pa.Array:
    return pa.array([bytes.fromhex(key) for key in hashes], pa.binary())
