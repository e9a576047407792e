"""The sources of posts as the settings want them: who is asked, for what, how often."""

from importlib import import_module

from assay.common.post_sources import POST_SOURCES
from assay.extract import settings
from assay.extract.posts.post import Source
from assay.extract.settings import SettingError


def open_source(name: str) -> Source:
    """Return one source by its name.

    Raises NotConfiguredError when a credential is missing, SettingError for a setting that cannot
    be used.
    """
    module = POST_SOURCES[name].function.partition(":")[0]
    return import_module(f"assay.extract.posts.{module}").configured()


def chosen_sources() -> list[str]:
    """Return the names of the sources to collect, in the order of POST_SOURCES."""
    wanted = settings.words("issues.sources")
    for name in wanted:
        if name not in POST_SOURCES:
            raise SettingError(
                f"ISSUES__SOURCES: no source {name!r}, choose {', '.join(POST_SOURCES)}"
            )
    return [name for name in POST_SOURCES if name in wanted]
