"""Reading the files of a folder that a person edits, with a line for whatever is wrong."""

import os
import stat
import unicodedata
from collections.abc import Iterator
from pathlib import Path

Problems = list[str]


def walk(
    root: Path, folder: str, suffixes: tuple[str, ...], problems: Problems
) -> Iterator[tuple[str, Path]]:
    """Yield (path below root, place on disk) of the folder's files with such a suffix, sorted.

    Hidden files and other suffixes are left out: they are what editors and systems leave behind.
    Paths are in Unicode's form NFC, however the file system spells them, so that all machines
    see the same ones. Names that some systems cannot tell apart become problems.
    """
    seen: dict[str, str] = {}
    for place in sorted(_places(root, root / folder, suffixes, problems)):
        path = unicodedata.normalize("NFC", place.relative_to(root).as_posix())
        if not path.isprintable():  # line breaks and bytes that are no UTF-8
            problems.append(f"{path!a}: the name has unprintable characters: rename the file")
            continue
        other = seen.setdefault(path.casefold(), path)
        if other is not path:
            problems.append(
                f"{path}: differs from {other} only in upper and lower case or in Unicode form, "
                "which not every system can tell apart: rename one"
            )
            continue
        yield path, place


def _places(
    root: Path, folder: Path, suffixes: tuple[str, ...], problems: Problems
) -> Iterator[Path]:
    if not folder.is_dir():
        return
    if not folder.resolve().is_relative_to(root.resolve()):
        path = folder.relative_to(root).as_posix()
        problems.append(f"{path}: leads out of the project: put the files themselves here")
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            place = Path(entry.path)
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                if entry.is_symlink():
                    path = ascii(place.relative_to(root).as_posix())
                    problems.append(f"{path}: is a link to a folder: put its files here")
                else:
                    yield from _places(root, place, suffixes, problems)
            elif place.suffix.lower() in suffixes:
                yield place


def read_text(root: Path, place: Path, path: str, largest: int, problems: Problems) -> str | None:
    """Return a file's text with \\n line ends and without a byte order mark.

    How an editor or a checkout ends lines is no content: the same prompt is sent either way.
    Returns None and adds a line to `problems` for what is no text of at most `largest` bytes in
    this project.
    """
    try:
        if place.is_symlink() and not place.resolve(strict=True).is_relative_to(root.resolve()):
            raise ValueError("is a link out of the project: put the file itself here")
        if not stat.S_ISREG(place.stat().st_mode):
            raise ValueError("is no file that can be read: remove it")
        with place.open("rb") as file:
            content = file.read(largest + 1)
        if len(content) > largest:
            raise ValueError(f"has more than {largest:,} bytes: make it shorter")
        if b"\0" in content:
            raise ValueError("holds a zero byte, so it is no text: save it as UTF-8")
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = content.count(b"\n", 0, error.start) + 1
        problems.append(f"{path}: line {at} is not UTF-8: save the file as UTF-8")
    except ValueError as error:
        problems.append(f"{path}: {error}")
    except OSError as error:
        problems.append(f"{path}: cannot be read ({error.strerror}): mend or remove it")
    else:
        return text.replace("\r\n", "\n").replace("\r", "\n")
    return None
