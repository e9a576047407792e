"""The engines on OpenVINO, without torch: `exact`, `openvino` and `openvino-int8`.

`exact` multiplies in float32. `openvino` multiplies in bfloat16 where the processor does
(AVX512-BF16, AMX), else with 8-bit weights and 8-bit activations scaled piece by piece in groups of
32. `openvino-int8` multiplies all weights in 8 bits with ranges measured once.
docs/decisions/embedding-engines.md has the figures.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from assay.mining.embed import convert, graph
from assay.mining.embed.calibration import sentences
from assay.mining.embed.convert import Met
from assay.mining.embed.graph import Product, Tensors
from assay.mining.embed.model import DIMENSION, MAX_PIECES, MINILM, Weights
from assay.mining.embed.runtime import ov
from assay.mining.embed.tokens import Pieces

TOKENS = 2048  # pieces per batch
ACTIVATIONS_SHARING_A_SCALE = 32
ONE_PIECE_IN = 11  # of the trial is kept: all of them are gigabytes
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
            self._request.infer([batch.ids, batch.lengths[:, None]], share_inputs=True)
            summed = self._request.get_output_tensor(0).data
            found[batch.rows] = summed / batch.lengths[:, None].astype(np.float32)
        return found

    def _product(
        self, core: ov.Core, weights: Weights, tensors: Tensors, conversions: Path
    ) -> tuple[Product, str]:
        """Return how to multiply, and the name of that precision."""
        made = graph.products(tensors)
        if self._bfloat16:
            return graph.in_full(made), "bfloat16"
        key = _key(weights, "int8-weights")
        light = convert.kept(conversions, key, lambda: convert.light_weights(made))
        return graph.with_light_weights(light), "int8-weights"


class OpenVinoExact(OpenVino):
    """The same in float32."""

    name = "exact"

    def __init__(self, weights: Weights, conversions: Path, *, threads: int | None = None) -> None:
        """Build and compile the graph; nothing is converted."""
        super().__init__(weights, conversions, threads=threads, bfloat16=False)

    def _product(
        self, core: ov.Core, weights: Weights, tensors: Tensors, conversions: Path
    ) -> tuple[Product, str]:
        return graph.in_full(graph.products(tensors)), "float32-openvino"


class OpenVinoInt8(OpenVino):
    """The same with weights and activations in 8 bits, by ranges measured on built-in sentences."""

    name = "openvino-int8"

    def _product(
        self, core: ov.Core, weights: Weights, tensors: Tensors, conversions: Path
    ) -> tuple[Product, str]:
        made = graph.products(tensors)

        def eight_bits() -> Tensors:
            return convert.int8(made, _trial(core, tensors, made, self._pieces))

        small = convert.kept(conversions, _key(weights, "int8"), eight_bits)
        return graph.in_int8(small), "int8"


ON_OPENVINO = {kind.name: kind for kind in (OpenVinoExact, OpenVino, OpenVinoInt8)}


def _trial(core: ov.Core, tensors: Tensors, made: Tensors, pieces: Pieces) -> dict[str, Met]:
    """Run the built-in sentences in float32 and return what each product met there."""
    nodes: dict[str, ov.Node] = {}
    full = graph.in_full(made)

    def product(state: ov.Node, name: str) -> ov.Node:
        nodes[name] = state
        return full(state, name)

    model = graph.graph(tensors, product)
    model.add_outputs([node.output(0) for node in nodes.values()])
    compiled = _compiled(core, model, False, None)
    met: dict[str, list[Met]] = {name: [] for name in nodes}
    # Small batches: OpenVINO keeps the memory of each shape, and here nothing is thrown away.
    for batch in pieces.batches(sentences(), MAX_PIECES):
        found = compiled([batch.ids, batch.lengths[:, None]])
        there = np.arange(batch.ids.shape[1]) < batch.lengths[:, None]
        for place, name in enumerate(nodes, 1):
            seen = found[place][there]
            some = seen[len(met[name]) % ONE_PIECE_IN :: ONE_PIECE_IN].copy()  # not only [CLS]
            met[name].append(Met(seen.min(0), seen.max(0), some))
    return {name: _together(parts) for name, parts in met.items()}


def _together(parts: list[Met]) -> Met:
    low = np.min([part.low for part in parts], axis=0)
    high = np.max([part.high for part in parts], axis=0)
    return Met(low, high, np.concatenate([part.sample for part in parts]))


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
    return core.compile_model(model, "CPU", settings)


def _key(weights: Weights, precision: str) -> str:
    version = ov.__version__.partition("-")[0]
    return f"{weights.sha256[:16]}-{precision}-openvino-{version}-v{convert.VERSION}"
