"""`make audit`: the locked packages against the known vulnerabilities, by pip-audit.

    python -m assay.runs.audit --tool .venv-audit/bin/pip-audit

pip-audit ends well when it could look nothing up, as behind a mirror of the package index that does
not pass on vulnerabilities. So this counts what was really looked up. Exit codes: 0 nothing known,
1 something is known, or nothing could be looked up; 2 wrong usage.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from assay import warehouse
from assay.common.text import escape_control_chars

LOCK = "requirements-dev.txt"  # which names the other
SERVICES = ("pypi", "osv")  # the second has the same advisories at another address
SECONDS = 600


def main(argv: list[str] | None = None) -> int:
    """Audit the lock and say in one line what came of it; return the process's exit code."""
    parser = argparse.ArgumentParser(prog="python -m assay.runs.audit", description=__doc__)
    parser.add_argument("--tool", default="pip-audit", help="where pip-audit is")
    parser.add_argument("--lock", type=Path, default=warehouse.ROOT / LOCK, metavar="FILE")
    args = parser.parse_args(argv)
    why: list[str] = []
    for service in SERVICES:
        try:
            found = _ask(args.tool, args.lock, service)
        except FileNotFoundError:
            return _end(f"audit: there is no {args.tool}: pip install pip-audit")
        except (subprocess.SubprocessError, ValueError) as error:
            why.append(warehouse.first_line(error))
            continue
        known = [package for package in found if package.get("vulns")]
        missed = [package["name"] for package in found if "skip_reason" in package]
        if len(missed) < len(found):
            return _tell(known, missed, len(found), service)
        why.append(f"what answers for {service} knows none of the {len(found)} packages")
    return _end(f"audit: nothing was looked up ({'; '.join(why)}): run it elsewhere")


def _ask(tool: str, lock: Path, service: str) -> list[dict[str, Any]]:
    """Return pip-audit's finding for each package. Raises ValueError for an answer that is none."""
    result = subprocess.run(
        [
            tool,
            "--requirement",
            lock,
            "--no-deps",
            "--disable-pip",
            "--progress-spinner",
            "off",
            "--vulnerability-service",
            service,
            "--format",
            "json",
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    try:
        return json.loads(result.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = result.stderr.strip().splitlines()[-1:] or [f"exit code {result.returncode}"]
        raise ValueError(f"{service}: {escape_control_chars(last[0])[:120]}") from None


def _tell(known: list[dict[str, Any]], missed: list[str], all_of_them: int, service: str) -> int:
    for package in known:
        for one in package["vulns"]:
            cure = ", ".join(one.get("fix_versions") or ()) or "no version"
            line = f"{package['name']} {package['version']}: {one['id']}, mended by {cure}"
            sys.stdout.write(f"{escape_control_chars(line)}\n")
    unknown = f"; not looked up: {', '.join(missed)}" if missed else ""
    looked_up = all_of_them - len(missed)
    sys.stdout.write(
        f"audit: {len(known)} of {looked_up} packages have known vulnerabilities ({service})"
        f"{unknown}\n"
    )
    return 1 if known else 0


def _end(line: str) -> int:
    sys.stderr.write(f"{line}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
