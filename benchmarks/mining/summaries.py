"""How good and how fast our summaries are: sumy's LexRank on our sentences and words, and peers.

    python -m benchmarks.mining.summaries [--labelled FOLDER] [--repeats N]

Quality is ROUGE against what people wrote: opinosis.jsonl in the folder (Ganesan et al. 2010:
review sentences of a topic, 4 or 5 summaries each), and the sample's posts, whose themes have one
line that says what they are about. Sentences beside nupunkt and pysbd.
"""

import argparse
import importlib
import json
import random
import re
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence
from sumy.summarizers.lex_rank import LexRankSummarizer

from assay.mining.summarize import MAX_DOCUMENTS, Words, lexrank, summarize
from assay.mining.text.clean import clean
from assay.mining.text.sentences import split
from assay.sample.make.post_seeds import POSTS, parse
from benchmarks.measure import ROOT

SEED, COUNT, DRAWS = 20261109, 3, 20
SIZES = (30, 100, 300)


@dataclass(frozen=True)
class Topic:
    """documents: (title, text). sentences: all of theirs. references: what people wrote of them."""

    documents: list[tuple[str, str]]
    sentences: list[str]
    references: list[str]


Method = Callable[[Topic, random.Random], str]


def without_stop_words(sentences: list[str], count: int) -> list[int]:
    """Return the places of the sentences that LexRank picks when every word counts."""
    document = ObjectDocumentModel([Paragraph([Sentence(s, Words()) for s in sentences])])
    picked = LexRankSummarizer()(document, count)
    places = {id(sentence): place for place, sentence in enumerate(document.sentences)}
    return [places[id(sentence)] for sentence in picked]


def rouge(summary: str, references: list[str], size: int) -> tuple[float, float]:
    """Return F1 and recall of n-grams, the mean over the references (Lin 2004); no stemming."""
    said, scores = _grams(summary, size), []
    for reference in references:
        wanted = _grams(reference, size)
        found = (said & wanted).total()
        recall, precision = found / max(1, wanted.total()), found / max(1, said.total())
        scores.append((2 * recall * precision / max(1e-12, recall + precision), recall))
    return mean(f1 for f1, _ in scores), mean(recall for _, recall in scores)


def _grams(text: str, size: int) -> Counter[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9]+", text.lower())
    return Counter(zip(*(words[start:] for start in range(size)), strict=False))


def picks(places: Callable[[list[str]], list[int]]) -> Method:
    """Return a method that takes these places of a topic's sentences."""

    def method(topic: Topic, _: random.Random) -> str:
        sentences = topic.sentences
        return " ".join(sentences[place] for place in places(sentences))

    return method


METHODS: dict[str, Method] = {
    "summarize": lambda topic, _: summarize(topic.documents, COUNT),
    "LexRank, all sentences": picks(lambda sentences: lexrank(sentences, COUNT)),
    "the same, no stop words": picks(lambda sentences: without_stop_words(sentences, COUNT)),
    "lead-3": picks(lambda sentences: list(range(min(COUNT, len(sentences))))),
    f"random, mean of {DRAWS}": lambda topic, rng: " ".join(
        rng.sample(topic.sentences, min(COUNT, len(topic.sentences)))
    ),
}


def quality(name: str, topics: list[Topic]) -> None:
    """Print a line per method: means over the topics."""
    print(f"\n{name}: {len(topics)} topics, {sum(len(t.sentences) for t in topics):,} sentences")
    print(f"{'':24}{'R-1 F1':>8}{'recall':>8}{'R-2 F1':>8}{'recall':>8}{'words':>7}")
    for label, method in METHODS.items():
        rng, rows = random.Random(SEED), []
        for topic in topics:
            for _ in range(DRAWS if label.startswith("random") else 1):
                told = method(topic, rng)
                one, two = (rouge(told, topic.references, size) for size in (1, 2))
                rows.append((*one, *two, len(told.split())))
        means = [mean(column) for column in zip(*rows, strict=True)]
        print(f"{label:24}{''.join(f'{value:8.3f}' for value in means[:4])}{means[4]:7.0f}")


def opinosis(path: Path) -> list[Topic]:
    """Return its topics; the reviews are not told apart, so a tenth of them is a document."""
    topics = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        sentences = [" ".join(sentence.split()) for sentence in row["sentences"]]
        tenth = -(-len(sentences) // MAX_DOCUMENTS)
        texts = ("\n".join(part) for part in batched(sentences, tenth))
        topics.append(Topic([("", text) for text in texts], sentences, row["gold"]))
    return topics


def batched(items: list[str], size: int) -> Iterator[list[str]]:
    """Yield the items, so many at a time; itertools has it from Python 3.12 on."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def themes() -> list[Topic]:
    """Return the sample's themes, their first ten posts cleaned as the pipeline does."""
    topics = []
    for path in sorted(POSTS.glob("*.md")):
        about = re.search(r"^about: (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        if about is None or path.stem == "none":
            continue
        cleaned = [clean("github", post.title, post.body) for post in parse(path)[:MAX_DOCUMENTS]]
        sentences = [s for post in cleaned for s in (post.title, *split(post.text))]
        topics.append(Topic([(post.title, post.text) for post in cleaned], sentences, [about[1]]))
    return topics


def _seconds(work: Callable[[], object], times: int = 1) -> float:
    started = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - started) / times


def speed(sentences: list[str], topics: list[Topic], repeats: int) -> None:
    """Print the medians over so many draws of sentences, and of the summaries of whole topics."""
    rng = random.Random(SEED)
    print(f"\n{'sentences':>9}{'LexRank, ms':>13}")
    for size in SIZES:
        drawn = [rng.sample(sentences, size) for _ in range(repeats)]
        taken = median(_seconds(lambda some=some: lexrank(some, COUNT)) for some in drawn)
        print(f"{size:9}{1000 * taken:13.1f}")
    whole = [_seconds(lambda t=t: summarize(t.documents, COUNT)) for t in topics]
    print(f"a summary of ten posts: {1000 * median(whole):.1f} ms, {1000 * max(whole):.1f} at most")


def splitting(texts: list[str], repeats: int) -> None:
    """Print how fast texts become sentences, beside nupunkt and pysbd where installed."""
    splitters = {"ours": split}
    for name, make in {
        "nupunkt": lambda module: module.sent_tokenize,
        "pysbd": lambda module: module.Segmenter(language="en", clean=False).segment,
    }.items():
        try:
            splitters[name] = make(importlib.import_module(name))
        except ImportError:
            print(f"{name} is not installed, and not compared")
    lines = [line for text in texts for line in text.splitlines() if line]
    million = sum(map(len, lines)) / 1e6
    for name, splitter in splitters.items():
        times = [_seconds(lambda s=splitter: [s(line) for line in lines]) for _ in range(repeats)]
        print(f"{name:10}{million / median(times):8.2f} million characters per second")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser("python -m benchmarks.mining.summaries", description=__doc__)
    parser.add_argument(
        "--labelled",
        type=Path,
        default=ROOT.parent / "shared" / "labelled",
        metavar="FOLDER",
        help="where opinosis.jsonl is",
    )
    parser.add_argument("--repeats", type=int, default=11, metavar="N")
    options = parser.parse_args()
    warnings.simplefilter("ignore", RuntimeWarning)  # sumy divides by 0 if no two are alike
    reviews = options.labelled / "opinosis.jsonl"
    if reviews.exists():
        quality("opinosis", opinosis(reviews))
    else:
        sys.stderr.write(f"{reviews} is not there: the sample's posts only\n")
    topics = themes()
    quality("the sample's themes", topics)
    sentences = sorted({sentence for topic in topics for sentence in topic.sentences})
    speed(sentences, topics, options.repeats)
    print()
    splitting([text for topic in topics for _, text in topic.documents], options.repeats)


if __name__ == "__main__":
    main()
