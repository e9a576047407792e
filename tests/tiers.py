"""Which tests run when: `make test`, `make test-all` and `make test-night`.

COMMANDS are the files of which tests start processes in `make test`, and the promise that these
hold: all else that does is marked slow (tests/test_tiers.py). Workers begin with these files, in
this order: first what takes long, and what waits for `make run` of the first one when that has
ended. MORE are the files of which `make test` runs only those tests that a promise of README.md
names. NIGHT are the files whose slow tests wait for `make test-night`, but for those in DAY.
"""

import re

from assay.warehouse import ROOT

# The page on which each promise names its tests.
PAGE = ROOT / "docs" / "decisions" / "test-tiers.md"

COMMANDS = {
    "tests/assay/runs/test_run.py": "`make run` loads, builds, tests and publishes the sample",
    "tests/hf/test_second_run.py": "a second run moves only what changed at the source",
    "tests/hf/test_interrupted.py": "a killed extraction or build is made good by the next",
    "tests/hf/postgres/test_postgres.py": "JSONB, indexes, real keys and its report",
    "tests/hf/enrichment/test_models.py": "what models point at, value by value, and its keys",
    "tests/hf/enrichment/test_lineage.py": "lineage up to the root, through loops and new names",
    "tests/hf/enrichment/test_interrupted.py": "a killed enrichment asks for the rest only",
    "tests/experiments/test_tasks.py": "experiments ask nobody without approval, and show the plan",
    "tests/docs/test_pages.py": "links, commands and settings of every page are there",
    "tests/docs/test_docs_site.py": "nothing undescribed, untested or without an owner",
    "tests/issues/test_interrupted.py": "what a killed run had read is not asked for again",
    "tests/issues/test_second_run.py": "a second run asks for nothing and changes nothing",
    "tests/issues/test_hostile.py": "hostile posts are stored as text or dropped with a count",
    "tests/issues/test_taken_back.py": "what was taken back is in no layer, and stays out",
    "tests/extract/test_cli.py": "exit codes, lines and files of `dlt pipeline hf_catalog run`",
    "tests/extract/posts/test_cli.py": "exit codes and table of `dlt pipeline issues run`",
    "tests/extract/test_wheel.py": "the wheel's sources run in a bare pipeline of a stranger's",
    "tests/extract/test_cli_usage.py": "a wrong call ends with 2 before anything happens",
    "tests/publish/pocketbase/test_agreement.py": "PocketBase holds gold, and nothing else",
    "tests/publish/pocketbase/test_serve.py": "`make serve` serves what was published, here alone",
    "tests/publish/pocketbase/test_access.py": "anybody reads issues, and nothing but those",
    "tests/publish/pocketbase/test_collections.py": "collections are made, and others' left alone",
    "tests/publish/pocketbase/corrections/test_door.py": "editors alone correct, each row once",
    "tests/publish/pocketbase/test_interrupted.py": "what a killed sync sent is not sent again",
    "tests/publish/pocketbase/test_plan.py": "what takes much away is done only as it was shown",
    "tests/publish/pocketbase/test_usage.py": "what keeps a sync from beginning is one line",
    "tests/publish/web/test_filters.py": "filters, search and addresses of the live page",
    "tests/publish/web/map/test_map.py": "the map of issues opens them, by keys alone",
    "tests/publish/web/test_live.py": "the open page follows PocketBase without a reload",
    "tests/publish/web/test_issue.py": "an issue opens with figures, trend and evidence",
    "tests/publish/web/corrections/test_editor.py": "an editor corrects, a guest cannot",
    "tests/publish/web/test_hostile.py": "hostile posts do nothing on the live page",
    "tests/publish/web/test_headers.py": "the page may not be framed",
    "tests/publish/catalog/test_page.py": "the catalog's page lists, narrows, sorts and opens",
    "tests/publish/catalog/test_postgres.py": "the page's files are the same from a Postgres",
    "tests/hf/test_counts.py": "the catalog equals an independent count, on every database",
    "tests/hf/test_thirty_days.py": "days loaded backwards end in the tables of a plain count",
    "tests/issues/test_counts.py": "bronze equals an independent reading of the posts",
    "tests/issues/gold/test_gold.py": "hidden themes are found; gold is what silver says",
    "tests/issues/gold/test_llm_labels.py": "an approved label is paid for once; no socket without",
    "tests/issues/gold/test_mining_again.py": "with nothing new, nothing is computed",
    "tests/inputs/test_inputs_pipeline.py": "an input that changed is seen, and no other",
    "tests/assay/runs/test_backup.py": "a back-up is whole, and so is what is restored",
    "tests/assay/warehouse/test_writer.py": "commands at once wait for each other, and say so",
    "tests/assay/runs/test_status.py": "`make status` waits for nobody",
    "tests/test_servers.py": "what tests start ends with them, also when they fail or are killed",
    "tests/assay/test_rooms.py": "the rooms' rules, over the files that git lists",
    "tests/assay/test_post_sources.py": "a source of posts is named in few files",
    "tests/assay/test_settings_example.py": "every line of .env.example is one a shell takes",
    "tests/common/test_files.py": "a kill while a file is written leaves what was there",
    "tests/common/test_lock.py": "a lock has one owner, who is named and leaves none behind",
    "tests/experiments/test_questions.py": "what a task asks, and what is kept of its answer",
    "tests/extract/hub/test_source.py": "the sources of the Hub load in anybody's pipeline",
    "tests/extract/landing/test_run_folder.py": "a killed process leaves whole files only",
    "tests/faults/test_fault_day.py": "full disks and clocks that jump can be had on this machine",
    "tests/mining/embed/test_default_engine.py": "it loads no torch and asks nobody",
    "tests/publish/reports/test_catalog_queries.py": "the report is the same on both databases",
    "tests/publish/reports/test_catalog_trouble.py": "a report without a catalog is one line",
    "tests/publish/web/test_chromium.py": "the browser is found, or one line says what to do",
    "tests/sample/server/test_down.py": "the replay's command says what is wrong with its options",
    "tests/sample/server/test_server.py": "the replay serves until it is told to stop",
    "tests/security/test_private.py": "another user of the machine reads nothing",
    "tests/security/test_quiet.py": "no command tells anybody that it is used",
    "tests/security/test_secrets.py": "no file of the project holds a key",
    "tests/security/test_text.py": "nothing of a stranger's acts on the terminal",
}

# What the other tests of a file hold: they are dear for what they add to the promise, and wait for
# `make test-all`.
MORE = {
    "tests/assay/runs/test_compact.py": "what compacting a lake leaves, and what it erases",
    "tests/assay/test_rooms.py": "the rooms' rules, which linters would hold elsewhere",
    "tests/benchmarks/test_evaluate.py": "what make evaluate counts, and floors of what it finds",
    "tests/experiments/test_questions.py": "what a task asks, in each case",
    "tests/extract/enrichment/test_identify.py": "drawn tags: whatever their order, written back",
    "tests/extract/hub/test_apart.py": "a listing that is kept apart needs a flag",
    "tests/extract/hub/test_source.py": "the Hub's sources one by one, on other destinations",
    "tests/extract/landing/test_bronze.py": "the catalog's bronze through odd listings",
    "tests/extract/landing/test_table.py": "columns that change, and rows of earlier versions",
    "tests/extract/posts/test_cli.py": "what the table of a collection says on bad days",
    "tests/extract/posts/test_first_folder.py": "run folders of the first version",
    "tests/extract/test_wheel.py": "the files of the wheel",
    "tests/hf/enrichment/test_counts.py": "pairs against an independent count",
    "tests/hf/enrichment/test_faults.py": "one bad id or token spoils nothing else",
    "tests/hf/enrichment/test_select.py": "gated, private and older catalogs",
    "tests/hf/postgres/test_postgres.py": "what others made on our tables stays",
    "tests/hf/test_second_run.py": "a run over the same Hub moves one column",
    "tests/inputs/test_inputs_pipeline.py": "what of an input cannot be used",
    "tests/issues/test_hostile.py": "hostile posts, one by one",
    "tests/mining/duplicates/test_deduplicate.py": "drawn orders and copies",
    "tests/mining/embed/test_embed.py": "other models, other engines, odd texts",
    "tests/mining/llm/test_answer.py": "each bad answer of a language model",
    "tests/mining/llm/test_approval.py": "the plan's counts over drawn questions",
    "tests/mining/llm/test_bad_days.py": "each bad day of a provider",
    "tests/mining/llm/test_cache.py": "paid answers over a second run and a kill",
    "tests/publish/catalog/test_postgres.py": "the page's files from a Postgres",
    "tests/publish/catalog/test_versions.py": "one version of the page's files after another",
    "tests/publish/news/test_tell.py": "conditions, quiet hours and refused messages",
    "tests/publish/pocketbase/corrections/test_door.py": "each wrong way through the door",
    "tests/publish/pocketbase/test_agreement.py": "each kind of change, as few records",
    "tests/publish/pocketbase/test_plan.py": "each reason to stop before much is taken away",
    "tests/publish/pocketbase/test_serve.py": "a sync beside a server that runs",
    "tests/publish/pocketbase/test_usage.py": "what keeps a sync from beginning",
    "tests/publish/reports/test_catalog.py": "each section of the report, row by row",
    "tests/publish/reports/test_catalog_queries.py": "the same report on both databases",
    "tests/publish/reports/test_catalog_trouble.py": "a report of hostile or missing rows",
    "tests/publish/web/corrections/test_editor.py": "the editor's form on bad days and a phone",
    "tests/publish/web/test_filters.py": "each filter and its address",
    "tests/publish/web/test_hostile.py": "hostile posts on the live page",
    "tests/publish/web/test_live.py": "a server that goes and comes back",
}

# Whose slow tests wait for the night: they try what a faster test tries too at more moments, on
# more days or on the other database. DAY are those of them that do not wait.
NIGHT = {
    "tests/assay/runs/test_run.py": "make run as whole processes, twice",
    "tests/experiments/test_paid.py": "paid answers of experiments, whole builds",
    "tests/experiments/test_parts.py": "each way to choose a part of the experiments",
    "tests/experiments/test_tasks.py": "ids and sizes of tasks over whole builds",
    "tests/extract/posts/test_promises.py": "each day that is left half read",
    "tests/faults/test_on_lake.py": "the whole pipeline under faults on a lake",
    "tests/hf/enrichment/test_changes.py": "run after run, on every database",
    "tests/hf/enrichment/test_faults.py": "each source that is down",
    "tests/hf/enrichment/test_interrupted.py": "a kill at every step of an enrichment",
    "tests/hf/enrichment/test_lineage.py": "parents under other names, on every database",
    "tests/hf/enrichment/test_models.py": "a second build, on both databases",
    "tests/hf/postgres/test_pgbouncer.py": "a pooler, which a machine may lack",
    "tests/hf/postgres/test_versions.py": "Postgres 16 whole",
    "tests/hf/test_counts.py": "other samples, and Postgres",
    "tests/hf/test_followed.py": "who is in no listing, on every database",
    "tests/hf/test_interrupted.py": "a kill at every step of a run",
    "tests/hf/test_listings.py": "filters, authors and names, whole, on every database",
    "tests/hf/test_present.py": "older runs, on every database",
    "tests/hf/test_second_run.py": "each way in which the Hub changes, on every database",
    "tests/hf/test_thirty_days.py": "thirty days in four orders",
    "tests/inputs/test_refresh.py": "each kind of edit, kills, two at once",
    "tests/issues/gold/test_corrections.py": "each kind of correction through whole builds",
    "tests/issues/gold/test_llm_labels.py": "each way in which a model answers badly",
    "tests/issues/gold/test_mining_again.py": "kills while mining, days in ranges",
    "tests/issues/test_documents.py": "documents over older rules and in other orders",
    "tests/issues/test_hostile.py": "dbt builds on hostile posts",
    "tests/issues/test_interrupted.py": "a kill at every step of a collection",
    "tests/issues/test_second_run.py": "each way in which a day is read again",
    "tests/issues/test_taken_back.py": "a post of an issue leaves every table",
    "tests/lake/test_sample.py": "the whole sample on a lake",
    "tests/mining/cluster/test_cluster.py": "density, threads and processors",
    "tests/mining/compute/test_daft.py": "kills of Daft's workers, and a Ray cluster",
    "tests/publish/catalog/test_page_people.py": "each hostile name on the catalog's page",
    "tests/publish/pocketbase/test_agreement.py": "each way in which a server falls behind",
    "tests/publish/pocketbase/test_interrupted.py": "a kill at every request",
    "tests/publish/pocketbase/test_refused.py": "each refusal of a server",
    "tests/publish/pocketbase/test_sample.py": "the whole sample published",
    "tests/publish/pocketbase/test_serve.py": "servers that die under a sync",
}
DAY = {
    "tests/extract/posts/test_promises.py": (
        "test_a_day_left_half_read_is_finished_by_a_later_run_of_itself",
    ),
    "tests/faults/test_on_lake.py": (
        "test_a_catalog_that_crashed_is_back_with_all_that_was_committed",
    ),
    "tests/hf/enrichment/test_faults.py": (
        "test_one_source_that_is_down_stops_no_other_and_the_next_run_asks_for_the_rest_only[arxiv]",
    ),
    "tests/hf/enrichment/test_interrupted.py": (
        "test_a_killed_run_is_made_good_by_the_next_which_asks_for_the_rest_only[job:12]",
        "test_a_killed_run_is_made_good_by_the_next_which_asks_for_the_rest_only[load]",
    ),
    "tests/hf/enrichment/test_lineage.py": (
        "test_loops_diamonds_chains_and_ladders_in_one_forest[postgres]",
    ),
    "tests/hf/test_interrupted.py": (
        "test_a_killed_dbt_build_is_made_good_by_the_next[hf.models]",
        "test_a_killed_extraction_is_made_good_by_the_next[later-run-job:3]",
    ),
    "tests/hf/test_second_run.py": (
        "test_a_full_refresh_keeps_the_history",
        "test_updated_at_moves_where_a_value_changed_and_nowhere_else[postgres]",
    ),
    "tests/inputs/test_refresh.py": (
        "test_what_reads_a_table_that_came_out_as_it_was_is_left_alone",
    ),
    "tests/issues/gold/test_llm_labels.py": (
        "test_the_budget_holds_with_eight_calls_in_flight_and_the_rest_is_asked_next_time",
    ),
    "tests/issues/gold/test_mining_again.py": (
        "test_kills_between_any_two_statements_leave_a_warehouse_that_goes_on",
    ),
    "tests/issues/test_hostile.py": (
        "test_what_is_stored_is_what_was_sent_as_far_as_a_database_can_hold_it",
    ),
    "tests/issues/test_interrupted.py": (
        "test_a_full_disk_is_one_line_and_loses_nothing[warehouse]",
    ),
    "tests/mining/cluster/test_cluster.py": (
        "test_neither_threads_nor_the_processor_change_a_label",
    ),
    "tests/mining/compute/test_daft.py": (
        "test_a_killed_worker_costs_its_block_and_no_bit_changes",
        "test_daft_tells_nobody_that_it_is_used",
    ),
    "tests/publish/catalog/test_page_people.py": (
        "test_hostile_names_are_shown_as_they_are_and_do_nothing[script]",
        "test_hostile_names_are_shown_as_they_are_and_do_nothing[svg]",
        "test_no_window_scrolls_sideways_or_has_a_serious_accessibility_fault",
    ),
    "tests/publish/pocketbase/test_agreement.py": (
        "test_a_server_that_was_emptied_is_filled_again",
        "test_records_of_someone_else_in_our_collections_are_removed",
    ),
    "tests/publish/pocketbase/test_interrupted.py": (
        "test_a_token_that_runs_out_in_the_middle_is_renewed[batches]",
        "test_killed_at_any_time_of_the_clock_the_next_run_makes_it_good",
        "test_what_passes_is_tried_again_and_nothing_is_there_twice[after-500]",
        "test_what_passes_is_tried_again_and_nothing_is_there_twice[before-429]",
    ),
    "tests/publish/pocketbase/test_refused.py": (
        "test_a_refused_row_is_recorded_with_its_error_and_the_rest_goes_on[batches]",
    ),
    "tests/publish/pocketbase/test_serve.py": (
        "test_a_killed_sync_takes_its_pocketbase_with_it_and_the_next_one_agrees",
    ),
}


def night(file: str, name: str) -> str | None:
    """Return why a slow test waits for the night, None where it does not. name: with its case."""
    stays = DAY.get(file, ())
    return None if name in stays or name.partition("[")[0] in stays else NIGHT.get(file)


def promises() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return each line of the page's table with the tests that hold it, (file, name)."""
    text = PAGE.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| ")][2:]
    return [(line, re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", line)) for line in lines]
