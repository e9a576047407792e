"""Ids as people write them: addresses, revisions, paths of a disk, licences in words."""

import pytest

from assay.extract.enrichment.entities.licenses import license_facts
from assay.extract.enrichment.spdx import meant_by
from assay.extract.hub.names import is_on_disk, repository


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("new/elder", "new/elder"),
        ("gpt2", "gpt2"),
        ("https://huggingface.co/new/elder", "new/elder"),
        ("http://www.huggingface.co/new/elder/", "new/elder"),
        ("https://hf.co/new/elder", "new/elder"),
        ("HTTPS://HuggingFace.co/New/Elder", "New/Elder"),
        ("https://huggingface.co/datasets/rajpurkar/squad", "rajpurkar/squad"),
        ("hf://datasets/rajpurkar/squad@main", "rajpurkar/squad"),
        ("https://huggingface.co/new/elder/tree/main", "new/elder"),
        ("https://huggingface.co/new/elder/blob/main/README.md?download=true#top", "new/elder"),
        ("https://huggingface.co/new/elder.git", "new/elder"),
        ("new/elder@abc123", "new/elder"),
        ("datasets/squad", "squad"),
        ("models/new/elder", "new/elder"),
        ("https://example.org/new/elder", "https://example.org/new/elder"),
        ("words in between", "words in between"),
    ],
)
def test_a_written_id_means_one_repository(written: str, expected: str) -> None:
    assert repository(written) == expected
    assert repository(expected) == expected


@pytest.mark.parametrize(
    "written",
    [
        "/cache/models/x",
        "./output",
        "../elder",
        "~/models/x",
        "C:\\models\\x",
        "d:/models/x",
        "models\\x",
        "file:///home/x",
        "cache/huggingface/hub/x",
    ],
)
def test_a_path_of_a_disk_is_one(written: str) -> None:
    assert is_on_disk(written)


@pytest.mark.parametrize(
    "written", ["new/elder", "gpt2", "https://huggingface.co/new/elder/tree/main/x", "a b", ""]
)
def test_what_names_a_repository_or_nothing_is_no_path(written: str) -> None:
    assert not is_on_disk(written)


@pytest.mark.parametrize(
    ("written", "spdx_id"),
    [
        ("apache-2", "Apache-2.0"),
        ("Apache License 2.0", "Apache-2.0"),
        ("apache 2.0", "Apache-2.0"),
        ("apache-v2", "Apache-2.0"),
        ("bsd-3", "BSD-3-Clause"),
        ("BSD 3-Clause", "BSD-3-Clause"),
        ("cc0", "CC0-1.0"),
        ("CC BY-NC 4.0", "CC-BY-NC-4.0"),
        ("gpl-3.0-or-later", "GPL-3.0-or-later"),
        ("GPLv3", "GPL-3.0"),
        ("The MIT License", "MIT"),
        ("mit or apache-2.0", "MIT OR Apache-2.0"),
        # Which version is not said, or it is no licence of the list.
        ("apache", None),
        ("cc-by", None),
        ("lgpl", None),
        ("openrail", None),
        ("llama3.1", None),
        ("other", None),
        ("unknown", None),
        ("proprietary", None),
        ("", None),
    ],
)
def test_a_licence_in_words_is_the_spdx_id_that_it_means(written: str, spdx_id: str | None) -> None:
    assert meant_by(written) == spdx_id


def test_the_hubs_own_name_comes_before_another_spelling() -> None:
    of_the_hub = {"license:gpl": "GNU General Public License family"}
    assert license_facts("gpl", of_the_hub) == {
        "name": "GNU General Public License family",
        "family": "gpl",
    }
    written = license_facts("apache-2", {})
    assert written is not None and written == license_facts("apache-2.0", {})
    several = license_facts("mit or apache-2.0", {})
    assert several == {"spdx_id": "MIT OR Apache-2.0", "name": "MIT OR Apache-2.0"}
