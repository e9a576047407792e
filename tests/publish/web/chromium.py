"""Where a Chromium is on this machine, and how one gets there.

    python -m tests.publish.web.chromium            # print its path, or say in one line what to do
    python -m tests.publish.web.chromium --install  # by apt-get, where that can work

The browser is the system's: packages of a Python index carry none, and playwright's own downloads
from elsewhere. Chromium without windows of its own, where the system has it, needs half the time.
"""

import sys

from tests.programs import Program

CHROMIUM = Program(
    title="Chromium",
    names=(
        "chromium-headless-shell",
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
        "chrome",
        "microsoft-edge",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
    ),
    packages=("chromium-headless-shell", "chromium"),  # other systems may have the second only
    variable="CHROMIUM",
    purpose="the live page",
    module="tests.publish.web.chromium",
    others="Chromium or Google Chrome",
)

if __name__ == "__main__":
    sys.exit(CHROMIUM.main())
