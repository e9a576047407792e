"""What `make run` and `make refresh` share: the lock of the project, and starting its commands."""

import math
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assay import warehouse
from assay.common import lock
from assay.warehouse import writer

AT_WORK = "another refresh or `make run` is at work here"


class ProjectBusyError(Exception):
    """Another command has the project; the message says which and what to do, in one line."""


@contextmanager
def exclusive_project(name: str) -> Iterator[int]:
    """Have the project alone; yield the lock's descriptor, which every step inherits.

    So the lock outlives a killed command until the step it had started has ended as well. Who comes
    second says so, as `name`, and waits: as long as it takes, or ASSAY_WAIT_SECONDS where that is
    set. Raises ProjectBusyError when the wait is over.
    """

    def say(owner: lock.Owner) -> None:
        sys.stdout.write(f"{name}: {AT_WORK}: waiting for it to end; it is {owner}\n")
        sys.stdout.flush()

    try:
        with lock.exclusive(
            warehouse.ROOT / ".make-run.lock", wait=writer.longest_wait(math.inf), say=say
        ) as descriptor:
            yield descriptor
    except lock.LockedError as error:
        raise ProjectBusyError(f"{AT_WORK}: wait for it to end; it is {error.owner}") from error
    except writer.BusyError as error:
        raise ProjectBusyError(str(error)) from error


def run_command(
    command: list[str], more: dict[str, str], descriptor: int | None, **options: Any
) -> "subprocess.CompletedProcess[Any]":
    """Run one command of the project in its root and wait for it.

    more: variables beside this process's. descriptor: of the lock that the command inherits.
    options: of subprocess.run.
    """
    found = shutil.which(command[0], path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    return subprocess.run(
        [found or command[0], *command[1:]],
        cwd=warehouse.ROOT,
        env=os.environ | more,
        pass_fds=() if descriptor is None else (descriptor,),
        check=False,
        **options,
    )
