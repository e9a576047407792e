"""What a post must not carry on: what a form or a signature asks of a person, and keys.

Masked are answers to questions for a name, an employer, an address and the like, e-mail addresses,
phone numbers, and what opens a door: keys, tokens, passwords, private keys. Masking twice changes
nothing more. Other names that people write of themselves or of others in a sentence are not found.
Why these rules and no larger library: docs/decisions/nobodys-name.md.
"""

import re
from dataclasses import dataclass

import phonenumbers

MASK = "•••"
"""What stands where something was: no word, so that nothing is mined from it."""

_MAX_ANSWER_LINES = 6
_BESIDE = 5  # lines
_MAX_ANSWER = 200  # characters of a line: a person's data are short, an account of a problem is not

# --- questions for a person ----------------------------------------------------------------------

# Questions that are for a person wherever they stand, and labels that are when they stand alone.
_PERSON = (
    r"(?:(?:your|full|first|last|given|family|real|contact|legal|preferred) (?:full )?names?"
    r"|names? (?:of|and) (?:the )?(?:reporter|submitter|contact|affiliation|company|e-?mail)\w*"
    r"|surname|affiliations?|employer|job title"
    r"|(?:company|organi[sz]ation|institution|employer|team)(?:'s)? name"
    r"|(?:your|which) (?:company|organi[sz]ation|institution|university|employer)"
    r"|e-?mails?(?: addresse?s?| id)?|mail address|(?:tele|mobile |cell |work )?phones?"
    r"(?: numbers?| no)?|mobile numbers?|fax|whatsapp|linkedin|telegram|skype"
    r"|(?:postal|home|street|mailing|billing|shipping|office) address"
    r"|contact (?:details?|info\w*|data|persons?|e-?mail|address|number)"
    r"|get in touch(?: with you)?|(?:reach|contact) you"
    r"|(?:discord|slack|twitter|x|github|forum|user)[ -]?(?:handle|user ?name|account)"
    r"|vollständiger name|vor- und nachname|nachname|firma|telefon(?:nummer)?|anschrift"
    r"|nom complet|nom et prénom|société|courriel|nombre completo|apellidos?|empresa"
    r"|correo(?: electrónico)?|teléfono|nome completo|nome e cognome|azienda"
    r"|姓名|联系方式|联系人|邮箱|电子邮件|电话|公司(?:名称)?|单位|氏名|お名前|メールアドレス|電話番号|会社名|所属"
    r"|이름|이메일|전화번호|회사)"
)
_ALONE_WORDS = frozenset({"name", "names", "address", "contact", "contacts"})
_ALONE = r"(?:names?|company|organi[sz]ation|institution|university|address|contacts?|mail|e-?mail)"
# A product may have these: "E-mail template", "Email provider version".
_OF_A_PRODUCT = re.compile(
    r"\b(?:client|provider|template|service|server|version|format|field|type|domain|module|api"
    r"|package|plugin|column|sender|delivery|confirmation|verification|notifications?)\b",
    re.I,
)
_ASKS = re.compile(rf"(?<!\w){_PERSON}(?!\w)", re.I)
_ASKS_ALONE = re.compile(rf"(?:your )?{_ALONE}", re.I)
_QUESTION = re.compile(
    r"[ \t]{0,3}(?:#{1,6}[ \t]+(?P<hashes>[^\n]{1,120})"
    r"|(?P<bold>\*\*|__)(?P<strong>[^\n*_]{1,100})(?P=bold)[ \t]*:?[ \t]*"
    r"|<h[1-6][^<>]{0,80}>(?P<html>[^<\n]{1,120})</h[1-6]>[ \t]*)"
)
_LABEL = re.compile(
    r"[ \t>*_\-•]{0,12}(?P<question>\w[^\n:\uff1a=|]{1,60}?)[*_ \t]{0,6}[:\uff1a][*_ \t]{0,6}"
    r"(?P<answer>[^\s].*)"
)
_TECHNICAL = re.compile(r"0x|https?:|[/~$`{\[<]|(?:true|false|null|none)\b", re.I)
# Without one of these words in it, in small letters, no question above is in a text.
_TRIGGERS = (
    "name",
    "affiliat",
    "employer",
    "compan",
    "organi",
    "institut",
    "universit",
    "mail",
    "phone",
    "mobile",
    "fax",
    "whatsapp",
    "address",
    "contact",
    "touch",
    "reach you",
    "handle",
    "account",
    "job title",
    "firma",
    "telefon",
    "anschrift",
    "nom ",
    "nome",
    "apellido",
    "empresa",
    "correo",
    "teléfono",
    "courriel",
    "société",
    "azienda",
    "linkedin",
    "telegram",
    "skype",
    "姓名",
    "联系",
    "邮箱",
    "邮件",
    "电话",
    "公司",
    "单位",
    "氏名",
    "名前",
    "メール",
    "電話",
    "会社",
    "所属",
    "이름",
    "이메일",
    "전화",
    "회사",
)

# --- addresses, numbers, keys --------------------------------------------------------------------

_MAX_LOCAL = 64  # characters before the @ of an address
_LOCAL = re.compile(r"[\w.+-]+$")
_HOST = re.compile(r"@(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}\b")
_PHONE = re.compile(r"(?<![\w.+/=-])(?:\+|00)[1-9][\d().\- \u00a0]{6,20}\d(?![\w])")
_CALL = re.compile(
    r"(\b(?:phone|tel|telephone|mobile|cell|fax|whatsapp|call me(?: at| on)?|telefon)\b\.?"
    r"[:\s]{1,3})(\(?\d[\d().\-/ ]{5,20}\d)(?!\w)",
    re.I,
)
# The beginnings of keys that their issuers have made known, for this very purpose.
_KEYS: dict[str, str] = {
    "AKIA": r"AKIA[0-9A-Z]{16}",
    "ASIA": r"ASIA[0-9A-Z]{16}",
    "ghp_": r"gh[pousr]_[A-Za-z0-9]{20,255}",
    "gho_": r"gho_[A-Za-z0-9]{20,255}",
    "ghs_": r"ghs_[A-Za-z0-9]{20,255}",
    "ghu_": r"ghu_[A-Za-z0-9]{20,255}",
    "github_pat_": r"github_pat_\w{20,255}",
    "glpat-": r"glpat-[\w-]{20,64}",
    "xox": r"xox[abeoprs]-[\w-]{10,255}",
    "hooks.slack.com/services/": r"hooks\.slack\.com/services/[\w/]{10,128}",
    "discord.com/api/webhooks/": r"discord\.com/api/webhooks/[\w/-]{10,128}",
    "sk-": r"(?<!\w)sk-(?=[\w-]{0,200}\d)[\w-]{20,200}",
    "k_live_": r"[rsp]k_live_\w{10,255}",
    "k_test_": r"[rsp]k_test_\w{10,255}",
    "whsec_": r"whsec_[\w+/=]{20,255}",
    "AIza": r"AIza[\w-]{35}",
    "ya29.": r"ya29\.[\w-]{20,255}",
    "hf_": r"(?<!\w)hf_[A-Za-z]{30,40}(?!\w)",
    "gsk_": r"(?<!\w)gsk_\w{20,255}",
    "npm_": r"(?<!\w)npm_[A-Za-z0-9]{36}",
    "pypi-": r"pypi-[\w-]{50,255}",
    "SG.": r"SG\.[\w-]{16,32}\.[\w-]{16,64}",
    "dckr_pat_": r"dckr_pat_[\w-]{20,64}",
    "dop_v1_": r"dop_v1_[a-f0-9]{64}",
    "shp": r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",
    "sbp_": r"sbp_[a-f0-9]{40}",
    "AccountKey=": r"(?<=AccountKey=)[\w+/=]{20,128}",
    "eyJ": r"eyJ[\w-]{8,2000}\.eyJ[\w-]{8,4000}\.?[\w-]{0,1000}",
    "PRIVATE KEY": (
        r"(?<=PRIVATE KEY-----)[^-]{1,8000}(?=-----END)|(?<=PRIVATE KEY BLOCK-----)[^-]{1,8000}"
    ),
}
_KEY_PATTERNS = {mark: re.compile(pattern) for mark, pattern in _KEYS.items()}
_ASSIGNED = re.compile(
    r"""((?:password|passwd|pwd|secret|api[_-]?key|access[_-]?key|auth[_-]?token|access[_-]?token
        |client[_-]?secret|private[_-]?key|credentials?|[_-]token|\btoken)["']?\s{0,3}(?:[:=]|=>)\s{0,3}
        |\bbearer\s{1,3})(["']?)([^\s"'<>,;(){}\[\]$]{8,400})""",
    re.I | re.X,
)
_ASSIGNS = ("passw", "pwd", "secret", "key", "token", "credential", "bearer", "sig")
_CALLS = ("phone", "tel", "mobile", "cell", "fax", "whatsapp", "call me")
_VALUES = (*_ASSIGNS, *_CALLS)
_LOGIN = re.compile(r"(?<=://)[^\s/:@<>\"']{0,64}:[^\s/@<>\"']{1,128}(?=@)")
_PARAMETER = re.compile(
    r"(?<=[?&])((?:access_|auth_|api_|refresh_)?(?:token|key|secret|signature|sig|password)"
    r"|X-Amz-\w{3,20})=([^\s&#\"'<>]{8,2000})",
    re.I,
)


def redacted(text: str) -> str:
    """Return a post's title or body with what is a person's and what opens a door masked.

    text: as its source gives it, Markdown, HTML or plain. No longer than before, and the same when
    masked again. Linear in the text.
    """
    text = without_answers(text)
    small = text.lower()
    if "@" in text:
        text = _LOGIN.sub(_masked, text) if "://" in text else text
        text = _without_emails(text)
    if "+" in text or "00" in text:
        text = _PHONE.sub(_masked_number, text)
    for mark, pattern in _KEY_PATTERNS.items():
        if mark in text:
            text = pattern.sub(_masked, text)
    if any(word in small for word in _VALUES):
        text = "\n".join(map(_without_values, text.split("\n")))
    return text


def asks_for_a_person(question: str) -> bool:
    """Say whether a form's question asks for what belongs to a person: a name, an employer, how to
    be reached. Of a heading without its marks."""
    plain = question.strip(" \t*_:\uff1a#?.()").casefold()
    plain = re.sub(r"\s*\((?:optional|if any|required)\)$", "", plain)
    if _ASKS_ALONE.fullmatch(plain):
        return plain not in _ALONE_WORDS
    return _ASKS.search(plain) is not None and not _OF_A_PRODUCT.search(plain)


@dataclass(frozen=True)
class _Asked:
    """A line that asks. is_label: the answer stands on the same line, from `answer` on. is_sure: it
    is for a person wherever it stands. is_alone: only beside one that is."""

    is_label: bool
    answer: int
    is_sure: bool
    is_alone: bool


def without_answers(text: str) -> str:
    """Return a text with what stands below questions and behind labels masked that ask for a
    person's data. Less than `redacted`: this alone is kept from bronze too, which else holds what
    the source gave."""
    small = text.lower()
    if not any(word in small for word in _TRIGGERS):
        return text
    lines = text.split("\n")
    asked = _asked(lines)
    sure = {number for number, one in asked.items() if one.is_sure}
    if not sure:
        return text
    left = 0  # lines of an answer that may still come
    for number, line in enumerate(lines):
        one = asked.get(number)
        beside = (
            one is not None and one.is_alone and bool(sure & set(range(number - 5, number + 6)))
        )
        asks = one is not None and (one.is_sure or beside)
        if one is not None and not one.is_label:
            left = _MAX_ANSWER_LINES if asks else 0
        elif left and line.strip(" \t\r>"):
            left = left - 1 if len(line) <= _MAX_ANSWER else 0
            lines[number] = _line_masked(line, 0) if left and not _is_empty(line) else line
        elif one is not None and asks:
            lines[number] = _line_masked(line, one.answer)
    return "\n".join(lines)


def _asked(lines: list[str]) -> dict[int, _Asked]:
    """Return the lines that are headings or labels, outside code."""
    asked = {}
    in_code = False
    for number, line in enumerate(lines):
        start = line.lstrip()[:3]
        if start in ("```", "~~~"):
            in_code = not in_code
        if in_code or not start or len(line) > _MAX_ANSWER or line.startswith(("    ", "\t")):
            continue
        if start[0] in "#*_<" and (found := _QUESTION.fullmatch(line.rstrip("\r"))):
            question = found["hashes"] or found["strong"] or found["html"]
            asked[number] = _Asked(False, 0, asks_for_a_person(question), _is_alone(question))
        elif (":" in line or "\uff1a" in line) and (label := _label(_LABEL.match(line))):
            asked[number] = label
    return asked


def _label(found: re.Match[str] | None) -> _Asked | None:
    if not found:
        return None
    question = found["question"].strip(" *_")
    alone = _is_alone(question)
    whole = alone or _ASKS.fullmatch(question) or _ASKS_ALONE.fullmatch(question)
    if not whole or _TECHNICAL.match(found["answer"]) or found["answer"].rstrip().endswith(","):
        return None
    return _Asked(True, found.start("answer"), not alone, alone)


def _is_alone(question: str) -> bool:
    """Say whether a question is a person's beside others of the kind only: a bare "Name" is beside
    "E-mail", and may be a data set's elsewhere."""
    return question.strip(" *_:?").casefold() in _ALONE_WORDS


def _line_masked(line: str, start: int) -> str:
    end = "\r" if line.endswith("\r") else ""
    return line[:start] + _mask(line[start:].removesuffix("\r")) + end


def _without_emails(text: str) -> str:
    """Mask addresses; git@ is nobody's. What is before each @ is looked at, not every word."""
    parts, end = [], 0
    for host in _HOST.finditer(text):
        first = max(end, host.start() - _MAX_LOCAL)
        local = _LOCAL.search(text[first : host.start()])
        if local and local[0] != "git":
            start = first + local.start()
            parts += [text[end:start], _mask(text[start : host.end()])]
            end = host.end()
    return "".join([*parts, text[end:]])


def _without_values(line: str) -> str:
    """Mask what is given to a password, a key or a parameter of the kind, and numbers to call."""
    small = line.lower()
    if any(word in small for word in _ASSIGNS):
        line = _ASSIGNED.sub(_masked_value, line)
        line = _PARAMETER.sub(lambda found: f"{found[1]}={_mask(found[2])}", line)
    if any(word in small for word in _CALLS):
        line = _CALL.sub(lambda found: found[1] + _mask(found[2]), line)
    return line


def _is_empty(line: str) -> bool:
    return re.fullmatch(r"[\W_]*(?:no response|n/?a|none)?[\W_]*", line, re.I) is not None


def _masked_number(found: re.Match[str]) -> str:
    """Mask what is a number that somebody can be called by, and no sum or id."""
    digits = "+" + re.sub(r"\D", "", found[0]).removeprefix("00")
    try:
        number = phonenumbers.parse(digits, None)
    except phonenumbers.NumberParseException:
        return found[0]
    return _mask(found[0]) if phonenumbers.is_valid_number(number) else found[0]


def _masked_value(found: re.Match[str]) -> str:
    """Mask what is given to a password or key, if it looks like one: letters and digits."""
    value = found[3]
    is_one = any(map(str.isdigit, value)) and any(map(str.isalpha, value))
    is_code = "." in value and value.replace(".", "").replace("_", "").isidentifier()
    return found[1] + found[2] + _mask(value) if is_one and not is_code else found[0]


def _masked(found: re.Match[str]) -> str:
    return _mask(found[0])


def _mask(text: str) -> str:
    return MASK[: len(text)]
