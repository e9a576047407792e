"""One package: in an installation `assay.extract`, `assay.mining`, ... are folders in this one.

In a checkout they stand beside it, where readers look for them.
"""

from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parent.parent
if (_CHECKOUT / "dbt_project.yml").is_file():
    __path__.append(str(_CHECKOUT))
