"""A made catalog behind a server of files, and a Chromium that visits it."""

from tests.publish.catalog.site import browser, own_site, site, window, windows

__all__ = ["browser", "own_site", "site", "window", "windows"]
