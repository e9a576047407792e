"""The engine `openvino`: all-MiniLM-L6-v2 on a CPU, without torch.

It multiplies in bfloat16 where the processor does (AVX512-BF16, AMX), else with 8-bit weights and
8-bit activations scaled piece by piece in groups of 32. docs/decisions/embedding-engines.md has the
figures.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from assay.mining.embed import convert, graph
from assay.mining.embed.graph import Product, Tensors
from assay.mining.embed.model import DIMENSION, MINILM, Weights
from assay.mining.embed.runtime import ov
from assay.mining.embed.tokens import Pieces

TOKENS = 2048  # pieces per batch
# Below 96 pieces oneDNN multiplies 8-bit weights by another kernel on processors without AVX512,
# which changes last bits. Smaller batches are filled up with texts that are dropped again.
MIN_TOKENS = 128
ACTIVATIONS_SHARING_A_SCALE = 32
_BF16 = "BF16"


class OpenVino:
    """all-MiniLM-L6-v2 on OpenVINO's CPU plug-in.

    A text's vector does not depend on what else is in the call; another kind of processor may
    change its last bits.
    """

    name = "openvino"
    dimension = DIMENSION

    def __init__(
        self,
        weights: Weights,
        conversions: Path,
        *,
        threads: int | None = None,
        bfloat16: bool | None = None,
    ) -> None:
        """Build and compile the graph.

        conversions: the folder where converted weights are kept. threads: OpenVINO's choice when
        None. bfloat16: whether to multiply in it, what the processor can when None.
        """
        core = ov.Core()
        can = _BF16 in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        self._bfloat16 = can if bfloat16 is None else bfloat16
        self.model_id = f"{MINILM}@{weights.sha256[:16]}"
        self._pieces = Pieces(weights.folder)
        tensors = load_file(weights.file)
        product, self.precision = self._product(core, weights, tensors, conversions)
        model = graph.graph(tensors, product)
        self._request = _compiled(core, model, self._bfloat16, threads).create_infer_request()

    def vectors(self, texts: list[str]) -> NDArray[np.float32]:
        """Return the vectors of the texts, (n, 384), before the last L2 norm."""
        found = np.empty((len(texts), DIMENSION), np.float32)
        for batch in self._pieces.batches(texts, TOKENS):
            rows, length = batch.ids.shape
            filling = max(0, -(-MIN_TOKENS // length) - rows)
            ids = np.pad(batch.ids, ((0, filling), (0, 0)))
            lengths = np.pad(batch.lengths, (0, filling), constant_values=1)
            self._request.infer([ids, lengths[:, None]], share_inputs=True)
            summed = self._request.get_output_tensor(0).data[:rows]
            found[batch.rows] = summed / batch.lengths[:, None].astype(np.float32)
        return found

    def reach(self, texts: list[str]) -> list[int]:
        """Return how many characters of each text fit into the model's word pieces."""
        return self._pieces.reach(texts)

    def _product(
        self, core: ov.Core, weights: Weights, tensors: Tensors, conversions: Path
    ) -> tuple[Product, str]:
        """Return how to multiply, and the name of that precision."""
        made = graph.products(tensors)
        if self._bfloat16:
            return graph.in_full(made), "bfloat16"
        key = _key(weights, "int8-weights")
        uint8 = convert.kept(conversions, key, lambda: convert.uint8_weights(made))
        return graph.with_uint8_weights(uint8), "int8-weights"


def _compiled(
    core: ov.Core, model: ov.Model, bfloat16: bool, threads: int | None
) -> ov.CompiledModel:
    settings: dict[str, object] = {
        "INFERENCE_PRECISION_HINT": "bf16" if bfloat16 else "f32",
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": str(ACTIVATIONS_SHARING_A_SCALE),
        "NUM_STREAMS": "1",
    }
    if threads is not None:
        settings["INFERENCE_NUM_THREADS"] = threads
        # It binds its threads to processors, beginning with the first: processes with one thread
        # each would all wait for that one.
        settings["ENABLE_CPU_PINNING"] = False
    return core.compile_model(model, "CPU", settings)


def _key(weights: Weights, precision: str) -> str:
    version = ov.__version__.partition("-")[0]
    return f"{weights.sha256[:16]}-{precision}-openvino-{version}-v{convert.VERSION}"
