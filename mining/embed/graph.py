"""all-MiniLM-L6-v2 as an OpenVINO graph, straight from its tensors.

The model is BERT (Devlin et al. 2018, https://arxiv.org/abs/1810.04805) with 6 layers of 384
(Wang et al. 2020, https://arxiv.org/abs/2002.10957) and mean pooling over the pieces
(https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2). Only the products with weights
differ between the precisions, so the graph takes them as a function.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from assay.mining.embed.model import DIMENSION
from assay.mining.embed.runtime import op, ov

Tensors = dict[str, NDArray]
# Takes the (batch, length, inputs) node and the product's name, such as "0.qkv".
Product = Callable[[ov.Node, str], ov.Node]

LAYERS, HEADS = 6, 12
NORM_EPSILON = 1e-12  # layer_norm_eps of config.json
NEVER = -1e9  # added to the scores of padding before the softmax


def products(tensors: Tensors) -> Tensors:
    """Return the weights, (outputs, inputs), and biases, (outputs,), of the 24 products by name;
    query, key and value are one."""
    found: Tensors = {}
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}."
        parts = {
            "qkv": [f"attention.self.{one}" for one in ("query", "key", "value")],
            "out": ["attention.output.dense"],
            "up": ["intermediate.dense"],
            "down": ["output.dense"],
        }
        for name, own in parts.items():
            for kind in ("weight", "bias"):
                pieces = [tensors[f"{layer}{one}.{kind}"] for one in own]
                found[f"{number}.{name}.{kind}"] = np.concatenate(pieces)
    return found


def in_full(made: Tensors) -> Product:
    """Return the products with float32 weights."""

    def product(state: ov.Node, name: str) -> ov.Node:
        return _with_bias(
            op.matmul(state, _constant(made[f"{name}.weight"]), False, True), made, name
        )

    return product


def with_uint8_weights(made: Tensors) -> Product:
    """Return the products with the weights of convert.uint8_weights()."""

    def product(state: ov.Node, name: str) -> ov.Node:
        whole, zero = (
            op.convert(op.constant(made[f"{name}.{one}"]), "f32") for one in ("weight", "zero")
        )
        weight = op.multiply(op.subtract(whole, zero), _constant(made[f"{name}.scale"]))
        outputs = made[f"{name}.bias"].shape[0]
        weight = op.reshape(weight, _integers([outputs, -1]), False)
        return _with_bias(op.matmul(state, weight, False, True), made, name)

    return product


def graph(tensors: Tensors, product: Product) -> ov.Model:
    """Return the model: ids (b, l) int32 and lengths (b, 1) int32 to sums over pieces (b, 384)."""
    ids = op.parameter([-1, -1], np.int32, "ids")
    lengths = op.parameter([-1, 1], np.int32, "lengths")
    length = op.gather(op.shape_of(ids, "i32"), _integers(1), _integers(0))
    places = op.range(_integers(0), length, _integers(1), "i32")
    there = op.less(op.unsqueeze(places, _integers(0)), lengths)
    mask = op.unsqueeze(op.select(there, _constant(0.0), _constant(NEVER)), _integers([1, 2]))
    state = _embedded(tensors, ids, places)
    for number in range(LAYERS):
        state = _layer(tensors, product, number, state, mask)
    counted = op.unsqueeze(op.convert(there, "f32"), _integers(2))
    summed = op.reduce_sum(op.multiply(state, counted), _integers(1), False)
    return ov.Model([summed], [ids, lengths], "all-MiniLM-L6-v2")


def _embedded(tensors: Tensors, ids: ov.Node, places: ov.Node) -> ov.Node:
    words = op.gather(_constant(tensors["embeddings.word_embeddings.weight"]), ids, _integers(0))
    # Only the first sentence of BERT's two is ever used: its type vector is a constant.
    kind = tensors["embeddings.token_type_embeddings.weight"][0]
    table = _constant(tensors["embeddings.position_embeddings.weight"] + kind)
    state = op.add(words, op.unsqueeze(op.gather(table, places, _integers(0)), _integers(0)))
    return _normed(tensors, state, "embeddings.LayerNorm")


def _layer(
    tensors: Tensors, product: Product, number: int, state: ov.Node, mask: ov.Node
) -> ov.Node:
    qkv = op.split(product(state, f"{number}.qkv"), _integers(2), 3)
    seen = op.scaled_dot_product_attention(*(_heads(part) for part in qkv.outputs()), mask)
    seen = op.transpose(seen, _integers([0, 2, 1, 3]))
    seen = op.reshape(seen, _integers([0, 0, DIMENSION]), True)
    layer = f"encoder.layer.{number}."
    state = op.add(state, product(seen, f"{number}.out"))
    state = _normed(tensors, state, f"{layer}attention.output.LayerNorm")
    wide = op.gelu(product(state, f"{number}.up"), "erf")
    state = op.add(state, product(wide, f"{number}.down"))
    return _normed(tensors, state, f"{layer}output.LayerNorm")


def _heads(part: ov.Output) -> ov.Node:
    apart = op.reshape(part, _integers([0, 0, HEADS, DIMENSION // HEADS]), True)
    return op.transpose(apart, _integers([0, 2, 1, 3]))


def _normed(tensors: Tensors, state: ov.Node, name: str) -> ov.Node:
    even = op.mvn(state, _integers([-1]), True, NORM_EPSILON, "inside_sqrt")
    even = op.multiply(even, _constant(tensors[f"{name}.weight"].reshape(1, 1, -1)))
    return op.add(even, _constant(tensors[f"{name}.bias"].reshape(1, 1, -1)))


def _with_bias(state: ov.Node, made: Tensors, name: str) -> ov.Node:
    return op.add(state, _constant(made[f"{name}.bias"].reshape(1, 1, -1)))


def _constant(values: NDArray | float) -> ov.Node:
    return op.constant(np.ascontiguousarray(values, np.float32))


def _integers(values: int | list[int]) -> ov.Node:
    return op.constant(np.array(values, np.int32))
