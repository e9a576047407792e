"""`dlt pipeline hf_enrichment run`: its options, their check, and what it does."""

import argparse
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from dlt.common.runtime.collector_base import Collector

from assay import warehouse
from assay.common.hub_entities import HUB_ENTITIES
from assay.common.show import table
from assay.extract import settings
from assay.extract.enrichment.bronze import WITHOUT_REFERENCES, newer
from assay.extract.enrichment.enrich import Enriched, enrich_all
from assay.extract.enrichment.entities import ENTITIES
from assay.extract.enrichment.entity import References
from assay.extract.enrichment.fetcher import DAY_SECONDS, Addresses, Fetcher, open_fetcher
from assay.extract.enrichment.identify import identify, read_models
from assay.extract.enrichment.source import Enrichment, hub_enrichment
from assay.extract.http.transport import SourceUnavailableError
from assay.extract.hub.bronze import MODELS_FILE
from assay.extract.landing import bronze, running
from assay.extract.landing.run_folder import MANIFEST, RunFolder, RunFolderError
from assay.extract.pipeline import Pipeline, UsageError, in_range

log = logging.getLogger(__name__)

MAX_DAYS = 36_500
MAX_DEPTH = 20
MAX_THREADS = 64

_OPTIONS: dict[str, dict[str, Any]] = {
    "--select": {
        "action": "extend",
        "nargs": "+",
        "choices": tuple(ENTITIES),
        "metavar": "E",
        "help": f"enrich only these: {', '.join(ENTITIES)} (default: entities in .dlt/config.toml, "
        "all)",
    },
    "--identify-only": {
        "action": "store_true",
        "help": "load what models point at, ask nobody (default: ask)",
    },
    "--depth": {
        "type": int,
        "metavar": "N",
        "help": "levels of base models: 1 those of the listed models, 2 also theirs, and so on "
        "(default: 1)",
    },
    "--max-age-days": {
        "type": int,
        "metavar": "N",
        "help": "ask again for what was answered longer ago; 0 asks for everything "
        "(default: max_age_days in .dlt/config.toml, 30)",
    },
    "--wikidata": {
        "action": "store_true",
        "help": "ask Wikidata for definitions of keywords: one request each, and guesses "
        "(default: do not)",
    },
    "--run-folder": {
        "type": Path,
        "metavar": "PATH",
        "help": "enrich the catalog in this run folder (default: the newest)",
    },
    "--dry-run": {
        "action": "store_true",
        "help": "write the run folder, load nothing (default: load)",
    },
}


def _check(args: argparse.Namespace) -> None:
    in_range("--depth", args.depth, MAX_DEPTH)
    if args.max_age_days != 0:
        in_range("--max-age-days", args.max_age_days, MAX_DAYS)
    if args.run_folder is not None and not args.run_folder.is_dir():
        raise UsageError(f"--run-folder {args.run_folder}: there is no such folder")
    try:
        _threads()
        _entities(args)
        _max_age_days(args)
        settings.flag("hf_catalog.private")
        settings.retry_policy()
        settings.hub_endpoint()
        settings.arxiv_endpoint()
        settings.wikidata_endpoint()
    except settings.SettingError as error:
        raise UsageError(str(error)) from error


def _threads() -> int:
    return int(settings.number("hf_enrichment_threads", int, 1, MAX_THREADS, default=4))


def _entities(args: argparse.Namespace) -> list[str]:
    """Return what to enrich, in the order in which they are enriched."""
    wanted = args.select or settings.words("hf_enrichment.entities")
    for entity in wanted:
        if entity not in ENTITIES:
            raise settings.SettingError(
                f"HF_ENRICHMENT__ENTITIES: no entity {entity!r}, choose {', '.join(ENTITIES)}"
            )
    return [entity for entity in ENTITIES if entity in wanted]


def _max_age_days(args: argparse.Namespace) -> int:
    if args.max_age_days is not None:
        return int(args.max_age_days)
    return int(settings.number("hf_enrichment.max_age_days", int, 0, MAX_DAYS))


def _run(args: argparse.Namespace, progress: Collector) -> None:
    if not args.dry_run:
        warehouse.check_access(args.destination, bronze.SCHEMAS)
    folder = RunFolder.open(args.run_folder or newest_catalog(warehouse.data_dir() / "raw" / "hf"))
    if "listings" not in folder.manifest or MODELS_FILE not in folder.manifest["files"]:
        raise RunFolderError(f"{folder.path} holds no catalog: it was not read to its end")
    entities = _entities(args)
    started = time.monotonic()
    references = identify(read_models(folder.path / MODELS_FILE))
    log.info(
        "hf_enrichment: %s of the %d models in %s, identified in %.1f s",
        ", ".join(entities),
        len(references),
        folder.path,
        time.monotonic() - started,
    )
    with _fetcher(args, progress) as fetcher:
        results = enrich_all([ENTITIES[name] for name in entities], references, fetcher, folder)
    if args.dry_run:
        log.info("dry run: %s is written, nothing is loaded", folder.path)
    elif written := [result.entity for result in results if result.is_written]:
        load_enrichment(folder, written, references, args.destination, progress)
    for line in summary(results):
        log.info("%s", line)
    failed = [f"{result.entity}: {result.error}" for result in results if result.error]
    if failed:
        raise SourceUnavailableError(f"{'; '.join(failed)}. Run again for the rest")


@contextmanager
def _fetcher(args: argparse.Namespace, progress: Collector) -> Iterator[Fetcher]:
    """Open the answers of before and, unless nobody is to be asked, the Hub and arXiv."""
    addresses = None
    if not args.identify_only:
        wikidata = settings.wikidata_endpoint() if args.wikidata else None
        addresses = Addresses(settings.hub_endpoint(), settings.arxiv_endpoint(), wikidata)
        if not args.dry_run:
            running.say_if_mixed(addresses.hub)
    with (
        progress("hf_enrichment: ask"),
        open_fetcher(
            warehouse.data_dir() / "hf_enrichment.sqlite",
            addresses,
            settings.secret("hf_token") if addresses else None,
            settings.retry_policy(),
            threads=_threads(),
            since=time.time() - _max_age_days(args) * DAY_SECONDS,
            depth=args.depth or 1,
            with_private=settings.flag("hf_catalog.private"),
            progress=progress,
        ) as fetcher,
    ):
        yield fetcher


def load_enrichment(
    folder: RunFolder, entities: list[str], references: References, target: str, progress: Collector
) -> None:
    """Load entities of a run folder, then which models refer to them.

    Rows replace those with the same id or of the same model, so loading twice changes nothing; what
    is known from a later reading stays. A run killed in between leaves no model that refers to
    nothing. Raises dlt's PipelineStepFailed when the destination refuses.
    """
    started = time.monotonic()
    pipeline = bronze.open_pipeline("hf_enrichment", target, progress)
    chosen = [ENTITIES[name] for name in entities]
    later = newer(pipeline, target, chosen, folder)
    mappings = [one.mapping for one in chosen]
    for tables in ([one.table for one in chosen], [*mappings, WITHOUT_REFERENCES.name]):
        enriched = Enrichment(folder, references)
        source = hub_enrichment(entities=entities, enriched=enriched, newer=later)
        bronze.run(pipeline, [source.resources[table] for table in tables], target)
    log.info(
        "loaded %s of %s into bronze of %s in %.1f s",
        ", ".join(entities),
        folder.run_id,
        target,
        time.monotonic() - started,
    )


def newest_catalog(parent: Path) -> Path:
    """Return the newest run folder that holds a whole catalog.

    Raises RunFolderError when there is none.
    """
    found = []
    for path in parent.glob(f"*/{MANIFEST}"):
        try:
            manifest = orjson.loads(path.read_bytes())
            if "listings" in manifest and MODELS_FILE in manifest["files"]:
                found.append((str(manifest["started_at"]), path.parent))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # begun and not finished
    if not found:
        raise RunFolderError(f"{parent} holds no catalog: run `dlt pipeline hf_catalog run` first")
    return max(found)[1]


def summary(results: list[Enriched]) -> Iterator[str]:
    """Return a table of what came, one line per entity."""
    rows = [("entity", "ids", "enriched", "asked", "not enriched")]
    for result in results:
        why = ", ".join(f"{count:,} {reason}" for reason, count in result.reasons.most_common())
        counts = (result.ids, result.ids - result.reasons.total(), result.asked.ids)
        rows.append((result.entity, *(f"{count:,}" for count in counts), why or "-"))
    return table(rows, "<>>>", least=(12, 7, 8, 7))


*_FIRST, _LAST = (entity.label for entity in HUB_ENTITIES.values())
HF_ENRICHMENT = Pipeline(
    name="hf_enrichment",
    summary=f"the {', '.join(_FIRST)} and {_LAST} that models point at",
    options=_OPTIONS,
    check=_check,
    run=_run,
)
