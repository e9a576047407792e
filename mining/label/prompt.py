"""What a language model is asked about an issue, and what its answer must be.

The posts are untrusted: they are fenced, cut, and the answer's fields are words of a label and
nothing else. The clusters next to it are shown as contrast, so that the label says what sets this
one apart (as in Kura and BERTopic).
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, StringConstraints

from assay.mining.llm import UNTRUSTED_RULE, Task, delimit_untrusted, detect_prompt_injection

PURPOSE = "issue_labels"
PROMPT_VERSION = "issue-label-1"
MAX_TOKENS = 400
TITLES, TITLE_CHARACTERS = 10, 160
SUMMARY_CHARACTERS = 1_200
NEIGHBOURS, NEIGHBOUR_TITLES = 3, 2

SYSTEM = f"""\
You name problems that developers have. You are given the titles of posts about one problem, a \
summary of them, and titles of neighbouring problems.

{UNTRUSTED_RULE}

Answer with one JSON object and nothing else, with these keys:
canonical_title: the problem in at most 120 characters, specific enough to tell it from its \
neighbours, without a product pitch or a question mark.
category: one of ai, finance, compliance, logistics, healthtech, devtools, ecommerce, other - the \
field whose people have the problem.
description: two or three sentences: who has the problem, what goes wrong, what it costs them. \
Only what the posts say.
would_pay_signal: true only if the posts speak of money: paying for help, a budget, lost revenue.
impact_level: high if people lose money, data, customers or days; medium if their work is held up; \
low if it is a nuisance or a question."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3)]


class IssueLabel(BaseModel):
    """The fields of a label; anything else in an answer is refused."""

    model_config = ConfigDict(extra="forbid")

    canonical_title: Annotated[Text, StringConstraints(max_length=120)]
    category: Literal[
        "ai", "finance", "compliance", "logistics", "healthtech", "devtools", "ecommerce", "other"
    ]
    description: Annotated[Text, StringConstraints(max_length=1_000)]
    would_pay_signal: bool
    impact_level: Literal["low", "medium", "high"]


def label_task(
    key: str, titles: Sequence[str], summary: str, neighbours: Sequence[Sequence[str]]
) -> Task:
    """Return the question for one cluster.

    titles: of its members, most central first. neighbours: the same of the clusters next to it,
    nearest first.
    """
    own = "\n".join(f"- {' '.join(title.split())[:TITLE_CHARACTERS]}" for title in titles[:TITLES])
    others = "\n".join(
        f"- {' '.join(title.split())[:TITLE_CHARACTERS]}"
        for titles in neighbours[:NEIGHBOURS]
        for title in titles[:NEIGHBOUR_TITLES]
    )
    limit = TITLES * (TITLE_CHARACTERS + 3)
    user = (
        f"Titles of posts about the problem:\n{delimit_untrusted(own, limit)}\n\n"
        f"Summary:\n{delimit_untrusted(summary, SUMMARY_CHARACTERS)}\n\n"
        "Titles of neighbouring problems, for contrast only:\n"
        f"{delimit_untrusted(others or '-', limit)}"
    )
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": user}]
    return Task(key, PURPOSE, PROMPT_VERSION, messages, IssueLabel, MAX_TOKENS)


def label_tasks(clusters: Sequence[Mapping[str, Any]]) -> list[Task]:
    """Return the questions for clusters, each contrasted with those next to it.

    clusters: fingerprint, summary, centroid (d numbers), posts ({title, text}, most central first).
    A post that speaks to the model is left out; a cluster with nothing else is not asked about, so
    that no stranger's words can choose its category or impact.
    """
    telling = [
        [post["title"] for post in cluster["posts"] if not _instructs(post)] for cluster in clusters
    ]
    if not any(telling):
        return []
    centres = np.array([cluster["centroid"] for cluster in clusters], np.float32)
    tasks = []
    for place, (cluster, titles) in enumerate(zip(clusters, telling, strict=True)):
        if not titles:
            continue
        nearness = centres @ centres[place]
        nearness[place] = -np.inf
        nearest = np.argsort(-nearness, kind="stable")[:NEIGHBOURS]
        neighbours = [telling[other] for other in nearest if other != place]
        summary = cluster["summary"]
        if detect_prompt_injection(summary):
            summary = ""
        tasks.append(label_task(cluster["fingerprint"], titles, summary, neighbours))
    return tasks


def _instructs(post: Mapping[str, str]) -> bool:
    return detect_prompt_injection(f"{post['title']}\n{post['text']}")
