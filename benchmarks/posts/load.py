"""Load one run folder of posts into the warehouse: `python -m benchmarks.posts.load FOLDER`."""

import sys
from pathlib import Path

from dlt.common.runtime.collector import NullCollector

from assay.extract.landing.run_folder import RunFolder
from assay.extract.posts.bronze import load_posts, make_tables

if __name__ == "__main__":
    make_tables(NullCollector())
    load_posts(RunFolder.open(Path(sys.argv[1])), NullCollector())
