"""The weights of the products in 8 bits, made once and kept on disk.

`light_weights` stores weights in 8 bits and multiplies in more. `int8` quantizes activations too:
channels that stick out are divided down before and their weights multiplied up (SmoothQuant, Xiao
et al. 2023, https://arxiv.org/abs/2211.10438), and the mean error of each product is taken out of
its bias (Nagel et al. 2019, https://arxiv.org/abs/1906.04721).
"""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from assay.common import files

log = logging.getLogger(__name__)

Tensors = dict[str, NDArray]
VERSION = 1  # goes up when the same weights are converted otherwise
GROUP = 64  # weights that share a scale in light_weights
SMOOTH = 0.8  # 0.75 to 0.9 came out alike; 0.5, the paper's, was worse for this model
_DIGEST = hashlib.sha256().digest_size


@dataclass
class Met:
    """What a product met in a trial. low, high: of each input, over all pieces, (inputs,).
    sample: of some of the pieces, (pieces, inputs)."""

    low: NDArray[np.float32]
    high: NDArray[np.float32]
    sample: NDArray[np.float32]


def light_weights(made: Tensors) -> Tensors:
    """Return the products with weights as uint8 in groups of GROUP, (outputs, inputs / GROUP,
    GROUP), each group with its scale and its zero."""
    light: Tensors = {}
    for name in _names(made):
        weight = made[f"{name}.weight"]
        groups = weight.reshape(weight.shape[0], -1, GROUP)
        low = np.minimum(groups.min(2, keepdims=True), 0)
        high = np.maximum(groups.max(2, keepdims=True), 0)
        scale = np.where(high > low, (high - low) / 255, 1).astype(np.float32)
        zero = np.round(-low / scale)
        light[f"{name}.weight"] = np.round(groups / scale + zero).clip(0, 255).astype(np.uint8)
        light[f"{name}.zero"] = zero.astype(np.uint8)
        light[f"{name}.scale"] = scale
        light[f"{name}.bias"] = made[f"{name}.bias"]
    return light


def int8(made: Tensors, trial: dict[str, Met]) -> Tensors:
    """Return the products with int8 weights, one scale per output, and ranges of 256 steps for
    the activations, as the trial of each product by name suggests."""
    small: Tensors = {}
    for name in _names(made):
        weight, met = made[f"{name}.weight"], trial[name]
        smooth = _smoothing(np.maximum(-met.low, met.high), weight)
        bent = weight * smooth
        low, high = min((met.low / smooth).min(), 0.0), max((met.high / smooth).max(), 0.0)
        step = (high - low) / 255
        largest = np.abs(bent).max(1, keepdims=True)
        scale = np.where(largest > 0, largest / 127, 1).astype(np.float32)
        whole = np.round(bent / scale).clip(-127, 127)
        # OpenVINO moves the range so that 0 is one of its steps.
        low = np.round(low / step) * step
        seen = np.round((met.sample / smooth - low) / step).clip(0, 255) * step + low
        error = met.sample.mean(0) @ weight.T - seen.mean(0) @ (whole * scale).T
        small[f"{name}.weight"] = whole.astype(np.int8)
        small[f"{name}.scale"] = scale
        small[f"{name}.smooth"] = (1 / smooth).astype(np.float32).reshape(1, 1, -1)
        small[f"{name}.low"] = np.array(low, np.float32)
        small[f"{name}.high"] = np.array(low + 255 * step, np.float32)
        small[f"{name}.bias"] = (made[f"{name}.bias"] + error).astype(np.float32)
    return small


def kept(folder: Path, key: str, convert: Callable[[], Tensors]) -> Tensors:
    """Return what convert() makes, from the file `key` in the folder when it is there.

    The file begins with the sha256 of the rest; one that does not match is made again. It appears
    whole or not at all, so several processes may convert at once.
    """
    file = folder / f"{key}.bin"
    try:
        content = file.read_bytes()
        if hashlib.sha256(content[_DIGEST:]).digest() == content[:_DIGEST]:
            return load(content[_DIGEST:])
        log.warning("%s is damaged: converting the weights again", file)
    except FileNotFoundError:
        log.info("converting the weights, once: %s", file)
    except (OSError, SafetensorError) as error:
        log.warning("%s cannot be read (%s): converting the weights again", file, error)
    made = convert()
    content = save(made)
    file.parent.mkdir(parents=True, exist_ok=True)
    files.write(file, hashlib.sha256(content).digest() + content, mode=0o600)
    return made


def _smoothing(largest: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    weights = np.abs(weight).max(0) + 1e-6
    smooth = (largest + 1e-6) ** SMOOTH / weights ** (1 - SMOOTH)
    return (smooth / np.exp(np.log(smooth).mean())).astype(np.float32)


def _names(made: Tensors) -> list[str]:
    return [name.removesuffix(".weight") for name in made if name.endswith(".weight")]
