"""What a language model is asked about an issue, and what its answer must be.

The posts are untrusted: they are fenced, cut, and the answer's fields are words of a label, numbers
of posts, and nothing else. Posts of the clusters next to it are shown as contrast, so that the
label says what sets this one apart (as in Kura and BERTopic).
"""

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    create_model,
    model_validator,
)

from assay.mining.llm import UNTRUSTED_RULE, Task, delimit_untrusted, detect_prompt_injection

PURPOSE = "issue_labels"
PROMPT_VERSION = "issue-label-2"
# The same with categories that people corrected. These change now and then, and what was answered
# beside others, or none, is an answer all the same: nothing is paid for twice.
WITH_EXAMPLES = "issue-label-3"
MAX_TOKENS = 500
POSTS, TITLE_CHARACTERS, TEXT_CHARACTERS = 10, 160, 220
SUMMARY_CHARACTERS = 800
EXAMPLES = 10
NEIGHBOURS, NEIGHBOUR_POSTS, NEIGHBOUR_CHARACTERS = 3, 2, 80

SYSTEM = f"""\
You name problems that developers have. You are given numbered posts about one problem, a summary \
of them, and posts about other problems that are easily taken for it.

{UNTRUSTED_RULE}

Answer with one JSON object and nothing else, with these keys:
canonical_title: the problem in at most 120 characters: what fails, in which product or step, and \
when. It fits the numbered posts and none of the others. No sentence in the first person, no \
product pitch, no question mark.
category: one of {{categories}} - the field whose people have the problem.
description: one or two sentences that make sense to somebody who has read no post: who has the \
problem, what goes wrong, what it costs them. Only what the numbered posts say.
would_pay_signal: true only if the numbered posts speak of money: paying for help, a budget, lost \
revenue.
impact_level: high if people lose money, data, customers or days; medium if their work is held up; \
low if it is a nuisance or a question.
evidence: an object with each of the five keys above and the numbers of the posts that prove it, \
such as [1, 4]; for a would_pay_signal that is false an empty list."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3)]


class IssueLabel(BaseModel):
    """The fields of a label, which is all that version 1 of the prompt asked for; anything else in
    an answer is refused."""

    model_config = ConfigDict(extra="forbid")

    canonical_title: Annotated[Text, StringConstraints(max_length=120)]
    category: str  # one of those that there are: see answer_schema
    description: Annotated[Text, StringConstraints(max_length=1_000)]
    would_pay_signal: bool
    impact_level: Literal["low", "medium", "high"]


FIELDS = tuple(IssueLabel.model_fields)
# Labels that were paid for before posts were named as evidence are labels all the same.
WITHOUT_EVIDENCE = "issue-label-1"


@dataclass(frozen=True)
class LabelTask:
    """The question for one cluster, and the ids of the posts that it numbers 1, 2, ..."""

    task: Task
    post_ids: tuple[str, ...]


@functools.cache
def answer_schema(categories: tuple[str, ...]) -> type[IssueLabel]:
    """Return what an answer must be if its category is to be one of these."""
    return create_model(
        "IssueLabel",
        __doc__=IssueLabel.__doc__,
        __base__=IssueLabel,
        category=(Literal[categories], ...),
    )


@functools.cache
def label_schema(count: int, categories: tuple[str, ...]) -> type[IssueLabel]:
    """Return what an answer about `count` numbered posts must be: a label, and for each field the
    numbers of posts that were shown. A would_pay_signal that is true needs one as well."""

    def shown(given: Any) -> Any:
        """Leave out numbers of no post: a field that keeps none has no evidence."""
        given = given if isinstance(given, list) else [given]
        found = [int(one) if isinstance(one, str) and one.isdecimal() else one for one in given]
        return sorted({one for one in found if type(one) is int and 1 <= one <= count})

    number = Annotated[int, Field(ge=1, le=count)]
    numbers = Annotated[list[number], BeforeValidator(shown)]
    some = Annotated[list[number], Field(min_length=1), BeforeValidator(shown)]
    evidence = create_model(
        "Evidence",
        __doc__="Numbers of the posts that prove each field.",
        __config__=ConfigDict(extra="forbid"),
        **{name: (numbers if name == "would_pay_signal" else some, ...) for name in FIELDS},
    )
    return create_model(
        "IssueLabel",
        __doc__="A label of a problem.",
        __base__=answer_schema(categories),
        __validators__={"pays": model_validator(mode="after")(_pays_by_evidence)},
        evidence=(evidence, ...),
    )


def _pays_by_evidence(label: Any) -> Any:
    """Refuse a would_pay_signal that is true by no post."""
    if label.would_pay_signal and not label.evidence.would_pay_signal:
        raise ValueError("would_pay_signal is true and evidence names no post for it")
    return label


def label_task(
    key: str,
    posts: Sequence[Mapping[str, str]],
    summary: str,
    neighbours: Sequence[Sequence[Mapping[str, str]]],
    *,
    categories: Sequence[str],
    examples: Sequence[Mapping[str, str]] = (),
) -> Task:
    """Return the question for one cluster.

    posts: {title, text} of its members, most central first. neighbours: the same of the clusters
    next to it, nearest first. categories: those that there are, `other` last. examples: {title,
    category} of problems whose category a person corrected; their titles are strangers' words like
    the posts.
    """
    own = "\n".join(f"{number}. {_line(post)}" for number, post in enumerate(posts[:POSTS], 1))
    others = "\n".join(
        f"- {_line(post, NEIGHBOUR_CHARACTERS)}"
        for theirs in neighbours[:NEIGHBOURS]
        for post in theirs[:NEIGHBOUR_POSTS]
    )
    limit = POSTS * (TITLE_CHARACTERS + TEXT_CHARACTERS + 8)
    user = (
        f"Posts about the problem:\n{delimit_untrusted(own, limit)}\n\n"
        f"Summary:\n{delimit_untrusted(summary, SUMMARY_CHARACTERS)}\n\n"
        "Posts about other problems, which are not this one and prove nothing about it:\n"
        f"{delimit_untrusted(others or '-', limit)}"
    )
    told = "\n".join(
        f"- {_line({'title': one['title'], 'text': ''})} | category: {one['category']}"
        for one in examples[:EXAMPLES]
    )
    if told:
        user += (
            "\n\nOther problems and the category that a person chose for each, as examples:\n"
            f"{delimit_untrusted(told, limit)}"
        )
    system = SYSTEM.format(categories=", ".join(categories))
    messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    schema = label_schema(len(posts[:POSTS]), tuple(categories))
    version = WITH_EXAMPLES if told else PROMPT_VERSION
    earlier = {WITH_EXAMPLES: schema, **({PROMPT_VERSION: schema} if told else {})}
    earlier[WITHOUT_EVIDENCE] = answer_schema(tuple(categories))
    return Task(key, PURPOSE, version, messages, schema, MAX_TOKENS, earlier=earlier)


def label_tasks(clusters: Sequence[Mapping[str, Any]]) -> list[LabelTask]:
    """Return the questions for clusters, each contrasted with those next to it.

    clusters: fingerprint, summary, centroid (d numbers), posts ({url_hash, title, text}, most
    central first), the categories that there are and, where people corrected categories, examples
    ({title, category}). A post that speaks to the model is left out; a cluster with nothing else is
    not asked about, so that no stranger's words can choose its category or impact.
    """
    telling = [[post for post in cluster["posts"] if not _instructs(post)] for cluster in clusters]
    if not any(telling):
        return []
    centres = np.array([cluster["centroid"] for cluster in clusters], np.float32)
    tasks = []
    for place, (cluster, posts) in enumerate(zip(clusters, telling, strict=True)):
        if not posts:
            continue
        nearness = centres @ centres[place]
        nearness[place] = -np.inf
        nearest = np.argsort(-nearness, kind="stable")[:NEIGHBOURS]
        neighbours = [telling[other] for other in nearest if other != place]
        summary = cluster["summary"]
        if detect_prompt_injection(summary):
            summary = ""
        examples = [one for one in cluster.get("examples") or () if not _instructs(one)]
        key, known = cluster["fingerprint"], cluster["categories"]
        task = label_task(key, posts, summary, neighbours, categories=known, examples=examples)
        tasks.append(LabelTask(task, tuple(post["url_hash"] for post in posts[:POSTS])))
    return tasks


def label_fields(data: Mapping[str, Any], post_ids: Sequence[str]) -> dict[str, Any]:
    """Return an answer's fields as a table has them: `evidence` is a JSON object of ids of posts by
    field, None for an answer to a prompt that asked for none."""
    numbers = data.get("evidence")
    proof = numbers and {
        name: [post_ids[number - 1] for number in numbers[name]] for name in FIELDS
    }
    return {name: data[name] for name in FIELDS} | {
        "evidence": json.dumps(proof) if proof else None
    }


def _line(post: Mapping[str, str], characters: int = TEXT_CHARACTERS) -> str:
    """Return a post as one line, so that no post can begin a line with a number of its own."""
    title = " ".join(post["title"].split())[:TITLE_CHARACTERS]
    text = " ".join(post["text"].split())
    if len(text) > characters:
        text = f"{text[: characters - 1].rstrip()}…"
    return f"{title} | {text}" if text else title


def _instructs(post: Mapping[str, str]) -> bool:
    return detect_prompt_injection(f"{post['title']}\n{post.get('text', '')}")
