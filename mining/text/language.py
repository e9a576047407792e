"""Which language a post is written in, where that can be told.

Scripts tell most of the world's languages apart by themselves. Among those that are written in
Latin letters py3langid decides, whose model lies in its package; it is believed where it is sure
and where the small words of the text do not speak against it, since titles are short and full of
names. docs/decisions/languages.md compares detectors.
"""

import re
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

LANGUAGE_VERSION = "1"
ENGLISH, NO_LANGUAGE = "en", "zxx"
# Of the models of EMBEDDING_MODEL that know few languages: which. Any other is taken to know all.
KNOWN_TO = {"all-MiniLM-L6-v2": frozenset({ENGLISH})}
READ = 300  # characters of a post; more change no answer
MIN_LETTERS = 4  # of another script
MIN_WORDS = 4  # in Latin letters
SCRIPT_SHARE = 0.3  # of the letters: English sentences name things in other scripts
SURE, SURE_WITH_SMALL_WORDS = 0.9, 0.5
SURELY_ENGLISH = 0.3  # of the words: no other language has so many of English's small words
ENGLISH_SHARE, FOREIGN_SHARE = 0.12, 0.05  # of the words: small words that speak for a language

_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile(r"[\u3400-\u9fff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
)
# Languages that share a script with the one named above.
_OF_SCRIPT = {
    "ru": frozenset({"ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "mn"}),
    "ar": frozenset({"ar", "fa", "ur", "ps", "ug"}),
    "hi": frozenset({"hi", "mr", "ne"}),
}
_OTHER_LETTERS = re.compile(r"[^\W\d_\u0000-\u024f\u1e00-\u1eff]")
_WORD = re.compile(r"(?<!\w)[^\W\d_]+(?:['\u2019][^\W\d_]+)*(?!\w)")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SMALL_WORDS = {
    "en": _words(
        "a an and are as at be but by can does for from has have how i if in is it my not of on or"
        " that the this to was we what when where which why will with without you your after into"
    ),
    "de": _words(
        "der die das und ist nicht ein eine einen im in den dem mit auf für von zu wird werden nach"
        " bei kann ich wir wenn wie warum aus an sich es beim zum zur"
    ),
    "fr": _words(
        "le la les un une des et est ne pas du de dans sur pour avec qui que par ce au aux je nous"
        " il elle après quand comment pourquoi se en ou sont"
    ),
    "es": _words(
        "el la los las un una y es no de del en que por para con se al como cuando después mi su lo"
        " más sin pero está son cómo"
    ),
    "pt": _words(
        "o a os as um uma e é não de do da dos das em no na que por para com se ao como quando"
        " depois meu mais sem mas está são"
    ),
    "it": _words(
        "il lo la i gli le un una e è non di del della dei in che per con si al come quando dopo"
        " mio più senza ma sono dalla nel nella"
    ),
    "nl": _words(
        "de het een en is niet van in op te dat met voor zijn naar bij als ik wij hoe waarom na uit"
        " kan worden wordt door maar"
    ),
    "pl": _words("i w na nie z do się jest to po jak przy dla od że za ale czy przez"),
    "tr": _words("ve bir bu için ile de da mi sonra olarak çok var yok"),
    "sv": _words("och är inte en ett den det i på av för med som till efter när hur kan från"),
}


def is_covered(name: str | None, model: str) -> bool:
    """Say whether an embedding model knows a language; one that could not be told is taken to be.

    model: as mining.embed.embedding_setting() names it, with its engine behind a blank.
    """
    known = KNOWN_TO.get(model.split(" ", 1)[0].rpartition("/")[2])
    return name is None or known is None or name in known


def language(text: str) -> str | None:
    """Return a text's language as ISO 639-1 names it, None where it is too short to tell.

    The same text gives the same answer on every machine. About 0.2 ms for what is in no doubt
    English, 0.3 ms for the rest.
    """
    start = text[:READ]
    letters = sum(map(str.isalpha, start))
    if not start.isascii() and (found := _by_script(start, letters)):
        return found
    words = _WORD.findall(start.lower())
    return _by_words(start, words) if len(words) >= MIN_WORDS else None


def _by_words(text: str, words: list[str]) -> str | None:
    """Return the language of a text in Latin letters."""
    small = sum(word in _SMALL_WORDS[ENGLISH] for word in words)
    if small >= SURELY_ENGLISH * len(words) and text.isascii():
        return ENGLISH
    shares = {
        name: sum(word in small for word in words) / len(words)
        for name, small in _SMALL_WORDS.items()
    }
    english, most = shares[ENGLISH], max(shares.values())
    if english >= ENGLISH_SHARE and english == most and text.isascii():
        return ENGLISH
    label, sure = _identifier().classify(text)
    own = shares.get(label, 0.0)
    if label == ENGLISH or (english > own and english >= ENGLISH_SHARE):
        return ENGLISH
    enough = SURE_WITH_SMALL_WORDS if own > FOREIGN_SHARE else SURE
    return label if label != NO_LANGUAGE and english <= own and sure >= enough else None


def _by_script(text: str, letters: int) -> str | None:
    """Return the language of a text that another script than the Latin one tells."""
    others = len(_OTHER_LETTERS.findall(text))
    if others < MIN_LETTERS or others < SCRIPT_SHARE * letters:
        return None
    counts = {name: len(pattern.findall(text)) for name, pattern in _SCRIPTS}
    if counts["ja"] and counts["zh"]:
        counts["ja"] += counts["zh"]
    found = max(counts, key=lambda name: counts[name])
    if not counts[found]:
        return _identifier().classify(text)[0]
    if found in _OF_SCRIPT:
        label = _identifier().classify(text)[0]
        return label if label in _OF_SCRIPT[found] else found
    return found


@cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
