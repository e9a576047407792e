"""What an entity's fetch has at hand: the sources, the answers of before, and the workers."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from dlt.common.runtime.collector_base import Collector

from assay.extract.enrichment.arxiv import Arxiv
from assay.extract.enrichment.cache import FETCH_FAILED, NOT_ASKED, Answer, Answers
from assay.extract.enrichment.wikidata import Wikidata
from assay.extract.enrichment.workers import Ask, FetchStats, Unit, WorkerPool
from assay.extract.http.transport import RetryPolicy
from assay.extract.hub.client import PRIVATE, Hub

ARXIV, WIKIDATA = "https://export.arxiv.org", "https://www.wikidata.org"
DAY_SECONDS = 86_400


@dataclass
class Fetcher:
    """One run: where answers come from and go to.

    hub, arxiv, wikidata: None to ask nobody. since: answers before it (seconds since the epoch)
    are too old. depth: levels of base models, 1 for those that listed models refer to.
    with_private: whether what only the token's owner may see comes in too.
    """

    answers: Answers
    pool: WorkerPool
    hub: Hub | None
    arxiv: Arxiv | None
    since: float
    depth: int = 1
    wikidata: Wikidata | None = None
    with_private: bool = False

    def repository(self, kind: str, name: str) -> Answer | None:
        """Return the last answer for a repository; of one that is private only that it is, unless
        private ones are wanted."""
        answer = self.answers.get(kind, name)
        if answer and answer.found and answer.found.get("private") and not self.with_private:
            return Answer(PRIVATE, answer.fetched_at)
        return answer

    def missing(self, kind: str, ids: Iterable[str]) -> list[str]:
        """Return the ids of a kind that have no fresh answer, in their order."""
        known = self.answers.fresh(kind, self.since)
        return [name for name in ids if name not in known]

    def ask_each(self, kind: str, ids: Iterable[str], ask: Callable[[str], Answer]) -> FetchStats:
        """Ask for ids one by one and keep each answer."""

        def one(unit: Unit) -> list[tuple[str, Answer]]:
            return [(unit[0], ask(unit[0]))]

        return self.ask_all(kind, [(name,) for name in ids], one)

    def ask_all(
        self, kind: str, units: list[Unit], ask: Ask, *, threads: int | None = None
    ) -> FetchStats:
        """Ask for units of several ids and keep each answer."""
        return self.pool.ask_all(kind, units, ask, threads=threads)

    @property
    def unanswered(self) -> str:
        """The reason of an id that nobody has answered for."""
        return NOT_ASKED if self.hub is None else FETCH_FAILED


@dataclass(frozen=True)
class Addresses:
    """Where the sources are asked. wikidata: None to ask it for nothing."""

    hub: str
    arxiv: str
    wikidata: str | None = None


@contextmanager
def open_fetcher(
    answers_file: str | Path,
    addresses: Addresses | None,
    hf_token: str | None,
    retry_policy: RetryPolicy,
    *,
    threads: int,
    since: float,
    depth: int,
    with_private: bool = False,
    progress: Collector,
) -> Iterator[Fetcher]:
    """Open the answers of before and the sources.

    addresses: None to ask nobody. with_private: whether what only the token's owner may see comes
    in too. Raises HubError when the Hub's address cannot be used.
    """
    with ExitStack() as opened:
        answers = opened.enter_context(Answers(Path(answers_file)))
        pool = WorkerPool(answers, threads, progress)
        hub = arxiv = wikidata = None
        if addresses is not None:
            clock = pool.clock
            hub = opened.enter_context(
                Hub(addresses.hub, hf_token, retry_policy, with_private=with_private, clock=clock)
            )
            arxiv = opened.enter_context(Arxiv(addresses.arxiv, retry_policy, clock=clock))
            if addresses.wikidata is not None:
                wikidata = opened.enter_context(
                    Wikidata(addresses.wikidata, retry_policy, clock=clock)
                )
        yield Fetcher(answers, pool, hub, arxiv, since, depth, wikidata, with_private)
