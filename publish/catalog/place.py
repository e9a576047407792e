"""Where the page and its data are."""

from pathlib import Path

from assay import warehouse

FOLDER = "catalog"
DATA = "catalog-data"


def folder() -> Path:
    """Return where the page with its data is: `catalog` in the folder of reports."""
    return warehouse.reports_dir() / FOLDER


def data() -> Path:
    """Return the folder of the data, which a server shows at /catalog-data beside the page."""
    return folder() / DATA
