"""A post's language is told where it can be, and English titles are not taken for another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.mining.text.language import is_covered, language
from tests.issues.items import expected
from tests.support import SAMPLE

TOLD = {
    "The import stops after the second file": "en",
    "Der Import bricht nach der zweiten Datei ab": "de",
    "L'import s'arrête après le deuxième fichier": "fr",
    "La importación se detiene después del segundo archivo": "es",
    "A importação para depois do segundo arquivo": "pt",
    "L'importazione si ferma dopo il secondo file": "it",
    "インポートが二番目のファイルで止まります": "ja",
    "导入在第二个文件之后停止": "zh",
    "가져오기가 두 번째 파일에서 멈춥니다": "ko",
    "Импорт останавливается после второго файла": "ru",
    "Імпорт зупиняється після другого файлу": "uk",
    "The 设置 page shows an error and the rest of the menu is gone": "en",
}


@pytest.mark.parametrize("text", TOLD)
def test_it_is_told(text: str) -> None:
    assert language(text) == TOLD[text]


@pytest.mark.parametrize("text", ["", "Bug", "SIGSEGV", "npm ERR! 42", "日本", "a1b2-c3d4-e5f6"])
def test_what_is_too_short_has_none(text: str) -> None:
    assert language(text) is None


def test_every_title_of_the_sample_is_english_or_too_short() -> None:
    titles = [post.title for posts in expected(SAMPLE).values() for post in posts]
    assert len(titles) > 400
    assert [title for title in titles if language(title) not in ("en", None)] == []


def test_minilm_knows_english_and_another_model_is_taken_to_know_all() -> None:
    minilm = "sentence-transformers/all-MiniLM-L6-v2 (openvino)"
    assert is_covered("en", minilm)
    assert is_covered(None, minilm)
    assert not is_covered("de", minilm)
    assert not is_covered("de", "all-MiniLM-L6-v2 (torch)")
    assert is_covered("de", "acme/multilingual (torch)")


@given(st.text(max_size=300))
def test_any_text_has_a_language_of_two_or_three_letters_or_none(text: str) -> None:
    found = language(text)
    assert found is None or (found.isalpha() and len(found) in (2, 3))
