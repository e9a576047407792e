"""`python -m publish.pocketbase`."""

import sys

from assay.publish.pocketbase.command import main

sys.exit(main())
