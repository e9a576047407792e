"""Run `dlt pipeline inputs run`, but die by SIGKILL before the Nth load into bronze.

    python -m tests.inputs.dying N

The first load is that of the files, the second that of their fingerprints.
"""

import itertools
import os
import signal
import sys
from typing import Any

from dlt._workspace.cli._dlt import main

from assay.extract.landing import bronze

count, load = itertools.count(1), bronze.run


def dying(*args: Any, **kwargs: Any) -> None:
    if next(count) == wanted:
        os.kill(os.getpid(), signal.SIGKILL)
    load(*args, **kwargs)


if __name__ == "__main__":
    wanted = int(sys.argv[1])
    bronze.run = dying
    sys.argv = ["dlt", "pipeline", "inputs", "run"]
    sys.exit(main())
