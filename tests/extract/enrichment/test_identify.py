"""What models point at, read from their tags."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.extract.enrichment.entities import ENTITIES
from assay.extract.enrichment.entities.articles import TEMPLATE_LEFTOVER, arxiv_id
from assay.extract.enrichment.entities.base_models import RELATIONS, UNSPECIFIED
from assay.extract.enrichment.identify import identify, read_models, rows_of
from tests.extract.helpers import catalog_folder, model

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
WORDS = st.text(st.characters(codec="utf-8", exclude_characters=":\0"), min_size=1).filter(
    lambda text: text == text.strip(" \t\r\n")
)
REPOSITORIES = st.from_regex(r"[A-Za-z0-9]{1,5}(/[A-Za-z0-9.]{1,5})?", fullmatch=True)
PAPERS = st.from_regex(r"\d{2}(0[1-9]|1[0-2])\.\d{4,5}|[a-z]{2,5}/\d{7}", fullmatch=True).filter(
    str.isascii
)
TAGS = st.one_of(
    WORDS,
    st.builds(
        "{}:{}".format, st.sampled_from(["dataset", "license", "base_model", "doi"]), REPOSITORIES
    ),
    st.builds("base_model:{}:{}".format, st.sampled_from(RELATIONS), REPOSITORIES),
    st.builds("arxiv:{}{}".format, PAPERS, st.sampled_from(["", "v1", "v12"])),
)


Rows = dict[str, tuple[tuple[Any, ...], ...]]  # by entity, without those that have none


def referring(record: dict[str, Any]) -> Rows:
    named = zip(ENTITIES, rows_of(record), strict=True)
    return {entity: rows for entity, rows in named if rows}


def pointing(*tags: Any, **more: Any) -> Rows:
    return referring({"id": "a/b", "tags": list(tags), **more})


def as_tags(rows: Rows) -> list[str]:
    """Return tags that say the same."""
    relations = (
        f"base_model:{name}" if kind == UNSPECIFIED else f"base_model:{kind}:{name}"
        for name, kind in rows.get("base_models", ())
    )
    return [
        *(f"dataset:{name}" for (name,) in rows.get("datasets", ())),
        *(f"arxiv:{name}" for name, _ in rows.get("articles", ())),
        *relations,
        *(name for name, _ in rows.get("keywords", ())),
        *(f"license:{name}" for (name,) in rows.get("licenses", ())),
    ]


def by_model(records: Any) -> dict[str, Rows]:
    """Return what `identify` finds, model by model."""
    references = identify(records)
    models: dict[str, Rows] = {}
    for entity in ENTITIES:
        for model_id, rows in references.of(entity):
            models.setdefault(model_id, {}).update({entity: rows} if rows else {})
    assert len(references) == len(models)
    return models


def test_every_kind_of_tag_points_at_its_thing_and_the_rest_are_keywords() -> None:
    found = pointing(
        "dataset:squad",
        "dataset:allenai/c4",
        "arxiv:1706.03762v7",
        "arxiv:hep-th/9901001v1",
        "license:mit",
        "base_model:google-bert/bert-base-uncased",
        "region:us",
        "doi:10.1/x",
        "en",
        "transformers",
        "fill-mask",
        pipeline_tag="fill-mask",
        library_name="transformers",
    )
    assert found == {
        "datasets": (("allenai/c4",), ("squad",)),
        "articles": (("1706.03762", False), ("hep-th/9901001", False)),
        "base_models": (("google-bert/bert-base-uncased", UNSPECIFIED),),
        "keywords": (
            ("doi:10.1/x", "tag"),
            ("en", "tag"),
            ("fill-mask", "pipeline_tag"),
            ("region:us", "tag"),
            ("transformers", "library"),
        ),
        "licenses": (("mit",),),
    }


def test_the_paper_of_the_card_template_is_marked() -> None:
    assert pointing(f"arxiv:{TEMPLATE_LEFTOVER}v2", "arxiv:1706.03762") == {
        "articles": (("1706.03762", False), (TEMPLATE_LEFTOVER, True))
    }


def test_a_relation_says_more_than_the_plain_tag_that_comes_with_it() -> None:
    found = pointing(
        "base_model:a/x",
        "base_model:quantized:a/x",
        "base_model:adapter:a/x",
        "base_model:a/y",
        "base_model:moved:a/z",
    )
    assert found["base_models"] == (
        ("a/x", "adapter"),
        ("a/x", "quantized"),
        ("a/y", UNSPECIFIED),
        ("moved:a/z", UNSPECIFIED),
    )


def test_empty_names_and_tags_that_are_no_text_point_at_nothing() -> None:
    tags = ["dataset:", "arxiv: ", "license:", "base_model:", "base_model:merge:", "", " ", 7, None]
    assert pointing(*tags, pipeline_tag="", library_name=None) == {}
    assert referring({}) == referring({"tags": "en"}) == referring({"tags": None}) == {}


def test_a_field_that_no_tag_repeats_is_a_keyword_too_and_a_word_that_is_both_is_the_task() -> None:
    found = pointing("en", pipeline_tag="robotics", library_name="lerobot")
    assert found["keywords"] == (
        ("en", "tag"),
        ("lerobot", "library"),
        ("robotics", "pipeline_tag"),
    )
    both = pointing("x", pipeline_tag="x", library_name="x")
    assert both["keywords"] == (("x", "pipeline_tag"),)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1706.03762", "1706.03762"),
        ("1706.03762v7", "1706.03762"),
        ("0704.0001v1", "0704.0001"),
        ("hep-th/9901001v2", "hep-th/9901001"),
        ("math.GT/0309136", "math.GT/0309136"),
        ("1706.3", None),
        ("1713.03762", None),
        ("1706.03762v", None),
        ("1706.03762v0", "1706.03762"),
        ("https://arxiv.org/abs/1706.03762", None),
        ("1706.03762,1810.04805", None),
        ("\uff11706.03762", None),
        ("", None),
    ],
)
def test_an_arxiv_id_loses_its_version_and_a_malformed_one_is_known(
    written: str, meant: str | None
) -> None:
    assert arxiv_id(written) == meant
    # As written it stays: it must end as a row with the reason.
    assert pointing(f"arxiv:{written}") == (
        {"articles": ((meant or written, False),)} if written else {}
    )


def test_ids_keep_their_case_and_lose_blanks_around_them() -> None:
    found = pointing(" dataset: Squad\n", "dataset:squad", "license:\tMIT ", "\0en ")
    assert found["datasets"] == (("Squad",), ("squad",))
    assert found["licenses"] == (("MIT",),)
    assert found["keywords"] == (("en", "tag"),)


@given(st.dictionaries(st.sampled_from(["tags", "pipeline_tag", "library_name", "id"]), JSON))
@settings(max_examples=200, deadline=None)
def test_no_record_makes_identification_raise(record: dict[str, Any]) -> None:
    assert len(rows_of(record)) == len(ENTITIES)


@given(st.lists(TAGS, max_size=12), st.randoms())
@settings(max_examples=200, deadline=None)
def test_the_order_of_tags_and_their_repetition_change_nothing(tags: list[str], draw: Any) -> None:
    shuffled = tags + tags[:3]
    draw.shuffle(shuffled)
    assert pointing(*shuffled) == pointing(*tags)


@given(st.lists(TAGS, max_size=12))
@settings(max_examples=200, deadline=None)
def test_what_tags_point_at_can_be_written_as_tags_again(tags: list[str]) -> None:
    found = pointing(*tags)
    assert pointing(*as_tags(found)) == found


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.booleans(), TAGS), max_size=12
    ),
    st.randoms(),
)
@settings(max_examples=100, deadline=None)
def test_the_order_of_records_changes_nothing(
    drawn: list[tuple[str, str, bool, str]], draw: Any
) -> None:
    records = [
        {"id": name, "_task_id": task, "_seq": seq, "tags": [tag]}
        | ({"_left": True} if left else {})
        for seq, (name, task, left, tag) in enumerate(drawn)
    ]
    shuffled = draw.sample(records, len(records))
    assert list(by_model(shuffled).items()) == list(by_model(records).items())


def test_a_model_counts_as_it_was_last_observed_in_any_task_that_still_lists_it() -> None:
    rows = [
        ("a", "fill-mask", ["old"], False),
        ("a", "fill-mask", ["new"], False),
        ("b", "fill-mask", ["here"], False),
        ("b", "robotics", ["there"], False),
        ("b", "robotics", [], True),
        ("c", "robotics", ["gone"], False),
        ("c", "robotics", [], True),
    ]
    records = [
        {"id": name, "_task_id": task, "_seq": seq, "tags": tags}
        | ({"_left": True} if left else {})
        for seq, (name, task, tags, left) in enumerate(rows)
    ]
    assert {name: found["keywords"] for name, found in by_model(records).items()} == {
        "a": (("new", "tag"),),
        "b": (("here", "tag"),),
    }


def test_a_run_folders_file_is_read_record_by_record(tmp_path: Path) -> None:
    odd = model("a/odd", tags=["license:mit", "ünï\u2028 code"])
    folder = catalog_folder(tmp_path, {"fill-mask": [odd, model("a/b")], "robotics": []})
    assert [record["id"] for record in read_models(folder.path / "hf_models.json")] == [
        "a/odd",
        "a/b",
    ]
    assert by_model(read_models(folder.path / "hf_models.json")) == {
        "a/b": {"keywords": (("region:us", "tag"),)},
        "a/odd": {"keywords": (("ünï\u2028 code", "tag"),), "licenses": (("mit",),)},
    }
    empty = catalog_folder(tmp_path / "none", {"fill-mask": []})
    assert by_model(read_models(empty.path / "hf_models.json")) == {}
    assert orjson.loads((empty.path / "hf_models.json").read_bytes()) == []
