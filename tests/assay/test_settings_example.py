"""Every line of .env.example can be taken out of its comment."""

import re
import subprocess

import dlt

from assay.extract import settings
from assay.warehouse import ROOT

SETTING = re.compile(r"^# ([A-Z_]+=.*)$", re.MULTILINE)


def test_every_line_is_one_that_a_shell_takes_and_lists_stay_lists(monkeypatch) -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    lines = SETTING.findall(text)
    assert len(lines) > 20
    script = "set -a; " + "\n".join(lines) + "\nenv -0"
    shell = subprocess.run(
        ["sh", "-c", script], capture_output=True, check=True, env={"PATH": "/usr/bin:/bin"}
    )
    assert shell.stderr == b""
    found = dict(entry.split("=", 1) for entry in shell.stdout.decode().split("\0") if "=" in entry)
    assert {line.partition("=")[0] for line in lines} <= found.keys()
    monkeypatch.chdir(ROOT)
    for name, value in found.items():
        if value.startswith("["):
            monkeypatch.setenv(name, value)
            if name.startswith("ISSUES__"):
                assert settings.words(name.lower().replace("__", "."))
    assert dlt.config.get("http.backoff_seconds", list) == [4, 8, 16, 32, 60]
