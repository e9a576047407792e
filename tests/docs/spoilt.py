"""Manifests with one thing wrong: the rule that must notice, the change, what is then said."""

from collections.abc import Callable

from tests.docs import rules
from tests.docs.rules import Manifest

Change = Callable[[Manifest], object]


def model(manifest: Manifest, name: str) -> dict:
    return manifest["nodes"][f"model.assay.{name}"]


def column(manifest: Manifest, name: str, of: str) -> dict:
    return model(manifest, of)["columns"][name]


def without_tests(manifest: Manifest, of: str, *kinds: str, at: str | None = None) -> None:
    """Take the generic tests of these kinds away from a model, or from one of its columns."""
    for key, test in list(manifest["nodes"].items()):
        if test.get("attached_node") == f"model.assay.{of}" and (
            test["test_metadata"]["name"] in kinds and at in (None, test["column_name"])
        ):
            del manifest["nodes"][key]


SPOILT: dict[str, tuple[Callable[[Manifest], list[str]], Change, str]] = {
    "a model without a description": (
        rules.descriptions,
        lambda m: model(m, "issues").update(description=" \n"),
        "model gold.issues has no description",
    ),
    "a column without a description": (
        rules.descriptions,
        lambda m: column(m, "heat", of="issue_trend").update(description=""),
        "model gold.issue_trend: column heat has no description",
    ),
    "a key that a lake cannot have": (
        rules.keys,
        lambda m: column(m, "heat", of="issue_trend")["constraints"].append(
            {"type": "primary_key"}
        ),
        "model gold.issue_trend: name the key of heat at the model, for a lake",
    ),
    "a placeholder": (
        rules.descriptions,
        lambda m: column(m, "heat", of="issue_trend").update(description="TODO: say what"),
        "column heat has a placeholder for a description: TODO: say what",
    ),
    "a description that repeats the name": (
        rules.descriptions,
        lambda m: column(m, "heat_rank", of="top_issues").update(description="The rank of heat."),
        "column heat_rank has a description that only repeats its name: The rank of heat.",
    ),
    "a source without a description": (
        rules.descriptions,
        lambda m: m["sources"]["source.assay.bronze.hf_tasks"].update(description=""),
        "source bronze.hf_tasks has no description",
    ),
    "a column of a seed without a description": (
        rules.descriptions,
        lambda m: m["nodes"]["seed.assay.llm_models"]["columns"]["model"].update(description=""),
        "seed seeds.llm_models: column model has no description",
    ),
    "an analysis without a description": (
        rules.descriptions,
        lambda m: m["nodes"]["analysis.assay.licence_conflicts"].update(description=""),
        "analysis licence_conflicts has no description",
    ),
    "an exposure without a description": (
        rules.descriptions,
        lambda m: m["exposures"]["exposure.assay.llm_spending"].update(description=""),
        "exposure llm_spending has no description",
    ),
    "a singular test without a description": (
        rules.descriptions,
        lambda m: m["nodes"]["test.assay.copies_count_the_duplicates"].update(description=""),
        "singular test copies_count_the_duplicates has no description",
    ),
    "a model without columns": (
        rules.descriptions,
        lambda m: model(m, "int_hf__loops").update(columns={}),
        "model hf_staging.int_hf__loops has no columns",
    ),
    "one description in two places": (
        rules.one_home,
        lambda m: [
            column(m, "posts", of=one).update(doc_blocks=[])
            for one in ("top_issues", "rising_issues")
        ],
        "column posts has the same description without a doc block in model gold.rising_issues, "
        "model gold.top_issues",
    ),
    "a macro without a description": (
        rules.macros,
        lambda m: m["macros"]["macro.assay.folded"].update(description=""),
        "macro folded has no description",
    ),
    "a macro's argument without a description": (
        rules.macros,
        lambda m: m["macros"]["macro.assay.changed"]["arguments"].pop(),
        "macro changed: argument columns has no description",
    ),
    "a described argument that the macro does not take": (
        rules.macros,
        lambda m: m["macros"]["macro.assay.json_type"]["arguments"].append(
            {"name": "size", "type": None, "description": "Bytes."}
        ),
        "macro json_type does not take the argument size that is described",
    ),
    "a generic test without a description": (
        rules.macros,
        lambda m: m["macros"]["macro.assay.test_belongs_to"].update(description=""),
        "macro test_belongs_to has no description",
    ),
    "a model that does not say what a row is": (
        rules.keys,
        lambda m: model(m, "issues").update(description="Problems that developers have."),
        "model gold.issues does not begin with its grain (One row per ...)",
    ),
    "a key that is not tested to be unique": (
        rules.keys,
        lambda m: without_tests(m, "models", "unique"),
        "model hf.models has no tested key (unique and not_null, or unique_combination_of_columns)",
    ),
    "a key that may be null": (
        rules.keys,
        lambda m: without_tests(m, "int_hf__latest_models", "not_null"),
        "model hf_staging.int_hf__latest_models has no tested key",
    ),
    "a key of several columns that is not tested": (
        rules.keys,
        lambda m: without_tests(m, "issue_evidence", "unique_combination_of_columns"),
        "nothing tests that (cluster_date, cluster_id, url_hash) is its key",
    ),
    "a foreign key of one column that is not tested": (
        rules.foreign_keys,
        lambda m: without_tests(m, "issue_trend", "relationships", at="issue_id"),
        "model gold.issue_trend: column issue_id is no key, and no test",
    ),
    "a foreign key of a contract that is not tested": (
        rules.foreign_keys,
        lambda m: without_tests(m, "model_tasks", "relationships", at="task_id"),
        "model hf.model_tasks: nothing tests its foreign key (task_id)",
    ),
    "a foreign key of two columns that is not tested": (
        rules.foreign_keys,
        lambda m: without_tests(m, "issue_evidence", "belongs_to"),
        "model gold.issue_evidence: column cluster_id is no key, and no test",
    ),
    "a group without an owner": (
        rules.groups,
        lambda m: m["groups"]["group.assay.catalog"]["owner"].update(name=" "),
        "group catalog has no owner",
    ),
    "an exposure without an owner": (
        rules.groups,
        lambda m: m["exposures"]["exposure.assay.llm_spending"]["owner"].update(name=None),
        "exposure llm_spending has no owner",
    ),
    "a model of no group": (
        rules.groups,
        lambda m: model(m, "issues")["config"].update(group=None),
        "model gold.issues belongs to no group",
    ),
    "a public model that nobody reads": (
        rules.access,
        lambda m: m["exposures"].pop("exposure.assay.llm_spending"),
        "model silver.llm_costs is public and no exposure reads it",
    ),
    "a public model without a contract": (
        rules.access,
        lambda m: model(m, "issues")["config"]["contract"].update(enforced=False),
        "model gold.issues is public without a contract",
    ),
    "a protected model that an exposure reads": (
        rules.access,
        lambda m: model(m, "issues").update(access="protected"),
        "model gold.issues is not public and read by the exposure",
    ),
    "a step in between that is public": (
        rules.access,
        lambda m: model(m, "int_hf__latest_models").update(access="public"),
        "model hf_staging.int_hf__latest_models is a step in between and public",
    ),
    "a model that nothing reads": (
        rules.access,
        lambda m: (
            model(m, "models")["depends_on"]["nodes"].clear()
            or model(m, "int_hf__ranks").update(unique_id="model.assay.read_by_none")
        ),
        "model hf_staging.int_hf__ranks is read by nobody",
    ),
}
