"""`python -m publish.catalog`."""

import sys

from assay.publish.catalog.command import main

if __name__ == "__main__":
    sys.exit(main())
