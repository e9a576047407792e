"""How much of what cleaning leaves of a filled form is the form's, on the first day and later.

    python -m benchmarks.posts.forms

Three forms that no rule was written for, each filled by six reporters with two sentences of their
own and with facts that differ. The rows of a form: what is left when nothing has come back yet, and
when the six posts were counted by the warehouse's own SQL (int_post_forms).
"""

import re
from pathlib import Path

import duckdb
import pyarrow as pa
import yaml

from assay.mining.text.clean import clean, form_units, title_key
from assay.mining.text.forms import NOTHING_LEARNED, Form
from benchmarks.measure import ROOT

WORD = re.compile(r"\w+")
TOLD = [
    ("Drafts vanish", "The draft is gone after I switch tabs.", "It should still be there."),
    ("Totals differ", "Tax is added twice to refunds.", "One line of tax is what the law wants."),
    ("Slow search", "Searching takes ten seconds since Monday.", "It took less than one before."),
    ("Wrong hour", "Events of guests abroad are an hour late.", "Their own zone should count."),
    ("No mail", "Invitations to long domains never arrive.", "A bounce would at least tell us."),
    ("Odd sums", "Rounding of yen shows two decimals.", "There are none in that currency."),
]
SYSTEMS = ["Fedora 41", "Windows 11 23H2", "macOS 15.1", "Debian 13", "NixOS 25.05", "Alpine 3.20"]
FORMS = {
    "issue form with areas, stages and a script's output": """### Link to something that shows it

https://example.org/{n}

### To Reproduce

1. Open it
2. Wait

### Current vs. Expected behavior

{one} {two}

### Provide environment information

```bash
Operating System: {system}
```

### Which area(s) are affected? (Select all that apply)

Not sure, Routing

### Which stage(s) are affected? (Select all that apply)

next dev (local), next start (local)

### Additional context

_No response_
""",
    "template with bold questions and bullets": """**Before you post**
- [x] I looked at the open reports and at the manual
- [x] I run the latest release

**What did you see**
{one}

**What did you hope for**
{two}

**About your machine**
 - Release in use: 4.{n}.1
 - System: {system}
 - Installed through: the store
 - Number of workspaces: {n}

**Anything the team should know before they look into it**
Nothing that comes to mind
""",
    "form with folds, vows and a long pledge": """### Your current surroundings

<details>
<summary>Output of the collector</summary>

```text
Collecting information...
OS: {system}
```

</details>

### What is broken

{one}

{two}

### Which parts of the house does it touch?

Kitchen, Cellar and the long corridor between them

### How often does it happen to you?

Every time that I try it

### Before submitting a new report...

- [X] Make sure you already searched for relevant reports, and asked the helper in the corner.
""",
}


def main() -> None:
    """Print a row per form and day."""
    print(f"{'form':54}{'when':12}{'words left':>11}{'the form':>10}{'own lost':>10}")
    for name, form in FORMS.items():
        posts = [
            (title, form.format(one=one, two=two, n=n, system=SYSTEMS[n]), f"{one} {two}")
            for n, (title, one, two) in enumerate(TOLD)
        ]
        for day, learned in (("first day", NOTHING_LEARNED), ("counted", _learned(posts))):
            left = lost = of_form = 0
            for title, body, told in posts:
                text = clean("github", title, body, learned).text
                kept, own = WORD.findall(text), WORD.findall(told)
                left += len(kept)
                of_form += len(kept) - sum(word in own for word in kept)
                lost += sum(word not in kept for word in own)
            print(f"{name:54}{day:12}{left:>11}{of_form / max(left, 1):>10.0%}{lost:>10}")


def _learned(posts: list[tuple[str, str, str]]) -> Form:
    """Count units of one place as the warehouse does."""
    path = ROOT / "models" / "issues" / "intermediate" / "int_post_forms.sql"
    settings = yaml.safe_load(Path(ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    sql = re.sub(r"\{\{ config\(.*?\) \}\}", "", path.read_text(encoding="utf-8"))
    sql = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"\1", sql)
    sql = re.sub(r"\{\{ var\('(\w+)'\) \}\}", lambda found: str(settings[found[1]]), sql)
    keys = [str(number) for number in range(len(posts))]
    units = [[vars(unit) for unit in form_units("github", body)] for _, body, _ in posts]
    unit = pa.struct([("section", pa.int64()), ("line", pa.int64()), ("words", pa.int32())])
    found = {"url_hash": keys, "title_key": [title_key(title) for title, *_ in posts]}
    with duckdb.connect() as connection:
        place = ["a place"] * len(keys)
        connection.register(
            "stg_posts", pa.table({"url_hash": keys, "form_place": place, "author_hash": keys})
        )
        connection.register(
            "int_post_units", pa.table(found | {"units": pa.array(units, pa.list_(unit))})
        )
        rows = connection.execute(sql).fetchall()
    return Form(
        frozenset(section for _, section, line, *_ in rows if not line),
        frozenset(section for _, section, *_, is_fact in rows if is_fact),
        frozenset(line for _, _, line, *_ in rows if line),
    )


if __name__ == "__main__":
    main()
