"""Run the `dlt` command, but die by SIGKILL at one chosen moment.

    python -m tests.hf.enrichment.killed_at MOMENT pipeline hf_enrichment run ...

Moments: `answer:N` (the Nth answer has come and is not kept yet), `kept:N` (the Nth is just kept),
`rename:FILE` (a file is written and synced, not yet renamed), `listed:FILE` (it is renamed, not yet
in the manifest), `load` (all files are there, nothing is loaded), `job:N` (the Nth statement that
writes is about to run in the destination).
"""

import itertools
import sys

from assay.extract.enrichment.cache import Answers
from assay.extract.landing import bronze
from assay.extract.landing.run_folder import RunFolder
from tests.hf.killed_at import after, before, before_job, before_rename, run


def arm(moment: str) -> None:
    kind, _, what = moment.partition(":")
    counter = itertools.count(1)
    if kind == "answer":
        before(Answers, "keep", lambda *_, **__: next(counter) == int(what))
    elif kind == "kept":
        after(Answers, "keep", lambda *_, **__: next(counter) == int(what))
    elif kind == "rename":
        before_rename(what)
    elif kind == "listed":
        before(
            RunFolder,
            "save",
            lambda folder: (
                what in folder.manifest["files"] and (folder.path / what).stat().st_size > 0
            ),
        )
    elif kind == "load":
        before(bronze, "open_pipeline", lambda *_, **__: True)
    elif kind == "job":
        before_job(int(what))
    else:
        raise SystemExit(f"no such moment: {moment}")


if __name__ == "__main__":
    sys.exit(run(arm))
