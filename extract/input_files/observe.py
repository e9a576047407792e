"""The files that a person edits, as they are read: which there are, and what is wrong with them.

An input is a CSV and, but for the language models and the corrections, a folder of texts that its
rows name: a row and its file are one thing, and every change to either is a change of the input.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assay.extract.input_files.files import Problems, read_text, walk
from assay.extract.input_files.table import Input, Row, read_rows
from assay.refresh.fingerprints import content_hash, fingerprint

TEXTS = (".md", ".j2", ".txt")
MAX_TEXT = 1 << 20  # a prompt of a megabyte fits into no model
MAX_TABLE = 64 << 20


class InputsError(Exception):
    """Inputs cannot be used; the message is one line that names the file and the cure."""


INPUTS = (
    Input("concepts", "inputs/concepts.csv", "concept_id", "inputs/concepts"),
    *(
        Input(
            f"{kind}_templates",
            f"seeds/{kind}_templates.csv",
            "template_id",
            f"inputs/templates/{kind}",
        )
        for kind in ("link", "essay", "evaluation")
    ),
    Input("llm_models", "seeds/llm_models.csv", "model_id", None),
    Input(
        "corrections",
        "inputs/corrections.csv",
        None,
        None,
        filled=("issue_id", "kind", "who", "why", "made_on"),
    ),
)


@dataclass(frozen=True)
class InputFile:
    """One file: `content` is its text with \\n line ends and without a byte order mark, `sha256`
    and `size` (bytes) are of that text in UTF-8. rows: of a CSV, None for any other file."""

    path: str
    content: str
    sha256: str
    size: int
    rows: tuple[Row, ...] | None = None


@dataclass(frozen=True)
class Observed:
    """One input as it is now; without its CSV and its folder it has no files. notes: for people."""

    name: str
    files: tuple[InputFile, ...]
    notes: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Return what moves with every change of a file's name or text, and with nothing else."""
        return fingerprint((file.path, file.sha256) for file in self.files)


def observe(root: Path) -> tuple[list[Observed], list[str]]:
    """Read all inputs below a project's root; return them, and a line for each problem."""
    problems: Problems = []
    return [_observe(root, one, problems) for one in INPUTS], problems


def _observe(root: Path, one: Input, problems: Problems) -> Observed:
    before = len(problems)
    texts = [
        _file(path, text)
        for path, place in (walk(root, one.folder, TEXTS, problems) if one.folder else ())
        if (text := read_text(root, place, path, MAX_TEXT, problems)) is not None
    ]
    place = root / one.table
    if not (place.exists() or place.is_symlink()):
        if texts:
            problems.append(f"{one.table} is missing: {one.folder} has files that it must name")
        return Observed(one.name, ())
    text = read_text(root, place, one.table, MAX_TABLE, problems)
    rows = () if text is None else tuple(read_rows(one, text, problems))
    if len(problems) > before:
        # What cannot be read is told once, and not again as missing.
        return Observed(one.name, ())
    paths = [file.path for file in texts]
    problems += _missing(one, rows, paths)
    table = _file(one.table, text or "", rows)
    return Observed(one.name, (table, *texts), tuple(_unnamed(one, rows, paths)))


def _file(path: str, text: str, rows: tuple[Row, ...] | None = None) -> InputFile:
    content = text.encode()
    return InputFile(path, text, content_hash(content), len(content), rows)


def _missing(one: Input, rows: tuple[Row, ...], paths: list[str]) -> Iterator[str]:
    """Yield a line for each active row whose file is not there."""
    there = set(paths)
    for row in rows:
        path = f"{one.folder}/{row.file}"
        if row.file is None or not row.active or path in there:
            continue
        similar = [other for other in paths if other.casefold() == path.casefold()]
        cure = "add it, or set active to false"
        if similar:
            cure = f"there is {similar[0]}, and case counts"
        yield f"{one.table}: {path} of {row.key} is missing: {cure}"


def _unnamed(one: Input, rows: tuple[Row, ...], paths: list[str]) -> Iterator[str]:
    named = {f"{one.folder}/{row.file}" for row in rows}
    unnamed = [path for path in paths if path not in named]
    if unnamed:
        more = f" and {len(unnamed) - 3} more" if len(unnamed) > 3 else ""
        yield f"{one.table} names none of {', '.join(unnamed[:3])}{more}: loaded, used by nothing"


def usable(observed: list[Observed], problems: list[str]) -> list[Observed]:
    """Return the inputs. Raises InputsError when there are problems."""
    if problems:
        others = f" (and {len(problems) - 1} more, above)" if len(problems) > 1 else ""
        raise InputsError(f"{problems[-1]}{others}; nothing was loaded")
    return observed
