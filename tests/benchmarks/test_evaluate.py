"""What `make evaluate` counts, and floors of what it finds."""

import json
from pathlib import Path

import numpy as np
import pytest

from assay.mining.cluster.reports import group_reports
from assay.mining.embed import embed, load_engine
from benchmarks.mining.evaluate import PROBLEMS, as_posts, half_b, labels_of, main
from benchmarks.mining.labelled import (
    NONE,
    Known,
    accuracy,
    issues_found,
    read_labelled,
    read_problems,
)


def test_reports_of_one_problem_are_found_among_near_misses(tmp_path: Path) -> None:
    known = read_problems(PROBLEMS, "b")
    found = group_reports(as_posts(known, embed(known.texts, load_engine("auto", tmp_path))))
    scores = issues_found(known.groups, labels_of(found))
    assert scores.found >= 0.6 and scores.right >= 0.6, scores
    assert scores.precision >= 0.55 and scores.recall >= 0.5, scores


def test_an_issue_is_right_where_most_of_it_is_one_problem_and_found_where_most_is_in_it() -> None:
    groups = ["a", "a", "a", "b", "b", NONE, NONE, NONE]
    label = np.array([0, 0, 1, 2, 2, 2, 3, 3])
    found = issues_found(groups, label)
    assert (found.groups, found.right, found.found) == (3, 1 / 3, 1.0)
    assert (found.precision, found.recall) == (2 / 5, 2 / 4)
    nothing = issues_found([NONE, NONE], np.array([0, 1]))
    assert (nothing.groups, nothing.right, nothing.precision, nothing.recall) == (0, 0, 0, 0)


def test_accuracy_matches_clusters_to_labels() -> None:
    assert accuracy(np.array(list("aabb")), np.array([1, 1, 0, 0])) == 1
    assert accuracy(np.array(list("aabb")), np.array([0, 0, 0, 0])) == 0.5


def test_a_file_of_texts_and_labels_is_read_up_to_so_many_of_each(tmp_path: Path) -> None:
    rows = [("x", "a"), ("y", "a"), ("z", None), ("w", "oos"), ("v", "b")]
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps({"text": t, "label": k}) + "\n" for t, k in rows))
    assert read_labelled(path, 1) == Known("mine", ["x", "z", "v"], ["a", NONE, "b"])
    assert read_labelled(path, 0).texts == ["x", "y", "z", "v"]
    assert half_b(Known("k", list("xyzw"), list("abca"))).groups == ["b"]


@pytest.mark.parametrize("text", ["not json", '{"text": "no label"}'])
def test_a_file_that_is_none_is_one_line(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text(text)
    assert main(["--labelled", str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert main(["--labelled", str(tmp_path / "missing.jsonl")]) == 2
