"""What happened to repositories: gone, renamed, closed; and where names without an owner went.

The state of a repository is asked for as STATE:ID, a dataset's id as datasets/owner/name. What an
item says itself (private, disabled, gated) holds without being asked for.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

STATES = {
    "missing": "is not on the Hub, nor in its listings",
    "private": "someone else's: as if it were missing",
    "disabled": "closed by the Hub: 403",
    "gated": "what it says is public, its content is for those on a list",
    "gated-auto": "its content is for everyone with a token",
    "gated-info": "even what it says is for those on a list, as all gated ones were before 2024-08",
    "no-croissant": "a dataset without viewer, so without Croissant",
    "renamed": "OLD=NEW: the old id redirects",
}
# What a state changes in the item.
SAYS: dict[str, dict[str, Any]] = {
    "disabled": {"disabled": True},
    "gated": {"gated": "manual"},
    "gated-auto": {"gated": "auto"},
    "gated-info": {"gated": "manual"},
}
DATASETS = "datasets/"

# The Hub began without owners. In 2024 it gave the models of those days to these, and the
# datasets to whoever made them; the old names redirect.
OWNERS = (
    "google-bert",
    "FacebookAI",
    "openai-community",
    "distilbert",
    "google-t5",
    "albert",
    "xlnet",
    "transfo-xl",
)
LEGACY_MODELS = {"camembert-base": "almanach", "ctrl": "Salesforce"}
LEGACY_DATASETS = {
    name: owner
    for owner, names in {
        "AI-Lab-Makerere": "beans",
        "CUHK-CSE": "wider_face",
        "EdinburghNLP": "xsum",
        "Helsinki-NLP": "opus_books opus100 tatoeba",
        "Monash-University": "monash_tsf",
        "PolyAI": "banking77 minds14",
        "Salesforce": "wikitext wikisql",
        "Samsung": "samsum",
        "Skylion007": "openwebtext",
        "abisee": "cnn_dailymail",
        "aharley": "rvl_cdip",
        "allenai": "ai2_arc c4 common_gen gooaq openbookqa sciq scitldr social_i_qa winogrande",
        "bookcorpus": "bookcorpus",
        "cardiffnlp": "tweet_eval tweet_topic_multi tweet_topic_single",
        "clinc": "clinc_oos",
        "code-search-net": "code_search_net",
        "dair-ai": "emotion",
        "deepmind": "code_contests narrativeqa pg19",
        "defunct-datasets": "amazon_reviews_multi eli5 the_pile_books3",
        "eriktks": "conll2003",
        "ethz": "food101",
        "facebook": "anli multilingual_librispeech voxpopuli xnli",
        "fancyzhx": "ag_news amazon_polarity dbpedia_14",
        "fever": "fever",
        "frgfm": "imagenette",
        "google-research-datasets": "conceptual_12m go_emotions mbpp natural_questions paws",
        "ILSVRC": "imagenet-1k",
        "legacy-datasets": "common_voice mc4 wikipedia",
        "microsoft": "ms_marco wiki_qa",
        "nyu-mll": "blimp glue multi_nli",
        "openai": "gsm8k openai_humaneval",
        "openslr": "librispeech_asr",
        "rajpurkar": "squad squad_v2",
        "s3prl": "superb",
        "stanfordnlp": "coqa imdb snli sst2 wikitablequestions",
        "statmt": "cc100 wmt14 wmt16 wmt19",
        "takala": "financial_phrasebank",
        "tau": "commonsense_qa",
        "uoft-cs": "cifar10 cifar100",
        "ylecun": "mnist",
        "zalando-datasets": "fashion_mnist",
        "zhoubolei": "scene_parse_150",
    }.items()
    for name in names.split()
}


@dataclass(frozen=True, slots=True)
class States:
    """What was declared of one kind's repositories: ids by state, and new ids by old ones."""

    ids: Mapping[str, frozenset[str]] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)

    def has(self, state: str, repo_id: str) -> bool:
        """Whether this was declared of an id."""
        return repo_id in self.ids.get(state, ())

    @property
    def hidden(self) -> frozenset[str]:
        """Ids which no listing has and no caller finds."""
        states = ("missing", "private")
        return frozenset(self.renamed).union(*(self.ids.get(state, ()) for state in states))

    @property
    def says(self) -> dict[str, dict[str, Any]]:
        """What items say otherwise than recorded, by id."""
        found: dict[str, dict[str, Any]] = {}
        for state, change in SAYS.items():
            for repo_id in self.ids.get(state, ()):
                found[repo_id] = found.get(repo_id, {}) | change
        return found

    def named(self) -> list[str]:
        """Every id that has to be in the folder for the declaration to make sense."""
        return [*frozenset().union(*self.ids.values()), *self.renamed.values()]


def parse_repos(specs: Iterable[str]) -> dict[str, States]:
    """Read `STATE:ID` and `renamed:OLD=NEW`: what is declared of "models" and of "datasets".

    Raises ValueError, with the nearest states named, for everything else.
    """
    ids: dict[str, dict[str, set[str]]] = {"models": {}, "datasets": {}}
    renamed: dict[str, dict[str, str]] = {"models": {}, "datasets": {}}
    for spec in specs:
        state, _, repo = spec.partition(":")
        if state not in STATES:
            near = difflib.get_close_matches(state, STATES, n=3, cutoff=0.4) or list(STATES)
            raise ValueError(f"unknown state {state!r}: did you mean {', '.join(near)}?")
        kind = "datasets" if repo.startswith(DATASETS) else "models"
        old, _, new = repo.partition("=")
        old, new = old.removeprefix(DATASETS), new.removeprefix(DATASETS)
        if not old or bool(new) != (state == "renamed"):
            form = "renamed:OLD=NEW" if state == "renamed" else f"{state}:owner/name"
            raise ValueError(f"{spec}: write {form}, a dataset's id with {DATASETS} before it")
        if state == "renamed":
            renamed[kind][old] = new
        else:
            ids[kind].setdefault(state, set()).add(old)
    return {
        kind: States({s: frozenset(names) for s, names in ids[kind].items()}, renamed[kind])
        for kind in ids
    }


def owners_of(kind: str, name: str) -> tuple[str, ...]:
    """Who may have got the repository that once had this name alone, most likely one first."""
    table = LEGACY_MODELS if kind == "models" else LEGACY_DATASETS
    return ((table[name],) if name in table else ()) + (OWNERS if kind == "models" else ())
