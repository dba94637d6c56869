#!/bin/bash
# Guess: one Keras network computes one function, on PyTorch and on JAX; average pooling with padding "same" leaves padding out.
# Seen: it does on JAX. On PyTorch, where the padding is uneven (even sides, 3 x 3, stride 2), the last line and column are repeated
# and counted: of four pixels, one of them 4 and the others 1, the mean is 2.33 and not 1.75. Of images in [0, 1] the outermost
# windows differ by up to 0.21. Even padding agrees, and so do windows of 2, by chance. UpSampling2D with "bicubic" has the
# coefficient -0.75 on PyTorch and -0.5 on JAX (0.07 apart); bilinear agrees.
# Matters: the backend is an environment variable and no part of a saved model. A network that was trained on one is another on
# the second, in silence, along two edges of every picture, and an ONNX file is that of the backend which wrote it.
# Packages: keras 3.15.1, torch 2.13.0 (a CPU build does), jax 0.10.2.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 keras==3.15.1 jax==0.10.2 h5py==3.16.0 numpy==2.4.6
cat > "$site/layers.py" <<'PYTHON'
"""Writes values and gradients of layers on one backend."""
import sys

import keras
import numpy as np
from keras import layers

images = np.random.default_rng(0).uniform(size=(2, 16, 16, 3)).astype(np.float32)
corner = np.ones((1, 4, 4, 1), np.float32)
corner[0, 3, 3, 0] = 4
found = {}


def gradient(layer, inputs):
    """That of the sum of squares, and the values."""
    if keras.backend.backend() == "torch":
        import torch

        leaf = torch.tensor(inputs, requires_grad=True)
        values = layer(leaf)
        (values**2).sum().backward()
        return values.detach().numpy(), leaf.grad.numpy()
    import jax

    slope = jax.grad(lambda pixels: (layer(pixels) ** 2).sum())(inputs)
    return np.asarray(layer(inputs)), np.asarray(slope)


for name, layer in (
    ("average 3 stride 2", layers.AveragePooling2D(3, 2, padding="same")),
    ("average 4 stride 2", layers.AveragePooling2D(4, 2, padding="same")),
    ("average 4 stride 1", layers.AveragePooling2D(4, 1, padding="same")),
    ("average 3 stride 1", layers.AveragePooling2D(3, 1, padding="same")),
    ("average 2 stride 2", layers.AveragePooling2D(2, 2, padding="same")),
    ("max 3 stride 2", layers.MaxPooling2D(3, 2, padding="same")),
    ("bicubic", layers.UpSampling2D(2, interpolation="bicubic")),
    ("bilinear", layers.UpSampling2D(2, interpolation="bilinear")),
):
    found[name], found[name + ", gradient"] = gradient(layer, images)
found["corner"] = gradient(layers.AveragePooling2D(3, 2, padding="same"), corner)[0]
np.savez(sys.argv[1], **found)
PYTHON
for backend in torch jax; do
  KERAS_BACKEND=$backend PYTHONPATH="$site" python3 -W ignore "$site/layers.py" "$site/$backend.npz"
done
PYTHONPATH="$site" python3 -W ignore - "$site" <<'PYTHON'
import sys
from importlib.metadata import version

import numpy as np

print(*(f"{name} {version(name)}" for name in ("keras", "torch", "jax")))
a, b = (np.load(f"{sys.argv[1]}/{backend}.npz") for backend in ("torch", "jax"))
changed = False


def check(what, seen, expected, tolerance):
    global changed
    same = abs(float(seen) - expected) <= tolerance
    print(f"{what}: {float(seen):.4f}{'' if same else f'   CHANGED, was {expected}'}")
    changed |= not same


check("3 x 3 stride 2, the last window of a picture with a corner of 4, PyTorch", a["corner"][0, 1, 1, 0], 21 / 9, 1e-3)
check("  JAX", b["corner"][0, 1, 1, 0], 7 / 4, 1e-3)
for name, expected in (
    ("average 3 stride 2", 0.13), ("average 4 stride 2", 0), ("average 4 stride 1", 0.21), ("average 3 stride 1", 0),
    ("average 2 stride 2", 0), ("max 3 stride 2", 0), ("bicubic", 0.07), ("bilinear", 0),
):
    check(f"{name}, largest difference", np.abs(a[name] - b[name]).max(), expected, 0.01 if expected else 1e-5)
    slopes = (np.linalg.norm(grids[name + ", gradient"]) for grids in (a, b))
    print("  norms of the gradients", *(f"{slope:.4f}" for slope in slopes))
sys.exit(changed)
PYTHON
