"""Names of repositories as people write them: addresses, revisions, folders of their own disk.

The written form stays the id of a row; what it names is asked for, and counted by. Pure functions.
"""

import re

# https://huggingface.co/docs/hub/repositories-getting-started and hf:// of huggingface_hub
_HOST = re.compile(r"^(?:https?://(?:www\.)?(?:huggingface\.co|hf\.co)|hf:/)/+", re.IGNORECASE)
_KIND = re.compile(r"^(?:datasets|models)/")
_INSIDE = re.compile(r"/(?:tree|blob|resolve|raw|discussions)/.*$")
_ASIDE = re.compile(r"[?#@].*$")  # a query, a part of a page, a revision
_ON_DISK = re.compile(r"^(?:/|\.{1,2}/|~|file:|[a-z]:[\\/]|.*\\)|^[^/:]+/[^/]+/.", re.IGNORECASE)


def repository(written: str) -> str:
    """Return the name of the repository that a written id means; the same where it is one."""
    name = _ASIDE.sub("", _KIND.sub("", _HOST.sub("", written)))
    return _INSIDE.sub("", name).strip("/ ").removesuffix(".git") if name != written else written


def is_on_disk(written: str) -> bool:
    """Tell whether a written id is a path on somebody's disk, which names nothing to others."""
    return _ON_DISK.match(repository(written)) is not None
