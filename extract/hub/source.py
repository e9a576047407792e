"""The Hub's catalog as a dlt source: tasks, the top models of each, and how they were read.

import dlt
from assay.extract import hub_catalog

pipeline = dlt.pipeline("hub", destination="duckdb", dataset_name="bronze")
pipeline.run(hub_catalog(["text-generation"], limit_per_task=100))
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dlt
import pyarrow as pa
from dlt.common.runtime.collector import NullCollector
from dlt.common.typing import TSecretStrValue
from dlt.extract import DltResource

from assay.extract.http.transport import RetryPolicy, SourceUnavailableError
from assay.extract.hub import bronze, rejected
from assay.extract.hub.catalog import missing, read_hub
from assay.extract.hub.client import Hub
from assay.extract.hub.listings import choose
from assay.extract.landing.run_folder import RunFolder
from assay.extract.landing.table import BronzeTable
from assay.extract.landing.temporary import TemporaryReading

HUB = "https://huggingface.co"


@dlt.source(name="hf_catalog", max_table_nesting=0)
def hub_catalog(
    tasks: Sequence[str] | None = None,
    *,
    filters: Sequence[str] = (),
    authors: Sequence[str] = (),
    models: Sequence[str] = (),
    limit_per_task: int = 1000,
    max_tasks: int | None = None,
    hf_token: TSecretStrValue | None = None,
    hf_endpoint: str = HUB,
    min_interval_seconds: float = 0.5,
    private: bool = False,
    folder: RunFolder | None = None,
    apart: Mapping[str, str] | None = None,
    keep_runs: bool = False,
) -> tuple[DltResource, ...]:
    """Tasks of the Hub and the models most downloaded in each: hf_tasks, hf_models,
    hf_task_listings, hf_task_pages (all task pages there were), hf_withdrawn (what turned private)
    and hf_rejected (what was set aside).

    tasks: ids; all by default, or the first `max_tasks` of them in alphabetical order, and none
    where other listings are named; "all" reads them beside those. filters: libraries and tags, the
    most downloaded models of each (several tags with `&` between them must all hold). authors:
    likewise the models of each. models: names; one that is not to be had is a row with its reason.
    limit_per_task: models to read of each listing. hf_token, hf_endpoint: from the environment
    (HF_TOKEN, HF_ENDPOINT) or dlt's configuration where they are not given; no token is needed.
    min_interval_seconds: between the starts of two requests. private: whether what only the token's
    owner may see comes in too. folder: a run folder to load instead of asking the Hub. apart: why
    some listings are to be kept apart, by their ids. keep_runs: whether what earlier runs read
    stays beside what this one read.

    A listing that is read again replaces its rows of before, unless runs are kept. Extraction
    raises HubError when the Hub refuses, SourceUnavailableError after all retries, UnknownTaskError
    for a task that it has not. Raises ValueError for what can be no filter, author or name.
    """
    wanted = choose(list(tasks) if tasks else None, filters, authors, models)

    def read(into: RunFolder) -> None:
        policy = RetryPolicy(min_interval=min_interval_seconds)
        with Hub(hf_endpoint, hf_token, policy, with_private=private) as hub:
            read_hub(
                hub,
                into,
                limit_per_task=limit_per_task,
                wanted=wanted.tasks,
                max_tasks=max_tasks,
                progress=NullCollector(),
                others=wanted.others,
            )
        if line := missing(into):
            raise SourceUnavailableError(line)

    reading = TemporaryReading(read)

    def hints(table: BronzeTable) -> dict[str, Any]:
        return (table.per_run() if keep_runs else table).hints(arrow=True)

    @dlt.resource(**hints(bronze.TASKS))
    def hf_tasks() -> Iterator[pa.Table]:
        """One row per task."""
        yield from bronze.tasks(folder or reading.folder)

    @dlt.resource(**hints(bronze.MODELS))
    def hf_models() -> Iterator[pa.Table]:
        """One row per listing, model and moment at which it was seen in it."""
        yield from bronze.models(folder or reading.folder)

    @dlt.resource(**hints(bronze.LISTINGS))
    def hf_task_listings() -> Iterator[pa.Table]:
        """One row per listing: how it was read, and whether it stood still."""
        yield from bronze.listings(folder or reading.folder, apart)

    @dlt.resource(**hints(bronze.TASK_PAGES))
    def hf_task_pages() -> Iterator[pa.Table]:
        """One row per run and task page that the Hub had then."""
        yield from bronze.task_pages(folder or reading.folder)

    @dlt.resource(**hints(bronze.WITHDRAWN))
    def hf_withdrawn() -> Iterator[pa.Table]:
        """One row per run and model that was found to be private, or to be gone for good."""
        yield from bronze.withdrawn(folder or reading.folder, apart or ())

    @dlt.resource(**rejected.REJECTED.hints(arrow=True))
    def hf_rejected() -> Iterator[pa.Table]:
        """One row per record or value that was set aside, with the last run that saw it."""
        read_from = folder or reading.folder
        yield from rejected.rows(read_from, *bronze.model_files(read_from))

    return hf_tasks, hf_models, hf_task_listings, hf_task_pages, hf_withdrawn, hf_rejected
