"""What models point at is named in several places; an entity that is missing from one is found."""

import re
from collections.abc import Iterable

import pytest

from assay.extract.enrichment.bronze import _PAIRS, _THINGS
from assay.extract.enrichment.enrich import _RECORDS, FILES
from assay.publish.reports.enrichment_questions import ENTITIES as REPORTED
from assay.runs.recorded import ENTITIES as RECORDED
from tests.hf.enrichment.workshop import TABLES
from tests.support import ROOT

IN_PYTHON: dict[str, Iterable[str]] = {
    "extract/enrichment/enrich.py, _RECORDS": _RECORDS,
    "extract/enrichment/bronze.py, _THINGS": _THINGS,
    "extract/enrichment/bronze.py, _PAIRS": _PAIRS,
    "assay/runs/recorded.py, ENTITIES": RECORDED,
    "publish/reports/enrichment_questions.py, ENTITIES": [table for table, _, _ in REPORTED],
    "tests/hf/enrichment/workshop.py, TABLES": TABLES,
}
# Elsewhere the list is what this finds in the file, and the names the words in it.
IN_TEXT = {
    ".dlt/config.toml": r"\nentities = \[(.*?)\]",
    ".env.example": r"HF_ENRICHMENT__ENTITIES='\[(.*?)\]'",
    "models/hf/_hf__models.yml": r"name: models\n.*?tags: \[(.*?)\]",
    "models/hf/staging/_hf_staging__models.yml": r"&entities\n +tags: \[(.*?)\]",
    "models/operations/freshness.sql": r"set entities = \{(.*?)\}",
    "tests/hf/every_entity_is_enriched_or_says_why.sql": r"for table, key in \[(.*?)\] %",
}


@pytest.mark.parametrize("place", IN_PYTHON)
def test_every_entity_is_in_the_list_in(place: str) -> None:
    assert set(IN_PYTHON[place]) == set(FILES), place


@pytest.mark.parametrize("place", IN_TEXT)
def test_every_entity_is_named_in(place: str) -> None:
    listed = re.search(IN_TEXT[place], (ROOT / place).read_text(encoding="utf-8"), re.DOTALL)
    assert listed, f"{place}: its list of entities is not where it was"
    assert set(FILES) - set(re.findall(r"\w+", listed[1])) == set(), place


@pytest.mark.parametrize("entity", FILES)
def test_every_entity_has_its_model_and_that_of_its_pairs(entity: str) -> None:
    folder = ROOT / "models" / "hf" / "enrichment"
    models = {f"{entity}.sql", f"model_{entity}.sql"}
    assert models - {path.name for path in folder.glob("*.sql")} == set()
