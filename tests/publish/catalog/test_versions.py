"""A version of the files is there whole or not at all, and the same tables make the same bytes."""

import hashlib
import re
from pathlib import Path

import pytest

from assay.forget import caches
from assay.publish.catalog import page
from tests.publish.catalog.made import Exported, exported

__all__ = ["exported"]  # a fixture

# An import of a module; those in comments are of types.
IMPORT = (
    r"""^(?!\s*\*|.*/\*\*).*?(?:\bfrom|\bimport\(|^import)\s*"""
    r"""["']((?:\.|hyparquet)[^"'\n]*)["']"""
)
HOSTILE = ("x/<img src=x onerror=alert(1)>", "x/a\nb\t\x1b[31m", "=1+1", "x/\u202egnp", "模型/😀")


def sums(out: Path) -> dict[str, str]:
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def test_the_same_tables_make_the_same_bytes_in_whatever_order_their_rows_lie(
    exported: Exported, tmp_path: Path
) -> None:
    exported.export()
    with exported.db() as db:
        for table in ("hf.model_profile", "hf.model_datasets", "hf.model_lineage", "hf.articles"):
            db.execute(f"create table shuffled as select * from {table} order by random()")
            db.execute(f"delete from {table}")
            db.execute(f"insert into {table} select * from shuffled")
            db.execute("drop table shuffled")
    again = tmp_path / "again"
    exported.export(out=again)
    assert sums(again) == sums(exported.out)


def test_an_export_that_fails_leaves_the_version_before_it(
    exported: Exported, capsys: pytest.CaptureFixture[str]
) -> None:
    exported.export()
    before = sums(exported.out)
    capsys.readouterr()
    with exported.db() as db:
        db.execute("update hf.model_profile set downloads = downloads + 1")
        db.execute("drop table hf.model_stats_daily")  # which is read last
    assert exported.export() == 1
    said = capsys.readouterr().err
    assert said.startswith("catalog: ") and said.endswith(
        "the catalog is not built: run `make run`\n"
    )
    assert len(said.splitlines()) == 1
    assert sums(exported.out) == before


def test_a_new_version_takes_the_place_of_the_one_before(exported: Exported) -> None:
    exported.export()
    old, first = exported.data, exported.names()[0]
    with exported.db() as db:
        db.execute("update hf.models set is_private = true where model_id = ?", [first])
        db.execute("update hf.model_profile set is_private = true where model_id = ?", [first])
    exported.export()
    assert first not in exported.names()
    assert not old.exists()
    left = {path.name for path in (exported.out / "catalog-data").iterdir()}
    assert left == {"manifest.json", exported.data.name}


def test_names_of_strangers_are_kept_as_they_are(exported: Exported) -> None:
    with exported.db() as db:
        for place, name in enumerate(HOSTILE):
            for table in ("models", "model_profile"):
                db.execute(
                    f"update hf.{table} set model_id = ? where model_id = "
                    f"(select model_id from hf.{table} where downloads = ? limit 1)",
                    [name, 40000000 // (1 + place)],
                )
    exported.export()
    assert exported.names()[: len(HOSTILE)] == list(HOSTILE)


def test_a_post_that_is_taken_back_leaves_nothing_of_its_words(exported: Exported) -> None:
    out = exported.out.parent / "reports" / "catalog"
    exported.export(out=out)
    told = next((out / "catalog-data").glob("*/complaints.parquet"))
    assert caches.report(out.parent, []) == 1
    assert not told.exists()
    exported.export(out=out)  # the tables may say the same as before
    assert told.exists()


def test_the_copied_page_has_all_that_it_loads_and_no_way_to_the_issues(exported: Exported) -> None:
    exported.export()
    text = (exported.out / "catalog.html").read_text()
    assert 'data-issues=""' in text
    assert (exported.out / "index.html").read_text() == text
    assert (page.WEB / "catalog.html").read_text() == text.replace(
        page.WITHOUT_ISSUES, page.WITH_ISSUES
    )
    left = [exported.out / name for name in re.findall(r'(?:src|href)="\./([^"]+)"', text)]
    seen: set[Path] = set()
    while left:
        path = left.pop().resolve()
        if path not in seen and path.suffix == ".js":
            named = re.findall(IMPORT, path.read_text(), re.M)
            left += [imported(path, name, exported.out) for name in named]
        seen.add(path)
    assert len(seen) > 60
    assert {path for path in seen if not path.is_file()} == set()


def test_the_page_asks_at_once_for_every_module_that_it_begins_with() -> None:
    text = (page.WEB / "catalog.html").read_text()
    told = re.findall(r'<link rel="modulepreload" href="\./([^"]+)">', text)
    left, seen = [page.WEB / "js" / "catalog" / "app.js"], set()
    while left:
        path = left.pop().resolve()
        if path not in seen:
            seen.add(path)
            named = re.findall(IMPORT.replace(r"|\bimport\(", ""), path.read_text(), re.M)
            left += [imported(path, name, page.WEB) for name in named]
    names = sorted(path.relative_to(page.WEB).as_posix() for path in seen)
    assert told == [name for name in names if name != "js/catalog/app.js"]


def imported(path: Path, name: str, out: Path) -> Path:
    """Return the file that a module imports by this name, as the page's map of imports says."""
    if name.startswith("."):
        return path.parent / name
    assert name.startswith("hyparquet")
    inner = name.removeprefix("hyparquet/") if "/" in name else "src/index.js"
    return out / "vendor" / "hyparquet" / inner


def test_a_file_that_the_page_no_longer_has_goes(exported: Exported) -> None:
    exported.export()
    left = exported.out / "js" / "catalog" / "left.js"
    left.write_text("//")
    (exported.out / "app.css").write_text("")
    exported.export()
    assert not left.exists()
    assert (exported.out / "app.css").read_bytes() == (page.WEB / "app.css").read_bytes()


@pytest.mark.parametrize("options", [("--most", "0"), ("--days", "-1"), ("--target", "moon")])
def test_a_wrong_call_ends_with_2_before_anything_happens(
    exported: Exported, options: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        exported.export(*options)
    assert ended.value.code == 2
    assert options[1] in capsys.readouterr().err
    assert not exported.out.exists()


def test_without_a_warehouse_it_is_one_line(
    exported: Exported, capsys: pytest.CaptureFixture[str]
) -> None:
    exported.warehouse.unlink()
    assert exported.export() == 1
    assert capsys.readouterr().err == (
        f"catalog: no warehouse at {exported.warehouse}: run `make run` first\n"
    )
