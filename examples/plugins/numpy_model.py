#!/usr/bin/env python3
"""A plugin in plain numpy: a network of one hidden layer, with its gradient written by hand.

    pags-bench evaluate mlp.safetensors --task mnist --data DIR \\
        --plugin "python3 examples/plugins/numpy_model.py 1,28,28 {checkpoint}"

The checkpoint is a safetensors file with fc1.weight [hidden, pixels], fc1.bias, fc2.weight [classes, hidden], fc2.bias.
Pixels are taken as they are, in [0, 1].
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "python"))
import pags_bench_plugin  # first: from here on, what anything prints goes to standard error

import numpy as np

if len(sys.argv) != 3:
    sys.exit("usage: numpy_model.py C,H,W CHECKPOINT.safetensors")
shape = tuple(int(extent) for extent in sys.argv[1].split(","))
data = pathlib.Path(sys.argv[2]).read_bytes()
end = 8 + int.from_bytes(data[:8], "little")
entries = json.loads(data[8:end])


def tensor(name):
    first, last = entries[name]["data_offsets"]
    return np.frombuffer(data[end + first : end + last], "<f4").reshape(entries[name]["shape"])


w1, b1, w2, b2 = (tensor(name) for name in ("fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"))


def matmul(a, b):
    """One image at a time: a product over the whole batch would let an image's last bits depend on its neighbours."""
    return np.stack([row @ b for row in a])


def logits(images):
    hidden = matmul(images.reshape(len(images), -1), w1.T) + b1
    return matmul(np.maximum(hidden, 0), w2.T) + b2, (images.shape, hidden)


def vjp(state, cotangents):
    shape, hidden = state
    return matmul(matmul(cotangents, w2) * (hidden > 0), w1).reshape(shape)


pags_bench_plugin.serve(
    logits, vjp, input_shape=shape, classes=len(b2), id="numpy-mlp",
    parameters=w1.size + b1.size + w2.size + b2.size)
