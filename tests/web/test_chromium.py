"""How the tests find their browser, and what they say when there is none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT
from tests.web import chromium


def ask(path: Path, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the module with nothing but `path` to find programs in."""
    return subprocess.run(
        [sys.executable, "-m", "tests.web.chromium", *options],
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
    chromium_itself = program(tmp_path, "chromium")
    assert ask(tmp_path).stdout == f"{chromium_itself}\n"


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
    assert "python -m tests.web.chromium --install" in found.stderr


def test_install_runs_apt_get_and_finds_what_it_brought(tmp_path: Path) -> None:
    program(tmp_path, "env", 'shift; exec "$@"')
    program(tmp_path, "sudo", 'shift; exec "$@"')
    program(tmp_path, "true")
    browser = tmp_path / "chromium"
    brings = f"/bin/cp {tmp_path}/apt-get {browser}"
    script = f'echo "$@" >> {tmp_path}/asked; [ "$1" = update ] || {brings}'
    program(tmp_path, "apt-get", script)
    done = ask(tmp_path, "--install")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"{tmp_path}/chromium\n")
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[0].startswith("update")
    assert asked[1].startswith("install")
    assert asked[1].endswith(" chromium")


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
    with pytest.raises(chromium.NoChromiumError, match="needs root: run `sudo apt-get install"):
        chromium.commands()
