"""One address for one page: what makes two links the same item.

Parsed as browsers do (https://url.spec.whatwg.org, by ada-url), then spelled one way.
Which library, and why each rule: docs/decisions/canonical-urls.md.
"""

import hashlib
import re
from collections.abc import Callable
from functools import partial

import ada_url

from assay.common.post_sources import POST_SOURCES

LIMIT = 8192  # characters; servers refuse longer request lines (Apache 8,190, nginx 8,192)

# In front of a host that has two more labels, and inside Wikimedia's (en.m.wikipedia.org).
MOBILE = re.compile(r"^(?:(?:m|mobile|touch)\.)+(?=[^.]+\.[^.])|(?:\.m)+(?=\.wik[a-z]+\.org$)")

HOSTS = {
    **{host: main for source in POST_SOURCES.values() for host, main in source.hosts.items()},
    **dict.fromkeys(("twitter.com", "www.twitter.com", "www.x.com"), "x.com"),
    "facebook.com": "www.facebook.com",
    "nytimes.com": "www.nytimes.com",
    "youtube.com": "www.youtube.com",
}

# Parameters that tell where a reader came from, never what is read: names that no site is known
# to use otherwise. `ref` can be a branch, so only the values that name a source of posts.
_REFS = "|".join(re.escape(ref) for source in POST_SOURCES.values() for ref in source.refs)
TRACKING = re.compile(
    rf"""(?:
        (?:utm|mtm|itm|hsa|vero|oly)_[^=]*                    # analytics and mail campaigns
      | (?:matomo|piwik|pk)_(?:campaign|cid|content|group|keyword|kwd|medium|placement|source)
      | (?:d|fb|g|tt|tw|y|ys)clid | msclkid | li_fat_id       # clicks, by advertising network
      | gclsrc | gbraid | wbraid | gad_(?:source|campaignid) | epik
      | mc_[ce]id | mkt_tok | _hs(?:enc|mi) | __hs(?:fp|sc|tc) | hsctatracking | s_kwcid | ef_id
      | fb_(?:action_ids|action_types|ref|source) | mibextid | igsh(?:id)?
      | ref_(?:src|url) | wt\.(?:mc_id|nav|z_\w+) | _ga | _gl | _openstat | wprov
      | guccounter | guce_referrer(?:_sig)? | sr_share | __s
    )(?:=|$)
    | ref=(?:{_REFS}|rss|twitter|producthunt)$
    | platform=hootsuite$
    """,
    re.VERBOSE | re.IGNORECASE,
)

# "&amp;", copied out of HTML source, leaves this in front of the next name.
HTML_AMP = re.compile(r"^(?:amp;)+")

# Where sites ignore case, though paths have it.
CASELESS = re.compile("|".join(s.caseless for s in POST_SOURCES.values() if s.caseless))

# Pages that part of their address identifies: an address that matches is replaced by what is kept.
# Slugs go, since they are titles and titles are edited.
PAGES = tuple(
    (re.compile(pattern), kept)
    for pattern, kept in (
        *(page for source in POST_SOURCES.values() for page in source.pages),
        (r"(www\.youtube\.com/watch\?)(?:[^#]*&)?(v=[\w-]+)(?:[&#].*)?", r"\1\2"),
        (
            r"(?:youtu\.be|www\.youtube\.com/(?:embed|live|shorts|v))/([\w-]{11})(?:[/?&#].*)?",
            r"www.youtube.com/watch?v=\1",
        ),
        (r"((?:[\w-]+\.)*nytimes\.com/\d{4}/\d\d/\d\d/[^?#]+)[?#].*", r"\1"),
    )
)


def canonical(url: str) -> str:
    """Return the address that identifies the page a link leads to.

    ASCII without whitespace or control characters, at most LIMIT characters, beginning with
    https://. Applying it twice changes nothing. A page's answers, comments or timestamps are
    the page, unless they have an address of their own.

    Raises ValueError for what is no http(s) address with a host, or is longer than LIMIT.
    The message does not repeat the address: it may hold a password.
    """
    text = url.strip()
    if len(text) > LIMIT:
        raise ValueError(f"an address of {len(text):,} characters: at most {LIMIT:,} are taken")
    try:
        parsed = ada_url.URL(text)
    except ValueError:
        raise ValueError("not an address: no scheme, no host or a host that cannot be") from None
    host = _host(parsed.hostname)
    if parsed.protocol not in ("http:", "https:") or not all(host.split(".")):
        raise ValueError(f"not an http(s) address with a host: {parsed.protocol[:20]}")
    # http with 443 would otherwise become https with its default port.
    port = f":{parsed.port}" if parsed.port not in ("", "80", "443") else ""
    path = _spell_path(parsed.pathname).rstrip("/") or "/"
    found = host + port + path + _query(parsed.search[1:]) + _route(parsed.hash[1:])
    address = f"https://{_page(found)}"
    if len(address) > LIMIT:
        raise ValueError(f"an address of {len(address):,} characters once percent-encoded")
    return address


def url_hash(url: str) -> str:
    """Return the key of a page: 64 hex digits, the SHA-256 of its canonical address.

    Raises ValueError as canonical() does.
    """
    return hashlib.sha256(canonical(url).encode()).hexdigest()


def canonical_or_none(url: object) -> str | None:
    """Return the canonical address of a link found in a post, None if it leads to no web page.

    For None, "", mailto:, javascript:, data:, relative links and whatever else canonical()
    refuses.
    """
    if not isinstance(url, str):
        return None
    try:
        return canonical(url)
    except ValueError:
        return None


def _host(name: str) -> str:
    """Return the main host of a site; `name` as the parser gives it: lower case, punycode."""
    main = MOBILE.sub("", name.removesuffix("."))
    return HOSTS.get(main, main)


def _page(address: str) -> str:
    caseless = CASELESS.match(address)
    if caseless:
        address = caseless[0].lower() + address[caseless.end() :]
    for pattern, kept in PAGES:
        found = pattern.fullmatch(address)
        if found:
            return found.expand(kept)
    return address


def _route(fragment: str) -> str:
    """Return "#" and the fragment if it is a page of its own ("#!topic/x", "#/idea/x")."""
    route = _spell_query(fragment).rstrip("/")
    return f"#{route}" if len(route) > 1 and route[0] in "!/" else ""


def _query(search: str) -> str:
    """Return "?" and the parameters that matter, sorted by name, or nothing if there are none."""
    if not search:
        return ""
    parameters = []
    for part in search.split("&"):
        spelled = HTML_AMP.sub("", _spell_query(part).replace("%20", "+"))
        name, _, value = spelled.partition("=")
        if spelled not in ("", "=") and not TRACKING.match(spelled):
            parameters.append((name, f"{name}={value}" if value else name))
    parameters.sort(key=lambda parameter: parameter[0])
    return "?" + "&".join(text for _, text in parameters) if parameters else ""


def _spell(found: re.Match[str], plain: frozenset[str]) -> str:
    """Return one character or %XX in its one spelling; a % that encodes nothing is itself %25."""
    text = found[0]
    if len(text) == 1:
        return "".join(f"%{byte:02X}" for byte in text.encode())
    character = chr(int(text[1:], 16))
    return character if character in plain else text.upper()


def _speller(also: str, reserved: str) -> Callable[[str], str]:
    """Return a function that spells a part of an address one way.

    RFC 3986's unreserved characters and those of `also` are never encoded; those of `reserved`
    mean something else when encoded and stay as they are; every other one is encoded.
    """
    plain = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~" + also)
    kept = re.escape("".join(sorted(plain)) + reserved)
    return partial(re.compile(f"%[0-9A-Fa-f]{{2}}|[^{kept}]").sub, partial(_spell, plain=plain))


# "!'()*" were unreserved in RFC 2396, and encodeURIComponent leaves them; ":", "@" and ","
# mean nothing of their own in a path (Talk:Main_Page, /@author), nor "/" and "?" in a query.
_spell_path = _speller("!'()*:@,", "/$&+;=")
_spell_query = _speller("!'()*:@,/?", "$+;=")
