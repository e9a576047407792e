"""docs/security.md claims nothing without a test that holds it."""

import re

import pytest

from tests.support import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE)
CLAIMS = [
    line
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith(("| ---", "| what", "| left"))
]


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_every_test_that_the_page_names_is_there(file: str, test: str) -> None:
    content = (ROOT / file).read_text(encoding="utf-8")
    assert re.search(rf"^def {test or 'test_'}", content, re.M)


def test_every_claim_of_the_page_names_its_test() -> None:
    assert len(CLAIMS) > 25
    assert [line for line in CLAIMS if "`tests/" not in line] == []
