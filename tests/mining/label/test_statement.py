"""Titles turned into statements, and what is left as it was."""

import pytest

from assay.mining.label.statement import gerund, statement


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("[Bug]: Export loses the last row", "Export loses the last row"),
        ("Ask HN: How do you keep feature flags tidy?", "Keeping feature flags tidy"),
        ("[BUG] [v2.1] help: Import stops at row 100", "Import stops at row 100"),
        ("How can I properly merge two branches?", "Properly merging two branches"),
        ("How to stop the scheduler from inside a job", "Stopping the scheduler from inside a job"),
        (
            "Is it possible to remove single rows from a snapshot?",
            "Removing single rows from a snapshot",
        ),
        ("I'm getting a timeout when I save a large form", "Timeout when saving a large form"),
        ("I get `KeyError` after I upgraded to 3.2", "KeyError after upgrading to 3.2"),
        ("We can't log in with a passkey", "Cannot log in with a passkey"),
        ("My printer driver crashes on sleep, please help!", "Printer driver crashes on sleep"),
        ("Hi all, the cache never expires.", "Cache never expires"),
        ("A regex caused an outage (2016) [pdf]", "Regex caused an outage"),
        ("load_dataset() ignores `revision`", "load_dataset() ignores revision"),
        ("... it drops --force", "It drops --force"),
        ("How to you sort photos", "How to you sort photos"),
        (".NET build fails", ".NET build fails"),
        ("[x]", ""),
        ("", ""),
    ],
)
def test_a_title_becomes_a_statement_where_a_plain_rule_is_safe(title: str, said: str) -> None:
    assert statement(title) == said


@pytest.mark.parametrize(
    "title", ["Why does the build hang on Windows?", "What hosting do you use?", "Is the API down?"]
)
def test_other_questions_stay_questions(title: str) -> None:
    assert statement(title) == title


@pytest.mark.parametrize(
    ("verb", "done"),
    [
        ("merge", "merging"),
        ("run", "running"),
        ("stop", "stopping"),
        ("sync", "syncing"),
        ("tie", "tying"),
        ("see", "seeing"),
        ("tried", "trying"),
        ("used", "using"),
        ("need", "needing"),
        ("commit", "committing"),
        ("went", ""),
        ("am", ""),
        ("x2", ""),
    ],
)
def test_verbs_get_their_ing_where_rules_know_it(verb: str, done: str) -> None:
    assert gerund(verb) == done
