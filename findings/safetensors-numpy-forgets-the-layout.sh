#!/bin/bash
# Guess: safetensors.numpy writes the values of an array, or refuses one that is not laid out in rows, as safetensors.torch does.
# Seen: it writes the memory in its order under the shape of the view: `weight.T` comes back with other values, in silence, of the
# right shape, sum and norm; so does an array in Fortran order. The documentation asks for contiguous arrays, nothing checks;
# another byte order is taken care of. safetensors.torch refuses a transposed tensor, but writes what `conj()` returns, which is
# lazy, without the conjugation.
# Matters: weights are transposed on the way between PyTorch and JAX, Keras or ONNX. Loading is strict and passes, statistics of
# the weights agree; what is left is a network at chance. np.ascontiguousarray helps.
# Packages: torch 2.13.0 (a CPU build does), safetensors 0.8.0.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 safetensors==0.8.0 numpy==2.4.6
PYTHONPATH="$site" python3 -W ignore - "$site/weights.safetensors" <<'PYTHON'
import sys

import numpy as np
import safetensors
import torch
from safetensors import numpy as of_numpy
from safetensors import torch as of_torch

print("torch", torch.__version__, "safetensors", safetensors.__version__)
file = sys.argv[1]
torch.manual_seed(0)
changed = False


def check(what, seen, expected):
    global changed
    print(f"{what}: {seen}{'' if seen == expected else f'   CHANGED, was {expected}'}")
    changed |= seen != expected


def back(array):
    of_numpy.save_file({"weight": array}, file)
    return of_numpy.load_file(file)["weight"]


layer = torch.nn.Linear(64, 10)
weight = layer.weight.detach().numpy()
kernel = weight.T  # [inputs, outputs], as JAX and Keras have it
read = back(kernel)
check("transposed: same shape", read.shape == kernel.shape, True)
check("  same values", np.array_equal(read, kernel), False)
check("  the same values in another order", np.array_equal(np.sort(read, axis=None), np.sort(kernel, axis=None)), True)
check("  they are the memory, row by row", np.array_equal(read, weight.reshape(kernel.shape)), True)
filters = torch.nn.Conv2d(3, 8, 3).weight.detach().numpy().transpose(2, 3, 1, 0)  # [height, width, in, out]
check("filters for JAX: same values", np.array_equal(back(filters), filters), False)
check("in Fortran order: same values", np.array_equal(back(np.asfortranarray(weight)), weight), False)
check("big-endian: same values", np.array_equal(back(weight.astype(">f4")), weight), True)
check("np.ascontiguousarray: same values", np.array_equal(back(np.ascontiguousarray(kernel)), kernel), True)

inputs = torch.rand(1000, 64)
labels = layer(inputs).argmax(1).numpy()
answers = (inputs.numpy() @ read + layer.bias.detach().numpy()).argmax(1)
agreement = float((answers == labels).mean())
print(f"predictions of the layer and of the one read back that agree: {agreement:.3f}")
changed |= agreement > 0.5

try:
    of_torch.save_file({"weight": layer.weight.detach().T}, file)
    refused = False
except ValueError:
    refused = True
check("safetensors.torch refuses the transposed tensor", refused, True)
waves = torch.fft.fft(torch.rand(8))
for name, tensor, same in (("conjugated", waves.conj(), False), ("conjugated for good", waves.conj().resolve_conj(), True)):
    of_torch.save_file({"weight": tensor}, file)
    check(f"safetensors.torch, {name}: same values", torch.equal(of_torch.load_file(file)["weight"], tensor), same)
sys.exit(changed)
PYTHON
