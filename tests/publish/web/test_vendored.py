"""What lies in publish/web from elsewhere is what its note says."""

import hashlib

from tests.publish.web.server import PAGE


def test_the_sdk_is_the_file_of_the_package_that_its_note_names() -> None:
    vendor = PAGE / "vendor"
    note = (vendor / "README.md").read_text()
    digest = hashlib.sha256((vendor / "pocketbase.es.mjs").read_bytes()).hexdigest()
    assert digest in note
    assert "MIT" in (vendor / "pocketbase.LICENSE.md").read_text()


def test_nothing_in_the_page_names_another_origin() -> None:
    own = [path for path in PAGE.rglob("*") if path.suffix in {".html", ".css", ".js"}]
    assert len(own) > 15
    named = {
        path.name: line
        for path in own
        for line in path.read_text().splitlines()
        if "://" in line and "http://www.w3.org/2000/svg" not in line and " * " not in line
    }
    assert named == {}
