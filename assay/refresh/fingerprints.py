"""One number for many files: what they are called and what is in them, and nothing else."""

import hashlib
from collections.abc import Iterable

_VERSION = b"assay fingerprint 1\n"


def content_hash(content: bytes) -> str:
    """Return the SHA-256 of a file's bytes, 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def fingerprint(files: Iterable[tuple[str, str]]) -> str:
    """Return 64 hex digits over (path, `content_hash`) pairs, in whatever order they come.

    Two sets of files share one only if paths and contents are equal, as far as SHA-256 goes: each
    path is written with its length before it and each hash has the same length, so that no byte
    can move from one file, or from a name into a file, without moving the fingerprint.
    """
    digest = hashlib.sha256(_VERSION)
    for path, content in sorted(files):
        name = path.encode()
        digest.update(len(name).to_bytes(8, "big") + name + bytes.fromhex(content))
    return digest.hexdigest()
