"""The engine `torch`: sentence-transformers as it comes, the reference."""

import hashlib

import numpy as np
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from assay.mining.embed.model import MINILM, EmbeddingError, minilm
from assay.mining.embed.tokens import MAX_CHARACTERS


class Reference:
    """Any sentence-transformers model in float32, on a GPU when torch sees one.

    How a text is padded depends here on its neighbours, which may change the last bits of its
    vector; on OpenVINO it does not.
    """

    name = "torch"
    precision = "float32-reference"

    def __init__(self, model: str = MINILM) -> None:
        """Load the model by its name on the Hub or its folder.

        Raises EmbeddingError when there is no such model here and it cannot be downloaded.
        """
        weights = minilm() if model == MINILM else None
        try:
            self.transformer = SentenceTransformer(str(weights.folder) if weights else model)
        except (OSError, ValueError) as error:
            cause = str(error).strip().partition("\n")[0]
            raise EmbeddingError(f"EMBEDDING_MODEL {model} cannot be loaded: {cause}") from error
        self.model_id = f"{model}@{(weights.sha256 if weights else self._sha256())[:16]}"
        self.dimension = int(self.transformer.get_embedding_dimension() or 0)

    def vectors(self, texts: list[str]) -> NDArray[np.float32]:
        """Return the vectors of the texts, (n, dimension), before the last L2 norm."""
        capped = [text[:MAX_CHARACTERS] for text in texts]
        found = self.transformer.encode(capped, show_progress_bar=False)
        return np.asarray(found, np.float32)

    def reach(self, texts: list[str]) -> list[int]:
        """Return how many characters of each text fit into the model's word pieces."""
        most = self.transformer.max_seq_length
        tokenizer = self.transformer.tokenizer
        if most is None or not tokenizer.is_fast:  # a slow one does not tell where a piece ends
            return [len(text) for text in texts]
        found = tokenizer(
            [text[:MAX_CHARACTERS] for text in texts],
            truncation=True,
            max_length=most,
            return_offsets_mapping=True,
        )
        return [
            max(end for _, end in pieces) if len(pieces) >= most else min(len(text), MAX_CHARACTERS)
            for text, pieces in zip(texts, found["offset_mapping"], strict=True)
        ]

    def _sha256(self) -> str:
        """Return a hash of the weights themselves: a name says nothing of what is behind it."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self.transformer.state_dict().items()):
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().contiguous().float().numpy().tobytes())
        return digest.hexdigest()
