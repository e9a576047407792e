"""What is read of the files that a person edits, and one line for each that cannot be used."""

import os
from pathlib import Path

import pytest

from assay.extract.input_files.observe import (
    INPUTS,
    MAX_TEXT,
    InputsError,
    Observed,
    observe,
    usable,
)
from tests.inputs.house import INPUTS as FILES

LINK = "inputs/templates/link"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a project root with the small inputs and nothing else."""
    for path, text in FILES.items():
        write(tmp_path, path, text)
    return tmp_path


def write(root: Path, path: str, text: str | bytes) -> None:
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(text.encode() if isinstance(text, str) else text)


def read(root: Path) -> dict[str, Observed]:
    observed, problems = observe(root)
    assert problems == []
    return {one.name: one for one in observed}


def stale(root: Path, before: dict[str, Observed]) -> list[str]:
    return [name for name, one in read(root).items() if one.fingerprint != before[name].fingerprint]


def test_the_inputs_are_their_csv_and_their_files(root: Path) -> None:
    found = read(root)
    assert (
        list(found)
        == [one.name for one in INPUTS]
        == [
            "concepts",
            "link_templates",
            "essay_templates",
            "evaluation_templates",
            "llm_models",
            "corrections",
        ]
    )
    assert {name: [file.path for file in one.files] for name, one in found.items()} == {
        "concepts": [
            "inputs/concepts.csv",
            *(
                f"inputs/concepts/{name}.md"
                for name in ("files", "hashes", "links", "prompts", "tables")
            ),
        ],
        "link_templates": ["seeds/link_templates.csv", f"{LINK}/first.j2", f"{LINK}/second.j2"],
        **{
            f"{kind}_templates": [
                f"seeds/{kind}_templates.csv",
                f"inputs/templates/{kind}/first.j2",
                f"inputs/templates/{kind}/second.j2",
            ]
            for kind in ("essay", "evaluation")
        },
        "llm_models": ["seeds/llm_models.csv"],
        "corrections": [],
    }
    table = found["concepts"].files[0]
    assert table.rows is not None
    assert table.rows[0].values == {
        "concept_id": "links",
        "title": "Links",
        "file": "links.md",
        "active": "true",
    }
    assert table.size == len(FILES["inputs/concepts.csv"])


@pytest.mark.parametrize(
    ("path", "text", "names"),
    [
        (f"{LINK}/second.j2", "The second link template!\n", ["link_templates"]),
        (
            "seeds/link_templates.csv",
            "template_id,file,active\nfirst,first.j2,false\n",
            ["link_templates"],
        ),
        (f"{LINK}/third.j2", "new", ["link_templates"]),
        ("seeds/llm_models.csv", "model_id\nwriter\n", ["llm_models"]),
        (f"{LINK}/notes.rst", "another extension", []),
        (f"{LINK}/.first.j2.swp", "an editor's", []),
        (f"{LINK}/first.j2~", "an editor's", []),
        ("inputs/corrections.csv", "issue_id,kind,who,why,made_on\n", ["corrections"]),
        ("inputs/README.md", "of no input", []),
    ],
)
def test_a_change_is_a_change_of_its_own_input_alone(
    root: Path, path: str, text: str, names: list[str]
) -> None:
    before = read(root)
    write(root, path, text)
    assert stale(root, before) == names


def test_a_renamed_and_a_deleted_file_are_seen(root: Path) -> None:
    write(root, f"{LINK}/draft.j2", "unnamed")
    before = read(root)
    (root / LINK / "draft.j2").rename(root / LINK / "sketch.j2")
    assert stale(root, before) == ["link_templates"]
    before = read(root)
    (root / LINK / "sketch.j2").unlink()
    assert stale(root, before) == ["link_templates"]


def test_line_ends_byte_order_marks_and_times_are_no_content(root: Path) -> None:
    before = read(root)
    for path, text in FILES.items():
        write(root, path, b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
        os.utime(root / path, (1, 1))
    assert stale(root, before) == []
    assert read(root)["link_templates"].files[1].content == "The first link template.\n"


def test_names_are_the_same_however_the_file_system_spells_them(root: Path) -> None:
    write(root, "inputs/concepts.csv", "concept_id,file\nidees,ide\u0301es.md\n")
    write(root, "inputs/concepts/ide\u0301es.md", "x")
    decomposed = read(root)["concepts"]
    (root / "inputs/concepts/ide\u0301es.md").rename(root / "inputs/concepts/id\u00e9es.md")
    composed = read(root)["concepts"]
    assert composed.files[3].path == decomposed.files[3].path == "inputs/concepts/id\u00e9es.md"
    assert composed.fingerprint == decomposed.fingerprint


def test_a_file_in_a_folder_below_is_found_by_its_path(root: Path) -> None:
    write(root, "inputs/concepts.csv", "concept_id,file\na,deep/a.md\n")
    write(root, "inputs/concepts/deep/a.md", "x")
    assert "inputs/concepts/deep/a.md" in [file.path for file in read(root)["concepts"].files]


def test_an_input_that_is_not_there_is_empty(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert {one.files for one in found.values()} == {()}
    assert len({one.fingerprint for one in found.values()}) == 1


def test_a_file_that_no_row_names_is_told_of(root: Path) -> None:
    for number in range(5):
        write(root, f"{LINK}/draft{number}.j2", "x")
    assert read(root)["link_templates"].notes == (
        f"seeds/link_templates.csv names none of {LINK}/draft0.j2, {LINK}/draft1.j2, "
        f"{LINK}/draft2.j2 and 2 more: loaded, used by nothing",
    )


def test_a_correction_may_stand_twice_and_leave_cells_empty(root: Path) -> None:
    line = "abc,mute,,,ann,noise,2026-11-20\n"
    header = "issue_id,kind,value,post,who,why,made_on\n"
    write(root, "inputs/corrections.csv", header + 2 * line)
    rows = read(root)["corrections"].files[0].rows
    assert rows is not None
    assert [row.values["value"] for row in rows] == [None, None]
    assert {row.values["who"] for row in rows} == {"ann"}


def test_the_file_of_an_inactive_row_may_be_missing(root: Path) -> None:
    write(root, "seeds/link_templates.csv", "template_id,file,active\nold,old.j2,False\n")
    assert read(root)["link_templates"].files[0].rows is not None


TABLE = "template_id,file,active\n"
BROKEN: dict[str, tuple[str, str | bytes, str]] = {
    "not UTF-8": (
        f"{LINK}/first.j2",
        b"one\ntwo \xff\n",
        f"{LINK}/first.j2: line 2 is not UTF-8: save the file as UTF-8",
    ),
    "binary": (
        f"{LINK}/first.j2",
        b"a\0b",
        f"{LINK}/first.j2: holds a zero byte, so it is no text: save it as UTF-8",
    ),
    "huge": (
        f"{LINK}/first.j2",
        b"x" * (MAX_TEXT + 1),
        f"{LINK}/first.j2: has more than 1,048,576 bytes: make it shorter",
    ),
    "missing": (
        "seeds/link_templates.csv",
        f"{TABLE}a,gone.j2,true\n",
        f"seeds/link_templates.csv: {LINK}/gone.j2 of a is missing: add it, or set active to false",
    ),
    "other case": (
        "seeds/link_templates.csv",
        f"{TABLE}a,First.j2,true\n",
        f"seeds/link_templates.csv: {LINK}/First.j2 of a is missing: there is "
        f"{LINK}/first.j2, and case counts",
    ),
    "twins": (
        f"{LINK}/FIRST.j2",
        "x",
        f"{LINK}/first.j2: differs from {LINK}/FIRST.j2 only in upper and lower case or in "
        "Unicode form, which not every system can tell apart: rename one",
    ),
    "line break in a name": (
        f"{LINK}/a\nb.j2",
        "x",
        f"'{LINK}/a\\nb.j2': the name has unprintable characters: rename the file",
    ),
    "twice": (
        "seeds/link_templates.csv",
        f"{TABLE}a,first.j2,true\na,second.j2,true\n",
        "seeds/link_templates.csv: line 3: template_id 'a' stands here a second time: rename "
        "or remove one",
    ),
    "no key": (
        "seeds/link_templates.csv",
        f"{TABLE},first.j2,true\n",
        "seeds/link_templates.csv: line 2: template_id is empty: give it one",
    ),
    "no column": (
        "seeds/link_templates.csv",
        "template_id,active\na,true\n",
        "seeds/link_templates.csv: has no column file: its first line must name it",
    ),
    "column twice": (
        "seeds/link_templates.csv",
        "template_id,file,file\na,b,c\n",
        "seeds/link_templates.csv: names the column file twice: rename one",
    ),
    "commas": (
        "seeds/link_templates.csv",
        f"{TABLE}a,first.j2,true,x\n",
        "seeds/link_templates.csv: line 2: has 4 cells where the first line has 3: mend the commas",
    ),
    "active": (
        "seeds/link_templates.csv",
        f"{TABLE}a,first.j2,maybe\n",
        "seeds/link_templates.csv: line 2: active is 'maybe': write true or false",
    ),
    "out of the folder": (
        "seeds/link_templates.csv",
        f"{TABLE}a,../essay/first.j2,true\n",
        f"seeds/link_templates.csv: line 2: file is '../essay/first.j2': name a file in {LINK}",
    ),
    "quotes": (
        "seeds/link_templates.csv",
        f'{TABLE}a,"first.j2"x,true\n',
        "seeds/link_templates.csv: line 2: ',' expected after '\"'",
    ),
    "no reason": (
        "inputs/corrections.csv",
        "issue_id,kind,who,why,made_on\nabc,mute,ann,,2026-11-20\n",
        "inputs/corrections.csv: line 2: why is empty: give it one",
    ),
    "no column for a reason": (
        "inputs/corrections.csv",
        "issue_id,kind,who,made_on\nabc,mute,ann,2026-11-20\n",
        "inputs/corrections.csv: has no column why: its first line must name it",
    ),
    "empty": (
        "seeds/link_templates.csv",
        "",
        "seeds/link_templates.csv: has no column template_id: its first line must name it",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_used_is_one_line_with_its_cure(root: Path, name: str) -> None:
    path, text, line = BROKEN[name]
    write(root, path, text)
    assert observe(root)[1] == [line]


def test_a_csv_that_is_gone_while_its_files_are_there_is_missing(root: Path) -> None:
    (root / "seeds" / "link_templates.csv").unlink()
    assert observe(root)[1] == [
        f"seeds/link_templates.csv is missing: {LINK} has files that it must name"
    ]


def test_links_may_point_inside_the_project_and_nowhere_else(root: Path, tmp_path: Path) -> None:
    before = read(root)
    first, second = root / LINK / "first.j2", root / LINK / "second.j2"
    content = second.read_text()
    second.unlink()
    second.symlink_to("first.j2")
    assert read(root)["link_templates"].files[2].content == first.read_text()
    outside = tmp_path.parent / f"{tmp_path.name}-outside.j2"
    outside.write_text(content)
    second.unlink()
    second.symlink_to(outside)
    assert observe(root)[1] == [
        f"{LINK}/second.j2: is a link out of the project: put the file itself here"
    ]
    outside.unlink()
    [line] = observe(root)[1]
    assert (
        line == f"{LINK}/second.j2: cannot be read (No such file or directory): mend or remove it"
    )
    second.unlink()
    second.write_text(content)
    assert stale(root, before) == []


def test_a_folder_that_leads_out_of_the_project_is_refused(root: Path, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-templates"
    (root / "inputs" / "templates").rename(outside)
    (root / "inputs" / "templates").symlink_to(outside)
    assert observe(root)[1][0] == (
        f"{LINK}: leads out of the project: put the files themselves here"
    )


def test_a_linked_folder_and_a_pipe_are_refused_and_not_waited_for(root: Path) -> None:
    (root / "inputs" / "concepts" / "more").symlink_to(root / LINK)
    os.mkfifo(root / LINK / "pipe.j2")
    assert observe(root)[1] == [
        "'inputs/concepts/more': is a link to a folder: put its files here",
        f"{LINK}/pipe.j2: is no file that can be read: remove it",
    ]


def test_several_problems_are_all_told_and_nothing_is_loaded(root: Path) -> None:
    write(root, f"{LINK}/first.j2", b"\xff")
    write(root, "seeds/llm_models.csv", "model\nx\n")
    observed, problems = observe(root)
    assert len(problems) == 2
    with pytest.raises(InputsError) as caught:
        usable(observed, problems)
    assert str(caught.value) == (
        "seeds/llm_models.csv: has no column model_id: its first line must name it "
        "(and 1 more, above); nothing was loaded"
    )
