"""`dlt pipeline hf_enrichment run`: its options, their check, and what it does."""

import argparse
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from dlt.common.runtime.collector_base import Collector

from assay import warehouse
from assay.extract import settings
from assay.extract.enrichment.arxiv import Arxiv
from assay.extract.enrichment.bronze import load_enrichment
from assay.extract.enrichment.cache import Answers
from assay.extract.enrichment.enrich import FILES, Enriched, Enrichment
from assay.extract.enrichment.identify import Pointers, identify, read_models
from assay.extract.enrichment.wikidata import Wikidata
from assay.extract.enrichment.workers import WorkerPool
from assay.extract.http.transport import SourceUnavailableError
from assay.extract.hub.client import Hub
from assay.extract.landing import bronze, running
from assay.extract.landing.run_folder import MANIFEST, RunFolder, RunFolderError
from assay.extract.pipeline import Pipeline, UsageError, in_range

log = logging.getLogger(__name__)

MODELS = "hf_models.json"
MAX_DAYS = 36_500
MAX_DEPTH = 20
MAX_THREADS = 64
DAY_SECONDS = 86_400

_OPTIONS: dict[str, dict[str, Any]] = {
    "--select": {
        "action": "extend",
        "nargs": "+",
        "choices": tuple(FILES),
        "metavar": "E",
        "help": f"enrich only these: {', '.join(FILES)} (default: entities in .dlt/config.toml, "
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
        settings.retry_policy()
        settings.hub_endpoint()
        settings.arxiv_endpoint()
        settings.wikidata_endpoint()
    except settings.SettingError as error:
        raise UsageError(str(error)) from error


def _threads() -> int:
    return int(settings.number("hf_enrichment_threads", int, 1, MAX_THREADS, default=4))


def _entities(args: argparse.Namespace) -> list[str]:
    """Return what to enrich, in the order of FILES: base models come after datasets."""
    wanted = args.select or settings.words("hf_enrichment.entities")
    for entity in wanted:
        if entity not in FILES:
            raise settings.SettingError(
                f"HF_ENRICHMENT__ENTITIES: no entity {entity!r}, choose {', '.join(FILES)}"
            )
    return [entity for entity in FILES if entity in wanted]


def _max_age_days(args: argparse.Namespace) -> int:
    if args.max_age_days is not None:
        return int(args.max_age_days)
    return int(settings.number("hf_enrichment.max_age_days", int, 0, MAX_DAYS))


def _run(args: argparse.Namespace, progress: Collector) -> None:
    if not args.dry_run:
        warehouse.check_access(args.destination, bronze.SCHEMAS)
    folder = RunFolder.open(args.run_folder or newest_catalog(warehouse.data_dir() / "raw" / "hf"))
    if "listings" not in folder.manifest or MODELS not in folder.manifest["files"]:
        raise RunFolderError(f"{folder.path} holds no catalog: it was not read to its end")
    entities = _entities(args)
    started = time.monotonic()
    identified = identify(read_models(folder.path / MODELS))
    log.info(
        "hf_enrichment: %s of the %d models in %s, identified in %.1f s",
        ", ".join(entities),
        len(identified),
        folder.path,
        time.monotonic() - started,
    )
    results = _enrich_all(args, folder, entities, identified, progress)
    if args.dry_run:
        log.info("dry run: %s is written, nothing is loaded", folder.path)
    elif written := [result.entity for result in results if result.is_written]:
        load_enrichment(folder, written, identified, args.destination, progress)
    for line in summary(results):
        log.info("%s", line)
    failed = [f"{result.entity}: {result.error}" for result in results if result.error]
    if failed:
        raise SourceUnavailableError(f"{'; '.join(failed)}. Run again for the rest")


def _enrich_all(
    args: argparse.Namespace,
    folder: RunFolder,
    entities: list[str],
    identified: Mapping[str, Pointers],
    progress: Collector,
) -> list[Enriched]:
    since = time.time() - _max_age_days(args) * DAY_SECONDS
    results = []
    with _enrichment(args, progress, since=since) as enrichment:
        for entity in entities:
            try:
                result = enrichment.enrich(entity, identified, folder)
            except Exception as error:  # the next entity asks others, or for other things
                log.debug("%s failed", entity, exc_info=True)
                result = Enriched(entity, error=warehouse.first_line(error))
            if result.error:
                log.error("%s: %s", entity, result.error)
            results.append(result)
            at = {"finished_at": datetime.now(UTC).isoformat(), "depth": enrichment.depth}
            folder.manifest.setdefault("enrichment", {})[entity] = result.as_record() | at
            folder.save()
    return results


@contextmanager
def _enrichment(
    args: argparse.Namespace, progress: Collector, *, since: float
) -> Iterator[Enrichment]:
    """Open the answers of before and, unless nobody is to be asked, the Hub and arXiv."""
    with ExitStack() as opened:
        answers = opened.enter_context(Answers(warehouse.data_dir() / "hf_enrichment.sqlite"))
        opened.enter_context(progress("hf_enrichment: ask"))
        hub = arxiv = wikidata = None
        if not args.identify_only:
            endpoint, retry_policy = settings.hub_endpoint(), settings.retry_policy()
            if not args.dry_run:
                running.say_if_mixed(endpoint)
            hub = opened.enter_context(Hub(endpoint, settings.secret("hf_token"), retry_policy))
            arxiv = opened.enter_context(Arxiv(settings.arxiv_endpoint(), retry_policy))
            if args.wikidata:
                endpoint = settings.wikidata_endpoint()
                wikidata = opened.enter_context(Wikidata(endpoint, retry_policy))
        crew = WorkerPool(answers, _threads(), progress)
        yield Enrichment(answers, crew, hub, arxiv, since, args.depth or 1, wikidata)


def newest_catalog(parent: Path) -> Path:
    """Return the newest run folder that holds a whole catalog.

    Raises RunFolderError when there is none.
    """
    found = []
    for path in parent.glob(f"*/{MANIFEST}"):
        try:
            manifest = orjson.loads(path.read_bytes())
            if "listings" in manifest and MODELS in manifest["files"]:
                found.append((str(manifest["started_at"]), path.parent))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # begun and not finished
    if not found:
        raise RunFolderError(f"{parent} holds no catalog: run `dlt pipeline hf_catalog run` first")
    return max(found)[1]


def summary(results: list[Enriched]) -> Iterator[str]:
    """Yield a table of what came, one line per entity."""
    yield f"{'entity':<12} {'ids':>8} {'enriched':>8} {'asked':>8}  not enriched"
    for result in results:
        why = ", ".join(f"{count:,} {reason}" for reason, count in result.reasons.most_common())
        enriched = result.ids - result.reasons.total()
        yield (
            f"{result.entity:<12} {result.ids:>8,} {enriched:>8,} {result.asked.ids:>8,}  "
            f"{why or '-'}"
        )


HF_ENRICHMENT = Pipeline(
    name="hf_enrichment",
    summary="the datasets, papers, base models, keywords and licences that models point at",
    options=_OPTIONS,
    check=_check,
    run=_run,
)
