"""The Hub's catalog as a dlt source: tasks, the top models of each, and how they were read.

import dlt
from assay.extract import hub_catalog

pipeline = dlt.pipeline("hub", destination="duckdb", dataset_name="bronze")
pipeline.run(hub_catalog(["text-generation"], limit_per_task=100))
"""

from collections.abc import Iterator, Sequence

import dlt
import pyarrow as pa
from dlt.common.runtime.collector import NullCollector
from dlt.common.typing import TSecretStrValue
from dlt.extract import DltResource

from assay.extract.http.transport import RetryPolicy, SourceUnavailableError
from assay.extract.hub import bronze, rejected
from assay.extract.hub.catalog import missing, read_hub
from assay.extract.hub.client import Hub
from assay.extract.landing.run_folder import RunFolder
from assay.extract.landing.temporary import TemporaryReading

HUB = "https://huggingface.co"


@dlt.source(name="hf_catalog", max_table_nesting=0)
def hub_catalog(
    tasks: Sequence[str] | None = None,
    *,
    limit_per_task: int = 1000,
    max_tasks: int | None = None,
    hf_token: TSecretStrValue | None = None,
    hf_endpoint: str = HUB,
    min_interval_seconds: float = 0.5,
    folder: RunFolder | None = None,
) -> tuple[DltResource, ...]:
    """Tasks of the Hub and the models most downloaded in each: hf_tasks, hf_models,
    hf_task_listings, and what was set aside: hf_rejected.

    tasks: ids; all by default, or the first `max_tasks` of them in alphabetical order.
    limit_per_task: models to read of each. hf_token, hf_endpoint: from the environment (HF_TOKEN,
    HF_ENDPOINT) or dlt's configuration where they are not given; no token is needed.
    min_interval_seconds: between the starts of two requests. folder: a run folder to load instead
    of asking the Hub.

    A task that is read again replaces its rows of before. Extraction raises HubError when the Hub
    refuses, SourceUnavailableError after all retries, UnknownTaskError for a task that it has not.
    """

    def read(into: RunFolder) -> None:
        with Hub(hf_endpoint, hf_token, RetryPolicy(min_interval=min_interval_seconds)) as hub:
            read_hub(
                hub,
                into,
                limit_per_task=limit_per_task,
                wanted=list(tasks) if tasks else None,
                max_tasks=max_tasks,
                progress=NullCollector(),
            )
        if line := missing(into):
            raise SourceUnavailableError(line)

    reading = TemporaryReading(read)

    @dlt.resource(**bronze.TASKS.hints(arrow=True))
    def hf_tasks() -> Iterator[pa.Table]:
        """One row per task."""
        yield from bronze.tasks(folder or reading.folder)

    @dlt.resource(**bronze.MODELS.hints(arrow=True))
    def hf_models() -> Iterator[pa.Table]:
        """One row per task, model and moment at which it was seen in the task's listing."""
        yield from bronze.models(folder or reading.folder)

    @dlt.resource(**bronze.LISTINGS.hints(arrow=True))
    def hf_task_listings() -> Iterator[pa.Table]:
        """One row per task: how its listing was read, and whether it stood still."""
        yield from bronze.listings(folder or reading.folder)

    @dlt.resource(**rejected.REJECTED.hints(arrow=True))
    def hf_rejected() -> Iterator[pa.Table]:
        """One row per record or value that was set aside, with the last run that saw it."""
        yield from rejected.rows(folder or reading.folder, bronze.MODELS_FILE)

    return hf_tasks, hf_models, hf_task_listings, hf_rejected
