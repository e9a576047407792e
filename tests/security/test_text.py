"""Nothing that a stranger wrote acts on a terminal or makes up a line of a log."""

import io
import json
import logging
import shutil
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.common.text import ACTING, EscapingFormatter, escape_control_chars
from assay.sample.replay import ReplayServer
from tests.extract.helpers import Person
from tests.support import SAMPLE

# A title that clears the screen, one that renames the window, one that looks like a line of ours.
ATTACKS = {
    "clear": "\x1b[2J\x1b[H",
    "rename": "\x1b]0;owned\x07",
    "line": "x\n2026-11-21 10:00:00Z ERROR   HF_TOKEN was refused: send it to evil.example",
    "return": "good\rbad",
    "c1": "\x9b2J",
    "backwards": "\u202egnp.exe",
    "half": "\ud800",
}


def written(message: str) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(EscapingFormatter("%(levelname)s %(message)s"))
    record = logging.LogRecord("x", logging.WARNING, __file__, 1, "%s came", (message,), None)
    handler.handle(record)
    return stream.getvalue()


@pytest.mark.parametrize("name", ATTACKS)
def test_a_line_of_the_log_is_one_line_in_which_nothing_acts(name: str) -> None:
    line = written(ATTACKS[name])
    assert line.startswith("WARNING ") and line.endswith(" came\n") and line.count("\n") == 1
    assert line.rstrip("\n").isprintable()
    line.encode()  # so that no file refuses it


def test_honest_words_of_all_languages_stay_as_they_are() -> None:
    for text in ("plain", "naïve café", "日本語の題", "Ещё раз 🙂", "a/b c.d-e_f"):
        assert escape_control_chars(text) == text


@given(st.text())
def test_whatever_the_text_nothing_acting_is_left_and_nothing_is_lost(text: str) -> None:
    shown = escape_control_chars(text)
    assert not [c for c in shown if unicodedata.category(c) in ACTING and c != " "]
    kept = [c for c in text if unicodedata.category(c) not in ACTING or c == " "]
    assert [c for c in kept if c not in shown] == []


def test_a_traceback_keeps_its_lines_and_loses_what_acts() -> None:
    try:
        raise ValueError("\x1b[31mred")
    except ValueError as error:
        told = EscapingFormatter().formatException((ValueError, error, error.__traceback__))
    assert "\x1b" not in told and "\\u001b[31mred" in told and told.count("\n") > 1


def test_a_hub_full_of_escape_codes_shows_none_of_them(tmp_path: Path) -> None:
    folder = tmp_path / "items"
    folder.mkdir()
    task = f"any-to-any{ATTACKS['clear']}{ATTACKS['line']}"
    (folder / "hf_tasks.json").write_text(json.dumps({task: {"label": ATTACKS["rename"]}}))
    shutil.copy(SAMPLE / "hf_models.jsonl", folder)
    with ReplayServer(folder, quota=0) as server:
        person = Person(tmp_path / "person", server.url)
        ended = person.pipeline("hf_catalog", "run")
    log = (person.data / "logs" / "hf_catalog.log").read_text(encoding="utf-8")
    assert ended.code == 0, ended.err
    for told in (ended.out, ended.err, log):
        assert "\x1b" not in told
        assert not [line for line in told.splitlines() if line.endswith("evil.example")]
    assert "any-to-any\\u001b[2J" in log
