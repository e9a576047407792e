"""Load one run folder of posts into the warehouse: `python -m benchmarks.posts_load FOLDER`."""

import sys
from pathlib import Path

from dlt.common.runtime.collector import NullCollector

from extract.bronze_posts import load_posts
from extract.run_folder import RunFolder

if __name__ == "__main__":
    load_posts(RunFolder.open(Path(sys.argv[1])), NullCollector())
