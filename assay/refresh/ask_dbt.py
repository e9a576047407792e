"""What dbt knows before a build, by one process.

    python -m assay.refresh.ask_dbt FILE STATE [OPTION ...]

It parses the project, asks how fresh the sources are (target/sources.json) and compares the project
with that of the last build, whose manifest is in the folder STATE. FILE gets what was modified, a
list of unique ids as JSON, or null where there is nothing to compare with. Each dbt command alone
would start Python and read the project again, which is most of what it costs.
"""

import json
import sys
from pathlib import Path

from dbt.cli.main import dbtRunner

from assay.common import files

_AS_JSON = ("--output", "json", "--output-keys", "unique_id")


def main() -> int:
    """Look; return the exit code: 1 where the project cannot be parsed or compared."""
    file, state, *options = sys.argv[1:]
    parsed = dbtRunner().invoke(["--quiet", "parse", *options])
    if not parsed.success:
        return 1
    dbt = dbtRunner(parsed.result)
    # It fails where a source is not loaded, which is for the caller to judge.
    dbt.invoke(["--quiet", "source", "freshness", *options])
    modified = None
    if (Path(state) / "manifest.json").exists():
        chosen = ["--select", "state:modified", "--state", state, *_AS_JSON]
        listed = dbt.invoke(["--quiet", "ls", *chosen, *options])
        if not listed.success:
            return 1
        modified = [json.loads(line)["unique_id"] for line in listed.result]
    files.write(Path(file), json.dumps(modified))
    return 0


if __name__ == "__main__":
    sys.exit(main())
