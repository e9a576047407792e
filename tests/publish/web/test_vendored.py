"""What lies in publish/web from elsewhere is what its note says."""

import base64
import hashlib
import json
import re

import pytest

from tests.publish.web.server import PAGE

POLICY = r'http-equiv="Content-Security-Policy" content="([^"]+)"'


def test_the_sdk_is_the_file_of_the_package_that_its_note_names() -> None:
    vendor = PAGE / "vendor"
    note = (vendor / "README.md").read_text()
    digest = hashlib.sha256((vendor / "pocketbase.es.mjs").read_bytes()).hexdigest()
    assert digest in note
    assert "MIT" in (vendor / "pocketbase.LICENSE.md").read_text()


@pytest.mark.parametrize("package", ["hyparquet", "hyparquet-writer"])
def test_the_readers_of_parquet_are_the_packages_that_their_note_names(package: str) -> None:
    folder = PAGE / "vendor" / package
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    assert len(lines) > 20
    note = (PAGE / "vendor" / "README.md").read_text()
    assert f" {hashlib.sha256(''.join(lines).encode()).hexdigest()} " in note
    said = json.loads((folder / "package.json").read_text())
    assert f"{package} {said['version']}" in note.replace("\n", " ")
    assert said["license"] == "MIT" in (folder / "LICENSE").read_text()


def test_the_writer_of_parquet_has_the_reader_that_it_asks_for() -> None:
    vendor = PAGE / "vendor"
    asked = json.loads((vendor / "hyparquet-writer" / "package.json").read_text())["dependencies"]
    there = json.loads((vendor / "hyparquet" / "package.json").read_text())
    assert asked == {"hyparquet": there["version"]}
    assert not there.get("dependencies")


def test_the_catalogs_policy_allows_its_map_of_imports_and_no_other_script_of_the_page() -> None:
    text = (PAGE / "catalog.html").read_text()
    [imports] = re.findall(r'<script type="importmap">(.*?)</script>', text, re.S)
    digest = base64.b64encode(hashlib.sha256(imports.encode()).digest()).decode()
    [policy] = re.findall(POLICY, text)
    [other] = re.findall(POLICY, (PAGE / "index.html").read_text())
    assert policy.replace(f" 'sha256-{digest}'", "") == other
    assert set(json.loads(imports)["imports"].values()) == {
        "./vendor/hyparquet/src/index.js",
        "./vendor/hyparquet/src/",
    }


def test_nothing_in_the_page_names_another_origin() -> None:
    own = [path for path in PAGE.rglob("*") if path.suffix in {".html", ".css", ".js"}]
    assert len(own) > 15
    named = {
        path.name: line
        for path in own
        for line in path.read_text().splitlines()
        if "://" in line
        and "http://www.w3.org/2000/svg" not in line
        and " * " not in line
        and not line.startswith("//")
    }
    assert named == {}
