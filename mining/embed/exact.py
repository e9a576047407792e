"""The engine `exact` with a GPU or without OpenVINO: float32 in plain torch, no transformers.

The model is BERT (Devlin et al. 2018, https://arxiv.org/abs/1810.04805) with 6 layers of 384
(Wang et al. 2020, https://arxiv.org/abs/2002.10957), mean pooling over the pieces, and L2 norm
(https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2). What makes it faster than
sentence-transformers is only the batches: of one length, and of as many pieces as the caches like.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from assay.mining.embed.model import DIMENSION, MINILM, Weights
from assay.mining.embed.tokens import Batch, Pieces

LAYERS, HEADS = 6, 12
NORM_EPSILON = 1e-12  # layer_norm_eps of config.json
TOKENS_CPU, TOKENS_GPU = 2048, 65_536  # pieces per batch


@dataclass(frozen=True)
class _Layer:
    """The tensors of one layer; query, key and value are one product."""

    qkv: tuple[Tensor, Tensor]
    out: tuple[Tensor, Tensor]
    out_norm: tuple[Tensor, Tensor]
    up: tuple[Tensor, Tensor]
    down: tuple[Tensor, Tensor]
    down_norm: tuple[Tensor, Tensor]


class Exact:
    """all-MiniLM-L6-v2 in float32, on a GPU when torch sees one."""

    name = "exact"
    precision = "float32-torch"
    dimension = DIMENSION

    def __init__(self, weights: Weights) -> None:
        """Load the weights (about 90 MB)."""
        self.model_id = f"{MINILM}@{weights.sha256[:16]}"
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._tokens = TOKENS_GPU if self.device.type == "cuda" else TOKENS_CPU
        self._pieces = Pieces(weights.folder)
        tensors = load_file(weights.file, device=str(self.device))
        beginning = "embeddings."
        self._words = tensors[f"{beginning}word_embeddings.weight"]
        # Only the first sentence of BERT's two is ever used: its type vector is a constant.
        kind = tensors[f"{beginning}token_type_embeddings.weight"][0]
        self._places = tensors[f"{beginning}position_embeddings.weight"] + kind
        self._norm = _pair(tensors, f"{beginning}LayerNorm")
        self._layers = [_layer(tensors, f"encoder.layer.{number}.") for number in range(LAYERS)]

    def vectors(self, texts: list[str]) -> NDArray[np.float32]:
        """Return the vectors of the texts, (n, 384), before the last L2 norm."""
        found = np.empty((len(texts), DIMENSION), np.float32)
        with torch.inference_mode():
            for batch in self._pieces.batches(texts, self._tokens):
                found[batch.rows] = self._forward(batch).cpu().numpy()
        return found

    def _forward(self, batch: Batch) -> Tensor:
        ids = torch.from_numpy(batch.ids).to(self.device)
        lengths = torch.from_numpy(batch.lengths).to(self.device)
        rows, length = ids.shape
        there = torch.arange(length, device=self.device) < lengths[:, None]
        whole = int(batch.lengths.min()) == length
        mask = None if whole else there[:, None, None, :].expand(rows, 1, length, length)
        state = functional.embedding(ids, self._words) + self._places[:length]
        state = functional.layer_norm(state, (DIMENSION,), *self._norm, NORM_EPSILON)
        for layer in self._layers:
            state = _through(layer, state, mask)
        return (state * there[:, :, None]).sum(1) / lengths[:, None]


def _through(layer: _Layer, state: Tensor, mask: Tensor | None) -> Tensor:
    rows, length, _ = state.shape
    qkv = functional.linear(state, *layer.qkv)
    heads = qkv.view(rows, length, 3, HEADS, DIMENSION // HEADS).permute(2, 0, 3, 1, 4)
    seen = functional.scaled_dot_product_attention(heads[0], heads[1], heads[2], attn_mask=mask)
    seen = seen.transpose(1, 2).reshape(rows, length, DIMENSION)
    state = state + functional.linear(seen, *layer.out)
    state = functional.layer_norm(state, (DIMENSION,), *layer.out_norm, NORM_EPSILON)
    wide = functional.gelu(functional.linear(state, *layer.up))
    state = state + functional.linear(wide, *layer.down)
    return functional.layer_norm(state, (DIMENSION,), *layer.down_norm, NORM_EPSILON)


def _layer(tensors: dict[str, Tensor], name: str) -> _Layer:
    own = f"{name}attention.self."
    three = [_pair(tensors, f"{own}{part}") for part in ("query", "key", "value")]
    return _Layer(
        qkv=(torch.cat([one[0] for one in three]), torch.cat([one[1] for one in three])),
        out=_pair(tensors, f"{name}attention.output.dense"),
        out_norm=_pair(tensors, f"{name}attention.output.LayerNorm"),
        up=_pair(tensors, f"{name}intermediate.dense"),
        down=_pair(tensors, f"{name}output.dense"),
        down_norm=_pair(tensors, f"{name}output.LayerNorm"),
    )


def _pair(tensors: dict[str, Tensor], name: str) -> tuple[Tensor, Tensor]:
    return tensors[f"{name}.weight"], tensors[f"{name}.bias"]
