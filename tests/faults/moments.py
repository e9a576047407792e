"""Run `dlt pipeline run` or the publishing, but die by SIGKILL at one named moment.

    python -m tests.faults.moments hf:page:2 pipeline run ...
    python -m tests.faults.moments publish:batch:3

Of the pipelines: hf:..., enrichment:... and issues:... are the moments of tests/hf/killed_at.py,
tests/hf/enrichment/killed_at.py and tests/issues/circumstances.py; inputs:N is before the Nth load
of any pipeline. Of publishing: publish:batch:N (before the Nth batch), publish:log:N (the server
took a batch, the Nth word about it is not written yet).
"""

import itertools
import sys

from dlt._workspace.cli._dlt import main

from assay.extract.landing import bronze
from assay.publish.pocketbase import command
from assay.publish.pocketbase.client import Client
from assay.publish.pocketbase.log import Log
from tests.hf import killed_at as of_hf
from tests.hf.enrichment import killed_at as of_enrichment
from tests.issues import circumstances as of_issues


def arm(moment: str) -> None:
    """Put the death at its place."""
    area, _, point = moment.partition(":")
    if area == "hf":
        of_hf.arm(point)
    elif area == "enrichment":
        of_enrichment.arm(point)
    elif area == "issues":
        of_issues.die(point, 0.0)
    elif area == "inputs":
        _before_nth(bronze, "run", int(point))
    elif point.startswith("batch:"):
        _before_nth(Client, "batch", int(point.removeprefix("batch:")))
    elif point.startswith("log:"):
        _before_nth(Log, "write", int(point.removeprefix("log:")))
    else:
        raise SystemExit(f"no such moment: {moment}")


def _before_nth(owner: object, name: str, number: int) -> None:
    counter = itertools.count(1)
    of_hf.before(owner, name, lambda *_, **__: next(counter) == number)


if __name__ == "__main__":
    arm(sys.argv[1])
    if sys.argv[1].startswith("publish:"):
        sys.exit(command.main(sys.argv[2:]))
    sys.argv = ["dlt", *sys.argv[2:]]
    sys.exit(main("dlt"))
