"""The Croissant description of a dataset, as GET /api/datasets/{id}/croissant gives it.

The form is that of https://docs.mlcommons.org/croissant/docs/croissant-spec.html as the Hub fills
it. A recorded item does not know its columns: they are those which its task usually has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
HUB = "https://huggingface.co"
CONFIG = "default"
FILES = f"parquet-files-for-config-{CONFIG}"
# Of 413,225 datasets that a public catalogue asked for, 66,131 had none, gated ones not counted.
WITHOUT = 0.16

_TERMS = """
    arrayShape citeAs column containedIn extract field fileObject fileProperty fileSet format
    includes isArray isLiveDataset jsonPath key md5 parentField path recordSet references regex
    repeated replace samplingRate separator source subField transform
"""
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
} | {term: f"cr:{term}" for term in _TERMS.split()}

COLUMNS = {
    "question-answering": {"question": "sc:Text", "context": "sc:Text"},
    "summarization": {"document": "sc:Text", "summary": "sc:Text"},
    "translation": {"source": "sc:Text", "target": "sc:Text"},
    "text-classification": {"text": "sc:Text", "label": "cr:Int64"},
    "image-classification": {"image": "sc:ImageObject", "label": "cr:Int64"},
    "automatic-speech-recognition": {"audio": "sc:AudioObject", "text": "sc:Text"},
}
USUAL = {"text": "sc:Text"}
# Tags that the Hub turns into keywords without what stands before the colon.
NAMED_KEYWORDS = ("task_categories", "language", "license", "size_categories", "format", "modality")


def has_croissant(item: dict[str, Any]) -> bool:
    """Whether the Hub could describe this dataset: its tags say so.

    An item recorded without tags says nothing: then it is drawn from the id, with the Hub's share.
    """
    tags = item.get("tags")
    if isinstance(tags, list) and tags:
        return "library:mlcroissant" in tags
    digest = hashlib.sha256(f"croissant {item['id']}".encode("utf-8", "surrogatepass")).digest()
    return digest[0] / 256 >= WITHOUT


def describe(item: dict[str, Any]) -> dict[str, Any]:
    """The JSON-LD of one recorded item of /api/datasets. Without a licence it has no `license`."""
    repo_id = item["id"]
    owner, _, name = repo_id.rpartition("/")
    tags = [tag for tag in _list(item.get("tags")) if isinstance(tag, str)]
    described = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "distribution": _distribution(repo_id),
        "recordSet": _record_sets(repo_id, _columns(tags)),
        "conformsTo": CONFORMS_TO,
        "name": name,
        "description": item.get("description") or "",
        "alternateName": [repo_id],
        "creator": {"@type": "Person", "name": owner or name, "url": f"{HUB}/{owner or name}"},
        "keywords": _keywords(tags),
        "url": f"{HUB}/datasets/{repo_id}",
    }
    licences = [tag.removeprefix("license:") for tag in tags if tag.startswith("license:")]
    if licences:
        described["license"] = f"https://choosealicense.com/licenses/{licences[0]}/"
    return described


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _keywords(tags: Iterable[str]) -> list[str]:
    pairs = (tag.partition(":") for tag in tags if not tag.startswith("library:"))
    return [tail if head in NAMED_KEYWORDS else head + mark + tail for head, mark, tail in pairs]


def _columns(tags: Iterable[str]) -> dict[str, str]:
    tasks = (tag.removeprefix("task_categories:") for tag in tags)
    return next((COLUMNS[task] for task in tasks if task in COLUMNS), USUAL)


def _distribution(repo_id: str) -> list[dict[str, Any]]:
    repo = {
        "@type": "cr:FileObject",
        "@id": "repo",
        "name": "repo",
        "description": "The Hugging Face git repository.",
        "contentUrl": f"{HUB}/datasets/{repo_id}/tree/refs%2Fconvert%2Fparquet",
        "encodingFormat": "git+https",
        # git has the hashes, so the Hub points at the discussion instead of giving one
        "sha256": "https://github.com/mlcommons/croissant/issues/80",
    }
    files = {
        "@type": "cr:FileSet",
        "@id": FILES,
        "containedIn": {"@id": "repo"},
        "encodingFormat": "application/x-parquet",
        "includes": f"{CONFIG}/*/*.parquet",
    }
    return [repo, files]


def _record_sets(repo_id: str, columns: dict[str, str]) -> list[dict[str, Any]]:
    splits, split_name = f"{CONFIG}_splits", f"{CONFIG}_splits/split_name"
    names = {
        "@type": "cr:RecordSet",
        "dataType": "cr:Split",
        "key": {"@id": split_name},
        "@id": splits,
        "name": splits,
        "description": f"Splits for the {CONFIG} config.",
        "field": [{"@type": "cr:Field", "@id": split_name, "dataType": "sc:Text"}],
        "data": [{split_name: "train"}],
    }
    rows = {
        "@type": "cr:RecordSet",
        "@id": CONFIG,
        "description": f"{repo_id} - '{CONFIG}' subset",
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{CONFIG}/{column}",
                "dataType": data_type,
                "source": {"fileSet": {"@id": FILES}, "extract": {"column": column}},
            }
            for column, data_type in columns.items()
        ],
    }
    return [names, rows]
