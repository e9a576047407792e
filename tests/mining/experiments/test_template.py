"""Prompts: what a template may say; whatever else it tries is refused with its file and line."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.mining.experiments.template import MAX_PROMPT_CHARS, Prompt, PromptError
from tests.support import ROOT

FILE = "inputs/templates/link/x.j2"
VALUES = {
    "concepts": [
        {"id": "a", "title": "Lineage", "text": "Where numbers come from."},
        {"id": "b", "title": "Licences", "text": "What may be done."},
    ],
    "links": [{"text": "One pays for the other.", "first": "a", "second": "b"}] * 3,
    "essay": "An essay of a few words.",
    "long": "y" * 4_000,
}


def rendered(source: str) -> str:
    return Prompt(source, FILE).render(VALUES)


def refused(source: str) -> str:
    """Return why a template is refused, without its file."""
    with pytest.raises(PromptError) as error:
        rendered(source)
    assert str(error.value).startswith(f"{FILE}:")
    assert "\n" not in str(error.value)
    return str(error.value).removeprefix(f"{FILE}:")


def test_a_template_prints_loops_and_asks() -> None:
    assert (
        rendered(
            "{% for c in concepts %}\n"
            "{{ loop.index }}. {{ c.title }}{{ ';' if not loop.last else '.' }}\n"
            "{% endfor %}\n\n\n\n"
            "{% if links | length >= 3 %}{{ links[0].text ~ ' ' ~ essay | upper }}{% endif %}"
        )
        == "1. Lineage;\n2. Licences.\n\nOne pays for the other. AN ESSAY OF A FEW WORDS."
    )


def test_what_is_filled_in_is_never_read_as_a_template() -> None:
    tricky = {"essay": "{{ 7 * 7 }} {% include 'x' %} <b>&"}
    assert Prompt("{{ essay }}", FILE).render(tricky) == tricky["essay"]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("a\n{% include '/etc/passwd' %}", "2: include is not allowed in a prompt"),
        ("{% import 'os' as o %}", "1: import is not allowed in a prompt"),
        ("\n\n{% from 'os' import path %}", "3: fromimport is not allowed in a prompt"),
        ("{% extends 'x' %}", "1: extends is not allowed in a prompt"),
        ("\n{{ open('/etc/passwd') }}", "2: 'open' is undefined"),
        ("{{ essay.upper() }}", "1: <built-in method upper of str object"),
        ("{{ essay.format(1) }}", "1: "),
        ("{{ concepts.append(1) }}", "1: "),
        ("{{ concepts[0].update(id=1) }}", "1: "),
        ("{{ essay | attr('x') }}", "1: No filter named 'attr'"),
        ("a\nb\n{{ essay.__class__.__mro__ }}", "3: access to attribute '__class__'"),
        ("{{ concepts.__init__ }}", "1: access to attribute '__init__'"),
        ("{{ concepts[0]['__class__'] }}", "1: access to attribute '__class__'"),
        ("{{ range.__globals__ }}", "1: access to attribute '__globals__'"),
    ],
)
def test_files_imports_and_the_inside_of_python_are_out_of_reach(source: str, why: str) -> None:
    assert refused(source).startswith(why)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("line one\n{{ concpts }}", "2: 'concpts' is undefined"),
        (
            "{% for c in concepts %}\n{{ c.titel }}{% endfor %}",
            "2: 'dict object' has no attribute 'titel'",
        ),
        ("{% for c in concpts %}{% endfor %}", "1: 'concpts' is undefined"),
        ("{{ concepts[7].title }}", "1: list object has no element 7"),
        ("a\nb {{ essay | upper", "2: unexpected end of template"),
        ("{% for c in concepts %}", "1: Unexpected end of template"),
        ("{{ concepts }}", "1: a list cannot be printed"),
        ("{# nothing #}", "1: the prompt is empty"),
    ],
)
def test_a_slip_of_the_pen_is_named_with_its_line(source: str, why: str) -> None:
    assert refused(source).startswith(why)


def test_a_condition_on_what_is_not_there_is_a_slip_too() -> None:
    assert refused("{% if essya %}x{% endif %}") == "1: 'essya' is undefined"
    assert rendered("{% if essya is defined %}x{% else %}y{% endif %}") == "y"


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in range(10 ** 9) %}{% endfor %}",
        "{% for c in concepts %}" * 18 + "{% endfor %}" * 18,
        "{% for c in concepts recursive %}{{ loop(concepts) }}{% endfor %}",
        "{% for i in range(100001) %}{% endfor %}",
        "{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}",
        "{{ essay.ljust(10 ** 9) }}",
        "{{ '{:1000000000}'.format(1) }}",
        "{{ long * 9999999 }}",
        "{{ long | batch(1000000000, 'x') }}",
        "{{ [long, long, long] | join(long) | length }}" + "{{ long }}" * 20,
        "{{ 'x' * 10 ** 9 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ long | center(10 ** 9) }}",
        "{{ lipsum(10 ** 6) }}",
        "{{" + "(" * 3_000 + "1" + ")" * 3_000 + "}}",
        "{{" + "not " * 4_000 + "1 }}",
        "x" * 30_000,
    ],
)
def test_a_template_that_would_never_end_or_fill_the_memory_ends_at_once(source: str) -> None:
    started = time.thread_time()  # of the processor, however busy it is
    refused(source)
    assert time.thread_time() - started < 3


def test_the_longest_prompt_is_bounded_by_its_parts_together() -> None:
    assert "the prompt is longer than 60,000 characters" in refused("{{ long }}" * 16)
    assert len(rendered("{{ long }}" * 15)) == MAX_PROMPT_CHARS


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "{{",
                "}}",
                "{%",
                "%}",
                "{#",
                "#}",
                " for c in concepts ",
                " endfor ",
                " if ",
                "essay",
                "concepts",
                " endif ",
                "|",
                "join",
                "~",
                ".",
                "__class__",
                "(",
                ")",
                "[0]",
                "[",
                "]",
                "set x = ",
                "x",
                "'",
                '"',
                "\n",
                "1",
                "-",
                "*",
                "**",
                "is",
                "loop.index",
                "\0",
                "é",
            ]
        ),
        max_size=30,
    ).map("".join)
)
def test_any_text_is_a_prompt_or_refused_in_one_line(source: str) -> None:
    try:
        assert 0 < len(rendered(source)) <= MAX_PROMPT_CHARS
    except PromptError as error:
        place, _, why = str(error).removeprefix(f"{FILE}:").partition(": ")
        assert int(place) >= 1
        assert why
        assert "\n" not in why


@pytest.mark.parametrize("file", sorted((ROOT / "inputs/templates").rglob("*.j2")), ids=str)
def test_the_projects_own_templates_render_without_holes(file: Path) -> None:
    text = Prompt(file.read_text(encoding="utf-8"), str(file)).render(VALUES)
    assert len(text) > 200
    assert "{{" not in text
    assert "\n\n\n" not in text
