"""An entity is named in several places; one that is missing from any of them is found here."""

import re
from collections.abc import Iterable

import pytest

from assay.extract.enrichment.entities import ENTITIES
from tests.hf.enrichment.workshop import TABLES
from tests.support import ROOT

IN_PYTHON: dict[str, Iterable[str]] = {"tests/hf/enrichment/workshop.py, TABLES": TABLES}
# Elsewhere the list is what this finds in the file, and the names the words in it.
IN_TEXT = {
    ".dlt/config.toml": r"\nentities = \[(.*?)\]",
    ".env.example": r"HF_ENRICHMENT__ENTITIES='\[(.*?)\]'",
    "models/hf/_hf__models.yml": r"name: models\n.*?tags: \[(.*?)\]",
    "models/hf/staging/_hf_staging__models.yml": r"&entities\n +tags: \[(.*?)\]",
    "models/operations/freshness.sql": r"set entities = \{(.*?)\}",
    "tests/hf/every_entity_is_enriched_or_says_why.sql": r"for table, key in \[(.*?)\] %",
}


def test_an_entity_is_registered_by_its_name_and_has_a_file_and_tables_of_its_own() -> None:
    modules = {
        path.stem
        for path in (ROOT / "extract" / "enrichment" / "entities").glob("*.py")
        if path.stem != "__init__"
    }
    assert {name: entity.name for name, entity in ENTITIES.items()} == {
        name: name for name in modules
    }
    own = [(one.file, one.table, one.mapping, one.prefix) for one in ENTITIES.values()]
    assert [len(set(column)) for column in zip(*own, strict=True)] == [len(ENTITIES)] * 4


@pytest.mark.parametrize("place", IN_PYTHON)
def test_every_entity_is_in_the_list_in(place: str) -> None:
    assert set(IN_PYTHON[place]) == set(ENTITIES), place


@pytest.mark.parametrize("place", IN_TEXT)
def test_every_entity_is_named_in(place: str) -> None:
    listed = re.search(IN_TEXT[place], (ROOT / place).read_text(encoding="utf-8"), re.DOTALL)
    assert listed, f"{place}: its list of entities is not where it was"
    assert set(ENTITIES) - set(re.findall(r"\w+", listed[1])) == set(), place


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_entity_has_its_model_and_that_of_its_mapping(entity: str) -> None:
    folder = ROOT / "models" / "hf" / "enrichment"
    models = {f"{entity}.sql", f"model_{entity}.sql"}
    assert models - {path.name for path in folder.glob("*.sql")} == set()
