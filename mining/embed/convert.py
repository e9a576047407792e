"""The weights of the products in 8 bits, made once and kept on disk."""

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from assay.common import files

log = logging.getLogger(__name__)

Tensors = dict[str, NDArray]
VERSION = 1  # goes up when the same weights are converted otherwise
GROUP = 64  # weights that share a scale
_DIGEST = hashlib.sha256().digest_size


def uint8_weights(made: Tensors) -> Tensors:
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


def _names(made: Tensors) -> list[str]:
    return [name.removesuffix(".weight") for name in made if name.endswith(".weight")]
