"""What was taken back is taken out: which posts and authors, and from which places."""

from assay.forget.forget import Found, erase_pending
from assay.forget.tombstones import (
    AUTHOR,
    BY_HAND,
    POST,
    TABLE,
    Removal,
    add,
    kept,
    last_erased_at,
    prepare,
    put_back,
)

__all__ = [
    "AUTHOR",
    "BY_HAND",
    "POST",
    "TABLE",
    "Found",
    "Removal",
    "add",
    "erase_pending",
    "kept",
    "last_erased_at",
    "prepare",
    "put_back",
]
