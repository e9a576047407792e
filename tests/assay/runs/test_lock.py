"""The lock is two files: what `make run` needs, and what tests need on top."""

import tomllib
from importlib.metadata import distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from assay.runs.lock import DEV, RUN, closure
from tests.support import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def pinned(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    pins = (line.partition("==") for line in lines if line and line[0] not in "#-")
    return {canonicalize_name(package): version for package, _, version in pins}


@pytest.fixture(scope="module")
def there() -> dict:
    return {canonicalize_name(each.metadata["Name"]): each for each in distributions()}


def test_a_run_needs_neither_torch_nor_umap_and_tests_have_both() -> None:
    run, dev = pinned(RUN), pinned(DEV)
    heavy = {"torch", "transformers", "sentence-transformers", "umap-learn", "numba", "llvmlite"}
    assert not heavy & run.keys()
    assert heavy <= dev.keys()
    assert dev["torch"] == "2.13.0"
    assert not run.keys() & dev.keys()
    assert f"-r {RUN}" in (ROOT / DEV).read_text("utf-8").splitlines()


def test_every_package_that_a_requirement_leads_to_is_pinned(there: dict) -> None:
    assert closure(PROJECT["dependencies"], there) == pinned(RUN).keys()
    extras = [one for some in PROJECT["optional-dependencies"].values() for one in some]
    assert closure(extras, there) <= pinned(RUN).keys() | pinned(DEV).keys()


def test_what_is_pinned_is_what_the_project_asks_for() -> None:
    run, dev = pinned(RUN), pinned(DEV)
    extras = [one for some in PROJECT["optional-dependencies"].values() for one in some]
    for pins, wanted in ((run, PROJECT["dependencies"]), (run | dev, extras)):
        for requirement in map(Requirement, wanted):
            assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)])
