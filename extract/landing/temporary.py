"""A run folder for whoever keeps none: read once, loaded from, and removed."""

import shutil
import tempfile
import weakref
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from assay.extract.landing.run_folder import RunFolder


class TemporaryReading:
    """What one reading of a source brought, shared by the dlt resources that load parts of it.

    The source is read when the first of them is asked for rows. The folder lies where the system
    keeps temporary files and goes with the last of them.
    """

    def __init__(self, read: Callable[[RunFolder], None]) -> None:
        self._read = read

    @cached_property
    def folder(self) -> RunFolder:
        """The folder with all that was read. Raises what reading raises."""
        path = tempfile.mkdtemp(prefix="assay-")
        weakref.finalize(self, shutil.rmtree, path, ignore_errors=True)
        folder = RunFolder.create(Path(path), {})
        self._read(folder)
        return folder
