"""`python -m assay.refresh`: builds what an edit made stale."""

import sys

from assay.refresh.refresh import main

if __name__ == "__main__":
    sys.exit(main())
