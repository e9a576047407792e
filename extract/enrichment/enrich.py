"""The hf_enrichment pipeline: what is known of everything that the listed models point at.

Identification (identify.py) gives ids; here they are asked for, unless what was answered
before is young enough, and written to the catalog's run folder: one file per entity, one record
per id, with what the source said or the reason why there is nothing.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from assay.extract.enrichment import hub
from assay.extract.enrichment.arxiv import BATCH, Arxiv
from assay.extract.enrichment.cache import Answer, Answers
from assay.extract.enrichment.identify import KINDS, TEMPLATE_LEFTOVER, Pointers, arxiv_id, pointers
from assay.extract.enrichment.spdx import license_facts
from assay.extract.enrichment.wikidata import Wikidata
from assay.extract.enrichment.workers import Asked, Unit, WorkerPool
from assay.extract.hub.client import Hub
from assay.extract.landing.run_folder import RunFolder, encoded

log = logging.getLogger(__name__)

FILES = {
    "datasets": "hf_datasets_specific.json",
    "articles": "arxiv_articles.json",
    "base_models": "hf_models_specific.json",
    "keywords": "keywords.json",
    "licenses": "licenses.json",
}
FETCH_FAILED = "fetch_failed"
NOT_ASKED = "not_asked"
NOT_IN_VOCABULARY = "not_in_vocabulary"
VOCABULARY = "tags-by-type"


@dataclass
class Enriched:
    """What one entity came to. reasons: ids by why they are not enriched."""

    entity: str
    asked: Asked = field(default_factory=Asked)
    ids: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    error: str | None = None
    seconds: float = 0.0
    is_written: bool = False  # its file is in the run folder

    def as_record(self) -> dict[str, Any]:
        """Return the counts for the manifest."""
        return {
            "ids": self.ids,
            "enriched": self.ids - self.reasons.total(),
            "reasons": dict(sorted(self.reasons.items())),
            "asked": self.asked.ids,
            "failed": self.asked.failed,
            "partial": self.asked.partial,
            "error": self.error,
            "seconds": round(self.seconds, 1),
        }


@dataclass
class Enrichment:
    """One run: where answers come from and go to.

    hub, arxiv, wikidata: None to ask nobody. since: answers before it (seconds since the epoch)
    are too old. depth: levels of base models, 1 for those that listed models point at.
    """

    answers: Answers
    crew: WorkerPool
    hub: Hub | None
    arxiv: Arxiv | None
    since: float
    depth: int = 1
    wikidata: Wikidata | None = None

    def enrich(
        self, entity: str, identified: Mapping[str, Pointers], folder: RunFolder
    ) -> Enriched:
        """Ask for what is not known of one entity, then write its file.

        Never raises for what a source does: `error` of the result tells.
        """
        result, started = Enriched(entity), time.monotonic()
        records = _RECORDS[entity](self, identified, result)
        with folder.records(FILES[entity]) as out:
            for record in records:
                out.write(encoded(record))
                result.ids += 1
                if not record["enriched"]:
                    result.reasons[record["reason"]] += 1
        result.is_written = True
        result.error = _told(result)
        result.seconds = time.monotonic() - started
        return result

    def _datasets(
        self, identified: Mapping[str, Pointers], result: Enriched
    ) -> Iterator[dict[str, Any]]:
        ids = sorted({name for found in identified.values() for name in found.datasets})
        self._ask_hub("datasets", ids, hub.dataset, result)
        return (self._repository("datasets", name) for name in ids)

    def _base_models(
        self, identified: Mapping[str, Pointers], result: Enriched
    ) -> Iterator[dict[str, Any]]:
        level = sorted({name for found in identified.values() for name, _ in found.base_models})
        depths: dict[str, int] = {}
        for depth in range(1, self.depth + 1):
            depths |= dict.fromkeys(level, depth)
            self._ask_hub("base_models", level, hub.model, result)
            if depth < self.depth:
                level = sorted(set(self._parents(level)) - depths.keys())
        return (
            self._repository("base_models", name) | {"depth": depths[name]}
            for name in sorted(depths)
        )

    def _parents(self, names: Iterable[str]) -> Iterator[str]:
        for name in names:
            answer = self.answers.get("base_models", name)
            if answer and answer.found:
                yield from (parent for parent, _ in pointers(answer.found).base_models)

    def _ask_hub(
        self, entity: str, ids: list[str], ask: Callable[[Hub, str], Answer], result: Enriched
    ) -> None:
        client = self.hub
        if client is None:
            return
        known = self.answers.fresh(entity, self.since)
        units = [(name,) for name in ids if name not in known and hub.is_repository_id(name)]

        def one(unit: Unit) -> list[tuple[str, Answer]]:
            return [(unit[0], ask(client, unit[0]))]

        result.asked += self.crew.ask_all(entity, units, one)

    def _repository(self, entity: str, name: str) -> dict[str, Any]:
        answer = self.answers.get(entity, name)
        malformed = answer is None and not hub.is_repository_id(name)
        record = _record(name, answer, hub.MALFORMED if malformed else self._unanswered)
        if answer and answer.found:
            record["license"] = hub.license_of(answer.found)
        return record

    def _articles(
        self, identified: Mapping[str, Pointers], result: Enriched
    ) -> Iterator[dict[str, Any]]:
        ids = sorted({name for found in identified.values() for name in found.articles})
        if self.arxiv is not None:
            known = self.answers.fresh("articles", self.since) | {TEMPLATE_LEFTOVER}
            wanted = [name for name in ids if name not in known and arxiv_id(name)]
            units = [wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH)]
            # One connection at a time is arXiv's rule.
            result.asked += self.crew.ask_all("articles", units, self._look, threads=1)
        return map(self._article, ids)

    def _article(self, name: str) -> dict[str, Any]:
        if name == TEMPLATE_LEFTOVER:
            record = _record(name, None, "template_leftover")
        elif arxiv_id(name) is None:
            record = _record(name, None, hub.MALFORMED)
        else:
            record = _record(name, self.answers.get("articles", name), self._unanswered)
        return record | {"is_template_leftover": name == TEMPLATE_LEFTOVER}

    def _look(self, unit: Unit) -> Iterator[tuple[str, Answer]]:
        assert self.arxiv is not None  # noqa: S101 - for the type checker
        looked = self.arxiv.look(unit)
        now = int(self.arxiv.clock.time())
        for name in unit:
            if name in looked.papers:
                yield name, Answer(None, now, looked.papers[name])
            elif name in looked.malformed:
                yield name, Answer(hub.MALFORMED, now)
            elif name not in looked.unclear:
                yield name, Answer(hub.NOT_FOUND, now)

    def _keywords(
        self, identified: Mapping[str, Pointers], result: Enriched
    ) -> Iterator[dict[str, Any]]:
        kinds: dict[str, str] = {}
        for found in identified.values():
            for name, kind in found.keywords:
                if kind != "tag" or name not in kinds:
                    kinds[name] = min(kind, kinds.get(name, kind), key=KINDS.index)
        answer = self._vocabulary(result) if kinds else None
        known = hub.labels(answer)
        missing = NOT_IN_VOCABULARY if answer else self._unanswered
        self._define({name: known[name][1] for name in sorted(kinds) if name in known}, result)

        def keyword(name: str) -> dict[str, Any]:
            if name not in known:
                return _record(name, None, missing) | {"kind": kinds[name]}
            kind, label = known[name]
            definition = self.answers.get("definitions", name)
            more = (definition.found if definition else None) or {}
            found = {
                "label": label,
                "wikidata_id": more.get("id"),
                "description": more.get("description"),
            }
            return _record(name, answer, None) | {"kind": kind, "answer": found}

        return map(keyword, sorted(kinds))

    def _define(self, labels: Mapping[str, str], result: Enriched) -> None:
        """Ask Wikidata, if it is to be asked, for what the Hub only has a label for."""
        wikidata = self.wikidata
        if wikidata is None:
            return
        known = self.answers.fresh("definitions", self.since)

        def one(unit: Unit) -> list[tuple[str, Answer]]:
            return [(unit[0], wikidata.define(labels[unit[0]]))]

        units = [(name,) for name in labels if name not in known]
        result.asked += self.crew.ask_all("definitions", units, one)

    def _licenses(
        self, identified: Mapping[str, Pointers], result: Enriched
    ) -> Iterator[dict[str, Any]]:
        ids = sorted({name for found in identified.values() for name in found.licenses})
        answer = None
        if any(license_facts(name, {}) is None for name in ids):
            answer = self._vocabulary(result)
        labels = {name: label for name, (_, label) in hub.labels(answer, ("license",)).items()}
        missing = NOT_IN_VOCABULARY if answer else self._unanswered

        def license_(name: str) -> dict[str, Any]:
            facts = license_facts(name, labels)
            if facts is None:
                return _record(name, None, missing)
            # The SPDX list is shipped: nobody was asked.
            at = None if "spdx_id" in facts or answer is None else answer.fetched_at
            return {"id": name, "enriched": True, "reason": None, "fetched_at": at, "answer": facts}

        return map(license_, ids)

    def _vocabulary(self, result: Enriched) -> Answer | None:
        """Return the Hub's tag vocabulary, an older one when the Hub does not give it now."""
        client = self.hub
        if client is not None and VOCABULARY not in self.answers.fresh("vocabulary", self.since):

            def ask(unit: Unit) -> list[tuple[str, Answer]]:
                return [(VOCABULARY, hub.vocabulary(client))]

            result.asked += self.crew.ask_all("vocabulary", [(VOCABULARY,)], ask)
        return self.answers.get("vocabulary", VOCABULARY)

    @property
    def _unanswered(self) -> str:
        return NOT_ASKED if self.hub is None else FETCH_FAILED


_RECORDS = {
    "datasets": Enrichment._datasets,
    "articles": Enrichment._articles,
    "base_models": Enrichment._base_models,
    "keywords": Enrichment._keywords,
    "licenses": Enrichment._licenses,
}


def _record(name: str, answer: Answer | None, reason: str | None) -> dict[str, Any]:
    """Return what the file says of one id; `reason` is for those without an answer."""
    if answer is None:
        return {"id": name, "enriched": False, "reason": reason, "fetched_at": None}
    record = {
        "id": name,
        "enriched": answer.reason is None,
        "reason": answer.reason,
        "fetched_at": answer.fetched_at,
    }
    return record if answer.found is None else record | {"answer": answer.found}


def _told(result: Enriched) -> str | None:
    """Return in one line what did not come, None when nothing is missing."""
    asked = result.asked
    if asked.failed:
        return f"{asked.failed:,} of {asked.ids:,} could not be fetched ({asked.error})"
    if asked.partial:
        return f"{asked.partial:,} came without their Croissant description"
    return None
