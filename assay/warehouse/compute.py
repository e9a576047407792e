"""Where blocks of texts and of vectors lie (docs/decisions/compute.md)."""

import os
from pathlib import Path

from assay.warehouse.profile import ROOT, data_dir, main_target, where_is_lake

FOLDER = "COMPUTE_FOLDER"


def blocks_dir() -> Path:
    """Return the folder of blocks, which may not be there yet (COMPUTE_FOLDER).

    By default it is in the files of a lake, which all its machines see, or else beside the cache of
    the data folder. Raises WarehouseError where the environment names no lake.
    """
    if named := os.environ.get(FOLDER, "").strip():
        return (ROOT / named).resolve()
    if main_target() == "ducklake" and not (where := where_is_lake()).is_remote:
        return Path(where.data) / "compute"
    return data_dir() / "embeddings" / "blocks"


def is_shared() -> bool:
    """Tell whether other machines may see that folder: somebody named it, or the lake's files."""
    return blocks_dir() != data_dir() / "embeddings" / "blocks"
