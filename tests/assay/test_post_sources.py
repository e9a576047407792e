"""What is known of a source of posts stands in one place; few files name one beside it."""

import re
import subprocess
from pathlib import Path

import pytest

from assay.common.post_sources import POST_SOURCES
from assay.warehouse import ROOT

ROOMS = (
    *("assay", "common", "extract", "macros", "mining", "models", "publish", "python_models"),
    *("sample", "seeds"),
)
# Written by hand or made from that, pages for people, and dbt's unit tests, which stand by models.
ITEMS = re.compile(
    r"^sample/(?:items|posts)|\.md$|/vendor/|^sample/posts_themes\.csv$|__unit_tests\.yml$"
)
MAX_FILES = 5


def naming(name: str) -> list[str]:
    """Return the product's files in which the name of a source stands as a value or as a key."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *ROOMS]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    value = re.compile(rf"""(?<![\w./-]){name}(?:["']|:\s*["']|(?=[,\]]))""")
    return [
        path
        for path in filter(None, names.split("\0"))
        if not ITEMS.search(path) and (ROOT / path).is_file()
        if value.search((ROOT / path).read_text(encoding="utf-8", errors="replace"))
    ]


@pytest.mark.parametrize("name", POST_SOURCES)
def test_a_source_is_named_in_few_files(name: str) -> None:
    found = naming(name)
    assert "common/post_sources.py" in found, "the search finds what there is"
    assert len(found) <= MAX_FILES, found


@pytest.mark.parametrize("source", POST_SOURCES.values(), ids=lambda source: source.name)
def test_what_a_source_names_is_there(source) -> None:
    module, _, function = source.function.partition(":")
    client = (ROOT / "extract" / "posts" / f"{module}.py").read_text(encoding="utf-8")
    assert f"def {function}(" in client
    assert "def configured(" in client
    assert (ROOT / "sample" / "apis" / f"{source.recording.replay}.py").is_file()
    assert (ROOT / "sample" / "items" / source.recording.file).is_file()
    page = Path(ROOT / "publish" / "web" / "js" / "format.js").read_text(encoding="utf-8")
    assert f'{source.name}: "{source.label}"' in page
