"""`make audit` never says that all is well when nothing was looked up."""

import json
from pathlib import Path
from typing import Any

import pytest

from assay.runs import audit

# The forms of pip-audit's own answers.
UNKNOWN = {"name": "left-pad", "skip_reason": "Dependency not found on PyPI"}
WELL = {"name": "numpy", "version": "2.3.5", "vulns": []}
ILL = {
    "name": "jinja2",
    "version": "2.4.1",
    "vulns": [{"id": "PYSEC-2019-217", "fix_versions": ["2.10.1"], "aliases": []}],
}


def tool(folder: Path, **answers: Any) -> str:
    """Write a pip-audit that answers for each service what it is told, or else fails as one."""
    (folder / "answers.json").write_text(json.dumps(answers))
    program = folder / "pip-audit"
    program.write_text(
        "#!/usr/bin/env python3\n"
        "import json, pathlib, sys\n"
        "service = sys.argv[sys.argv.index('--vulnerability-service') + 1]\n"
        "known = json.loads((pathlib.Path(__file__).parent / 'answers.json').read_text())\n"
        "if service not in known: sys.exit('ConnectionError: \\x1b[31mno such host')\n"
        "print(json.dumps({'dependencies': known[service]}))\n"
        "sys.exit(any(one.get('vulns') for one in known[service]))\n"
    )
    program.chmod(0o700)
    return str(program)


@pytest.mark.parametrize(
    ("answers", "code", "said"),
    [
        ({"pypi": [WELL, WELL]}, 0, "audit: 0 of 2 packages have known vulnerabilities (pypi)\n"),
        (
            {"pypi": [WELL, ILL]},
            1,
            "jinja2 2.4.1: PYSEC-2019-217, mended by 2.10.1\n"
            "audit: 1 of 2 packages have known vulnerabilities (pypi)\n",
        ),
        (
            {"pypi": [WELL, UNKNOWN]},
            0,
            "audit: 0 of 1 packages have known vulnerabilities (pypi); not looked up: left-pad\n",
        ),
        (
            {"pypi": [UNKNOWN], "osv": [WELL]},
            0,
            "audit: 0 of 1 packages have known vulnerabilities (osv)\n",
        ),
        (
            {"pypi": [UNKNOWN, UNKNOWN]},
            1,
            "audit: nothing was looked up (what answers for pypi knows none of the 2 packages; "
            "osv: ConnectionError: \\u001b[31mno such host): run it elsewhere\n",
        ),
    ],
)
def test_the_last_line_says_how_much_was_looked_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], answers: Any, code: int, said: str
) -> None:
    assert audit.main(["--tool", tool(tmp_path, **answers)]) == code
    assert "".join(capsys.readouterr()) == said


def test_without_pip_audit_one_line_says_how_to_get_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main(["--tool", "/no/such/pip-audit"]) == 1
    assert capsys.readouterr().err == (
        "audit: there is no /no/such/pip-audit: pip install pip-audit\n"
    )
