"""How the tests find their browser, and what they say when there is none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.programs import MissingError
from tests.publish.web.chromium import CHROMIUM
from tests.support import ROOT


def ask(path: Path, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the module with nothing but `path` to find programs in."""
    return subprocess.run(
        [sys.executable, "-m", "tests.publish.web.chromium", *options],
        cwd=ROOT,
        env={"PATH": str(path), **more},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def program(folder: Path, name: str, script: str = "exit 0") -> Path:
    """Write a program that does what a line of shell says."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_an_installed_browser_is_found_by_its_usual_names(tmp_path: Path) -> None:
    chrome = program(tmp_path, "google-chrome")
    found = ask(tmp_path)
    assert (found.returncode, found.stdout) == (0, f"{chrome}\n")
    for better in ("chromium", "chromium-headless-shell"):
        path = program(tmp_path, better)
        assert ask(tmp_path).stdout == f"{path}\n"


def test_the_environment_names_another_one_or_is_refused(tmp_path: Path) -> None:
    program(tmp_path, "chromium")
    other = program(tmp_path, "my-browser")
    assert ask(tmp_path, CHROMIUM=str(other)).stdout == f"{other}\n"
    missing = ask(tmp_path, "--install", CHROMIUM="/nowhere/chrome")
    assert missing.returncode == 1
    assert missing.stderr == (
        "CHROMIUM is /nowhere/chrome, which is no program: correct or unset it\n"
    )


def test_no_browser_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    found = ask(tmp_path)
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.count("\n") == 1
    assert "python -m tests.publish.web.chromium --install" in found.stderr


@pytest.mark.parametrize(
    ("there", "asked"),
    [
        ("chromium-headless-shell", ["chromium-headless-shell"]),
        ("chromium", ["chromium-headless-shell", "chromium"]),
    ],
)
def test_install_runs_apt_get_and_finds_what_it_brought(
    tmp_path: Path, there: str, asked: list[str]
) -> None:
    program(tmp_path, "env", 'shift; exec "$@"')
    program(tmp_path, "sudo", 'shift; exec "$@"')
    program(tmp_path, "true")
    script = (
        f'echo "$@" >> {tmp_path}/asked; for last; do :; done; [ "$1" = update ] && exit 0\n'
        f'[ "$last" = {there} ] || exit 100\n/bin/cp {tmp_path}/apt-get {tmp_path}/{there}'
    )
    program(tmp_path, "apt-get", script)
    done = ask(tmp_path, "--install")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"{tmp_path}/{there}\n")
    update, *installs = (tmp_path / "asked").read_text().splitlines()
    assert update.startswith("update")
    assert [line.split()[0] for line in installs] == ["install"] * len(asked)
    assert [line.split()[-1] for line in installs] == asked


def test_install_says_when_it_cannot_work(tmp_path: Path) -> None:
    nothing = ask(tmp_path, "--install")
    assert nothing.returncode == 1
    assert nothing.stderr.startswith("Chromium is installed by apt-get only, which is not here")
    program(tmp_path, "env", 'shift; exec "$@"')
    program(tmp_path, "apt-get", "exit 100")
    program(tmp_path, "sudo", 'shift; exec "$@"')
    program(tmp_path, "true")
    failed = ask(tmp_path, "--install")
    assert failed.returncode == 1
    assert "apt-get update --quiet` failed" in failed.stderr


def test_install_without_root_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program(tmp_path, "apt-get")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(MissingError, match="needs root: run `sudo apt-get install"):
        CHROMIUM.commands()
