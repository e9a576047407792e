"""What the docs site must say, as rules over dbt's manifest.json.

Each rule takes the manifest and returns its complaints, one line each, sorted: none when the rule
is kept. A rule knows the shape of the manifest (schemas.getdbt.com/dbt/manifest/v12) and nothing of
the machine: it needs no warehouse and no dbt.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Manifest = dict[str, Any]
Thing = dict[str, Any]

PROJECT = "assay"
PLACEHOLDER = re.compile(r"\b(todo|tbd|tbc|fixme|xxx|placeholder|lorem|n/?a|describe me)\b", re.I)
# Words that say nothing about a thing beyond its name.
EMPTY_WORDS = set(
    re.findall(
        r"\w+",
        "a an and are as by for from has in is it its of on or the this that to with "
        "column contains description field model table value",
    )
)
SIGNATURE = re.compile(r"{%-?\s*(?:macro|test)\s+\w+\s*\((.*?)\)\s*-?%}", re.S)
GRAIN = re.compile(r"^One row(?: per\b|[,.])")
# What names another row: `issue_id`, `duplicate_of`.
POINTER = re.compile(r"(_id|^url_hash|^fingerprint|^duplicate_of)$")
NO_FOREIGN_KEY = "no_foreign_key"
# Tables that SQL in Python reads: `from gold.issues`.
READ = re.compile(r"\b(?:from|join)\s+((?:hf|silver|gold|experiments)\.\w+)")


def ours(manifest: Manifest, *kinds: str) -> Iterator[Thing]:
    """Yield the project's own things of these resource types, in order of their ids."""
    places = ("nodes", "sources", "exposures", "macros", "groups")
    for _, thing in sorted(item for place in places for item in manifest[place].items()):
        if thing["package_name"] == PROJECT and thing["resource_type"] in kinds:
            yield thing


def label(thing: Thing) -> str:
    """Return what a person would search for: model gold.issues, macro folded, ..."""
    kind = thing["resource_type"]
    if kind in ("model", "seed", "snapshot"):
        return f"{kind} {thing['schema']}.{thing['name']}"
    if kind == "source":
        return f"source {thing['source_name']}.{thing['name']}"
    return f"{kind} {thing['name']}"


def _words(text: str) -> set[str]:
    """Return a text's words in small letters, without plural s."""
    return {word.removesuffix("s") for word in re.findall(r"[a-z0-9]+", text.lower())}


def _says_nothing(name: str, description: str | None) -> str | None:
    """Say what is wrong with a description, if anything."""
    text = (description or "").strip()
    if not text:
        return "has no description"
    if PLACEHOLDER.search(text):
        return f"has a placeholder for a description: {text}"
    if not _words(text) - _words(name) - _words(" ".join(EMPTY_WORDS)):
        return f"has a description that only repeats its name: {text}"
    return None


def descriptions(manifest: Manifest) -> list[str]:
    """Everything that a reader can open, and every column, says more than its name."""
    kinds = ("model", "seed", "snapshot", "analysis", "source", "exposure", "group")
    found = []
    for thing in ours(manifest, *kinds):
        what = label(thing)
        if wrong := _says_nothing(thing["name"], thing["description"]):
            found.append(f"{what} {wrong}")
        for name, column in thing.get("columns", {}).items():
            if wrong := _says_nothing(name, column["description"]):
                found.append(f"{what}: column {name} {wrong}")
        if not thing.get("columns", True):
            found.append(f"{what} has no columns")
    for test in ours(manifest, "test"):
        # Instances of generic tests are shown at their columns, and described by their macro.
        generic = "test_metadata" in test
        if not generic and (wrong := _says_nothing(test["name"], test["description"])):
            found.append(f"singular {label(test)} {wrong}")
    return sorted(found)


def one_home(manifest: Manifest) -> list[str]:
    """A column that is described in the same words in two tables takes them from one doc block."""
    places = defaultdict(set)
    for thing in ours(manifest, "model", "seed", "snapshot", "source"):
        for name, column in thing["columns"].items():
            if not column["doc_blocks"]:
                places[name, column["description"].strip()].add(label(thing))
    return sorted(
        f"column {name} has the same description without a doc block in {', '.join(sorted(tables))}"
        for (name, _), tables in places.items()
        if len(tables) > 1
    )


def macros(manifest: Manifest) -> list[str]:
    """Every macro and generic test is described with all its arguments, and no others.

    A database's own version of a dispatched macro is described by the macro that dispatches.
    """
    names = {macro["name"] for macro in ours(manifest, "macro")}
    found = []
    for macro in ours(manifest, "macro"):
        name = macro["name"]
        if "__" in name and name.split("__", 1)[1] in names:
            continue
        if wrong := _says_nothing(name, macro["description"]):
            found.append(f"macro {name} {wrong}")
        taken = SIGNATURE.search(macro["macro_sql"])
        given = [part.split("=")[0].strip() for part in (taken[1].split(",") if taken else [])]
        given = [argument for argument in given if argument]
        described = {one["name"]: one["description"] for one in macro["arguments"]}
        for argument in given:
            if wrong := _says_nothing(argument, described.get(argument)):
                found.append(f"macro {name}: argument {argument} {wrong}")
        for argument in described.keys() - given:
            found.append(f"macro {name} does not take the argument {argument} that is described")
    return sorted(found)


def _tests_of(manifest: Manifest) -> dict[str, list[Thing]]:
    """Return the generic tests by the id of the model, seed or snapshot that they stand at."""
    tests = defaultdict(list)
    for test in ours(manifest, "test"):
        if attached := test.get("attached_node"):
            tests[attached].append(test)
    return tests


def _keys(thing: Thing, tests: list[Thing]) -> list[tuple[str, ...]]:
    """Return the column lists that are tested to be a key: without nulls, no row like another.

    unique_combination_of_columns looks for nulls itself. What a contract says of nulls the database
    holds for tables; a view has no constraints.
    """
    table = thing["config"]["materialized"] in ("table", "incremental")
    filled = {
        name
        for name, column in thing["columns"].items()
        if table
        and thing["config"].get("contract", {}).get("enforced")
        and any(one["type"] == "not_null" for one in column["constraints"])
    }
    whole = [test for test in tests if not test["config"].get("where")]
    named = defaultdict(set)
    for test in whole:
        named[test["test_metadata"]["name"]].add(test["column_name"])
    keys = [(column,) for column in sorted(named["unique"] & (filled | named["not_null"]))]
    for test in whole:
        if test["test_metadata"]["name"] == "unique_combination_of_columns":
            keys.append(tuple(test["test_metadata"]["kwargs"]["combination_of_columns"]))
    return keys


def keys(manifest: Manifest) -> list[str]:
    """Every table says what one row is, and tests hold its key: the one its contract names."""
    tests = _tests_of(manifest)
    found = []
    for thing in ours(manifest, "model", "seed", "snapshot"):
        if not GRAIN.match(thing["description"].strip()):
            found.append(f"{label(thing)} does not begin with its grain (One row per ...)")
        tested = _keys(thing, tests[thing["unique_id"]])
        if not tested:
            found.append(
                f"{label(thing)} has no tested key (unique and not_null, or "
                "unique_combination_of_columns)"
            )
        for constraint in thing.get("constraints", []):
            if constraint["type"] == "primary_key" and tuple(constraint["columns"]) not in tested:
                columns = ", ".join(constraint["columns"])
                found.append(f"{label(thing)}: nothing tests that ({columns}) is its key")
        for key in tested:
            for column in set(key) - thing["columns"].keys():
                found.append(f"{label(thing)}: a test names the column {column} that it has not")
        for name, column in thing["columns"].items():
            # Of a key at the model, macros/constraints.sql knows what each database can hold.
            if any(one["type"].endswith("_key") for one in column.get("constraints", [])):
                found.append(f"{label(thing)}: name the key of {name} at the model, for a lake")
    return sorted(found)


def foreign_keys(manifest: Manifest) -> list[str]:
    """Every column of a finished table that names a row is a key or points at a table, by test.

    A column that points at nothing says why, in its meta as no_foreign_key.
    """
    tests = _tests_of(manifest)
    found = []
    for thing in ours(manifest, "model"):
        if _is_step(thing):
            continue
        here = tests[thing["unique_id"]]
        held = {column for key in _keys(thing, here) if len(key) == 1 for column in key}
        for test in here:
            if test["test_metadata"]["name"] == "relationships":
                held.add(test["column_name"])
            if test["test_metadata"]["name"] == "belongs_to":
                held.update(test["test_metadata"]["kwargs"]["columns"])
        for name, column in thing["columns"].items():
            why = column["config"]["meta"].get(NO_FOREIGN_KEY)
            if POINTER.search(name) and name not in held and not why:
                found.append(
                    f"{label(thing)}: column {name} is no key, and no test (relationships, "
                    f"belongs_to) or meta {NO_FOREIGN_KEY} says what it points at"
                )
        for constraint in thing["constraints"]:
            if constraint["type"] == "foreign_key" and not held.issuperset(constraint["columns"]):
                columns = ", ".join(constraint["columns"])
                found.append(f"{label(thing)}: nothing tests its foreign key ({columns})")
    return sorted(found)


def _is_step(thing: Thing) -> bool:
    return thing["name"].startswith(("stg_", "int_"))


def groups(manifest: Manifest) -> list[str]:
    """Every model and seed belongs to a group, and every group and exposure to an owner."""
    members = Counter(thing["config"]["group"] for thing in ours(manifest, "model", "seed"))
    found = []
    for thing in ours(manifest, "model", "seed"):
        if not thing["config"]["group"]:
            found.append(f"{label(thing)} belongs to no group")
    for thing in ours(manifest, "group", "exposure"):
        if not (thing["owner"].get("name") or "").strip():
            found.append(f"{label(thing)} has no owner")
    for group in ours(manifest, "group"):
        if not members[group["name"]]:
            found.append(f"{label(group)} has no model")
    return sorted(found)


def access(manifest: Manifest) -> list[str]:
    """Public is what somebody outside reads, under a contract; steps in between are not.

    A model that is read neither by an exposure nor by a model is built for nobody.
    """
    by_exposure, by_model = _reads(manifest, "exposure"), _reads(manifest, "model", "analysis")
    found = []
    for thing in ours(manifest, "model"):
        what, public = label(thing), thing["access"] == "public"
        readers = by_exposure[thing["unique_id"]]
        if _is_step(thing) and public:
            found.append(f"{what} is a step in between and public")
        if public and not thing["config"]["contract"]["enforced"]:
            found.append(f"{what} is public without a contract")
        if public and not readers:
            found.append(f"{what} is public and no exposure reads it")
        if readers and not public:
            found.append(f"{what} is not public and read by the exposure {readers[0]}")
        if not readers and not by_model[thing["unique_id"]]:
            found.append(f"{what} is read by nobody")
    return sorted(found)


def _reads(manifest: Manifest, *kinds: str) -> dict[str, list[str]]:
    """Return the names of the readers of these kinds by what they read."""
    readers = defaultdict(list)
    for thing in ours(manifest, *kinds):
        for read in thing["depends_on"]["nodes"]:
            readers[read].append(thing["name"])
    return readers


def exposures(manifest: Manifest, programs: Mapping[str, str]) -> list[str]:
    """Every table that the SQL of our programs reads is in an exposure.

    programs: source code by path.
    """
    exposed = _reads(manifest, "exposure")
    tables = {
        f"{thing['schema']}.{thing['name']}": thing["unique_id"]
        for thing in ours(manifest, "model", "source")
    }
    return sorted(
        {
            f"{path} reads {table}, which no exposure names"
            for path, code in programs.items()
            for table in READ.findall(code)
            if table in tables and tables[table] not in exposed
        }
    )


ALL: tuple[Callable[[Manifest], list[str]], ...] = (
    descriptions,
    one_home,
    macros,
    keys,
    foreign_keys,
    groups,
    access,
)
