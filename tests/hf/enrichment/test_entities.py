"""An entity is named in several places; one that is missing from any of them is found here."""

import re

import pytest
import yaml

from assay.common.hub_entities import HUB_ENTITIES
from assay.extract.enrichment.entities import ENTITIES
from tests.hf.enrichment.workshop import TABLES
from tests.support import ROOT

# What each list is that this finds in the file; the names are the words in it.
IN_TEXT = {
    ".dlt/config.toml": r"\nentities = \[(.*?)\]",
    ".env.example": r"HF_ENRICHMENT__ENTITIES='\[(.*?)\]'",
    "dbt_project.yml": r"\n  hf_entities:\n((?:    \w+: .*\n)+)",
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


def test_dbt_knows_the_key_and_the_bronze_table_of_every_entity() -> None:
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    assert project["vars"]["hf_entities"] == {
        name: {"key": one.key, "bronze": one.bronze} for name, one in HUB_ENTITIES.items()
    }


def test_the_tests_know_the_tables_of_every_entity() -> None:
    assert {name: (one.mapping, one.table) for name, one in ENTITIES.items()} == TABLES


@pytest.mark.parametrize("place", IN_TEXT)
def test_every_entity_is_named_in(place: str) -> None:
    listed = re.search(IN_TEXT[place], (ROOT / place).read_text(encoding="utf-8"), re.DOTALL)
    assert listed, f"{place}: its list of entities is not where it was"
    assert set(ENTITIES) - set(re.findall(r"\w+", listed[1])) == set(), place


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_entity_has_its_models_and_their_page(entity: str) -> None:
    folder = ROOT / "models" / "hf" / "enrichment"
    needed = {f"{entity}.sql", f"model_{entity}.sql", f"_{entity}.yml"}
    assert needed - {path.name for path in folder.iterdir()} == set()
    staging = {path.stem for path in (folder.parent / "staging").glob("*.sql")}
    assert {f"stg_hf__{entity}", f"stg_hf__{entity[:-1]}_pairs"} - staging == set()
