"""dbt-project-evaluator's rules for the shape of the graph, over dbt's manifest.json.

Each rule yields the things that break it, `model`, `source` or `model <- parent`. EXCEPTIONS names
those that may, each with its reason; one that breaks nothing is wrong there. Descriptions, tested
keys, contracts of public models and exposures of private ones are rules of tests/docs/rules.py.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator

from tests.docs.rules import Manifest, Thing, ours

MAX_CHAIN = 5  # views and ephemeral models upon each other, the evaluator's own threshold
PREFIXES = {"staging": "stg_", "intermediate": "int_"}
REFERENCE = re.compile(r"\b(?:from|join)\s+((?:bronze|hf|silver|gold|experiments)\w*\.\w+)", re.I)
COMMENT = re.compile(r"--[^\n]*|\{#.*?#\}|\"\"\".*?\"\"\"", re.S)

EXCEPTIONS: dict[str, dict[str, str]] = {
    "source_beside_models": {
        f"model_{entity}": "its hook asks whether the bronze table is there: where no pipeline has "
        "made it nothing is known, and no pair is taken out"
        for entity in ("articles", "base_models", "datasets", "keywords", "licenses")
    }
    | {
        "models": "its hook takes what turned private out of bronze too",
        "model_rank_daily": "its hooks take out of bronze what all history was taken from",
    },
    "staging_of_one_source": {
        "stg_llm_calls": "takes over the file data/llm.sqlite, which no database source can name"
    },
    "staging_on_models": {
        "stg_llm_calls": "reads none of them: the models that ask are to be built before it"
    },
    "sources_read_once": {
        "bronze.hf_models": "gold.freshness is about the sources themselves, and see above",
        "bronze.hf_tasks": "hf.model_rank_daily takes out of bronze what was taken over",
    },
    "sources_joined": {
        "freshness": "a row per source, stacked; it is about the sources themselves",
        "model_rank_daily": "joins none: its hooks take rows out of either",
    },
    "sources_past_staging": {
        "freshness": "it is about the sources themselves",
        "pipeline_runs": "one view over the journal, which nothing else reads: its own staging",
        "models": "its hook takes what turned private out of bronze too",
        "model_rank_daily": "its hooks take out of bronze what all history was taken from",
    },
    "unused_sources": {
        "bronze.tombstones": "kept by assay/forget: what has one is in no other table",
        "bronze.input_fingerprints": "read by `dbt source freshness`, by loaded_at_query",
        "inputs.llm_models": "an input that is a seed; its freshness is asked",
        "publish.live_evidence": "written by the sync, described for those who read it",
        "publish.live_issues": "written by the sync, described for those who read it",
        "publish.sync_runs": "written by the sync, described for those who read it",
    },
    "python_reads_one_relation": {
        "stg_llm_calls": "reads none of them: the models that ask are to be built before it",
        "int_issue_labels__local": "also the seed whose sentences it compares with",
        "int_problems": "also the seed whose sentences it compares with",
        "int_links_responses": "also what its tasks name by id, once and not in every row",
        "int_essay_responses": "also what its tasks name by id, once and not in every row",
        "int_evaluation_responses": "also what its tasks name by id, once and not in every row",
    },
}
for _entity in ("articles", "base_models", "datasets", "keywords", "licenses"):
    _why = EXCEPTIONS["source_beside_models"][f"model_{_entity}"]
    EXCEPTIONS["sources_past_staging"][f"model_{_entity}"] = _why
    EXCEPTIONS["sources_read_once"][f"bronze.hf_model_{_entity}"] = _why
    _table = "arxiv_articles" if _entity == "articles" else f"hf_{_entity}"
    EXCEPTIONS["sources_read_once"][f"bronze.{_table}"] = "gold.freshness is about the sources"

# The tables in which steps keep what no build makes again, or only for money or hours: under the
# names that they had in the version before these models had theirs.
HISTORY = {
    "int_post_units": "silver_staging.int_post_units",
    "int_post_kinds": "silver_staging.int_post_kinds",
    "int_posts_cleaned": "silver_staging.stg_posts__cleaned",
    "int_posts_deduplicated": "silver_staging.stg_posts__folded",
    "int_embeddings": "silver_staging.stg_embeddings",
    "int_problems": "silver_staging.stg_problems",
    "int_clusters": "silver_staging.stg_clusters",
    "int_topics": "silver_staging.stg_topics",
    "int_cluster_summaries": "silver_staging.stg_cluster_summaries",
    "int_issue_identities": "silver_staging.stg_issue_identities",
    "int_issue_map": "silver_staging.stg_issue_map",
    "int_correction_anchors": "silver_staging.int_correction_anchors",
    "int_issue_labels__local": "silver_staging.stg_issue_labels__local",
    "int_issue_labels__llm": "silver_staging.stg_issue_labels__llm",
    "int_links_responses": "experiments_staging.stg_links_responses",
    "int_essay_responses": "experiments_staging.stg_essay_responses",
    "int_evaluation_responses": "experiments_staging.stg_evaluation_responses",
}


def history(manifest: Manifest) -> dict[str, str]:
    """Return the table of every step that keeps its rows from build to build."""
    return {
        model["name"]: f"{model['schema']}.{model['alias']}"
        for model in ours(manifest, "model")
        if model["name"].startswith(tuple(PREFIXES.values()))
        and model["config"]["materialized"] == "incremental"
    }


def violations(manifest: Manifest, rule: Callable[[Manifest], Iterator[str]]) -> list[str]:
    """Return what breaks a rule and has no written exception, and exceptions that break nothing."""
    broken, allowed = set(rule(manifest)), set(EXCEPTIONS.get(rule.__name__, {}))
    return sorted(broken - allowed) + sorted(f"no exception: {one}" for one in allowed - broken)


def _parents(manifest: Manifest, thing: Thing, *kinds: str) -> list[Thing]:
    nodes = [*ours(manifest, *kinds)]
    wanted = set(thing["depends_on"]["nodes"])
    return [node for node in nodes if node["unique_id"] in wanted]


def _source(thing: Thing) -> str:
    return f"{thing['source_name']}.{thing['name']}"


def source_beside_models(manifest: Manifest) -> Iterator[str]:
    """A model reads sources or models, not both (direct join to source)."""
    for model in ours(manifest, "model"):
        if _parents(manifest, model, "source") and _parents(manifest, model, "model"):
            yield model["name"]


def staging_of_one_source(manifest: Manifest) -> Iterator[str]:
    """A staging model reads one source."""
    for model in ours(manifest, "model"):
        if model["name"].startswith("stg_") and len(_parents(manifest, model, "source")) != 1:
            yield model["name"]


def staging_on_models(manifest: Manifest) -> Iterator[str]:
    """A staging model reads no model: none is upstream of it (staging on downstream layers)."""
    for model in ours(manifest, "model"):
        if model["name"].startswith("stg_") and _parents(manifest, model, "model"):
            yield model["name"]


def sources_read_once(manifest: Manifest) -> Iterator[str]:
    """A source is read by one model (source fan-out)."""
    for source, readers in _readers(manifest).items():
        if len(readers) > 1:
            yield source


def sources_joined(manifest: Manifest) -> Iterator[str]:
    """A model reads no two sources (multiple sources joined)."""
    for model in ours(manifest, "model"):
        if len(_parents(manifest, model, "source")) > 1:
            yield model["name"]


def sources_past_staging(manifest: Manifest) -> Iterator[str]:
    """Only staging models read sources (marts or intermediate models dependent on source)."""
    for model in ours(manifest, "model"):
        if not model["name"].startswith("stg_") and _parents(manifest, model, "source"):
            yield model["name"]


def unused_sources(manifest: Manifest) -> Iterator[str]:
    """Every source is read by a model."""
    readers = _readers(manifest)
    yield from (_source(one) for one in ours(manifest, "source") if not readers[_source(one)])


def duplicate_sources(manifest: Manifest) -> Iterator[str]:
    """No table is declared as a source twice."""
    seen = set()
    for source in ours(manifest, "source"):
        place = source.get("source_meta", {}).get("external_location") or source["relation_name"]
        if (place, source["name"]) in seen:
            yield _source(source)
        seen.add((place, source["name"]))


def root_models(manifest: Manifest) -> Iterator[str]:
    """Every model reads something."""
    for model in ours(manifest, "model"):
        if not model["depends_on"]["nodes"]:
            yield model["name"]


def names_by_layer(manifest: Manifest) -> Iterator[str]:
    """`stg_` is what lies in staging/, `int_` what lies in intermediate/, and nothing else is."""
    for model in ours(manifest, "model"):
        folder = model["original_file_path"].split("/")[-2]
        prefix = PREFIXES.get(folder)
        named = model["name"].startswith(tuple(PREFIXES.values()))
        if named != bool(prefix) or (prefix and not model["name"].startswith(prefix)):
            yield model["name"]


def hard_coded_references(manifest: Manifest) -> Iterator[str]:
    """A model names what it reads by ref and source, never by schema and table."""
    for model in ours(manifest, "model"):
        for table in REFERENCE.findall(COMMENT.sub("", model["raw_code"])):
            yield f"{model['name']} <- {table}"


def chained_views(manifest: Manifest) -> Iterator[str]:
    """No more than MAX_CHAIN views and ephemeral models are stacked upon each other."""
    models = {one["unique_id"]: one for one in ours(manifest, "model")}
    depths: dict[str, int] = {}

    def depth(name: str) -> int:
        model = models.get(name)
        if not model or model["config"]["materialized"] not in ("view", "ephemeral"):
            return 0
        if name not in depths:
            depths[name] = 1 + max(map(depth, model["depends_on"]["nodes"]), default=0)
        return depths[name]

    yield from (one["name"] for name, one in models.items() if depth(name) > MAX_CHAIN)


def python_reads_one_relation(manifest: Manifest) -> Iterator[str]:
    """A Python model reads one relation; what is to be joined is joined in SQL before it."""
    for model in ours(manifest, "model"):
        kinds = ("model", "seed", "source")
        if model["language"] == "python" and len(_parents(manifest, model, *kinds)) > 1:
            yield model["name"]


def _readers(manifest: Manifest) -> dict[str, set[str]]:
    """Return the models that read each source."""
    readers = defaultdict(set)
    for model in ours(manifest, "model"):
        for source in _parents(manifest, model, "source"):
            readers[_source(source)].add(model["name"])
    return readers


ALL: tuple[Callable[[Manifest], Iterator[str]], ...] = (
    source_beside_models,
    staging_of_one_source,
    staging_on_models,
    sources_read_once,
    sources_joined,
    sources_past_staging,
    unused_sources,
    duplicate_sources,
    root_models,
    names_by_layer,
    hard_coded_references,
    chained_views,
    python_reads_one_relation,
)
