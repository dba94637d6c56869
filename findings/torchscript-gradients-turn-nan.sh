#!/bin/bash
# Guess: a scripted function has the gradients of the function, at the first call and at every later one.
# Seen: from the second call on TorchScript differentiates by formulas of its own. Images that are standardised one by one, 0.1
# added to the deviation, have the gradient 0 in PyTorch and at the first call where they are black or white, then NaN. So it is
# where clamp or relu cuts off before an infinite slope, sqrt(relu(x)), acos(clamp(x, -1, 1)): eager mode puts 0 there, the
# script multiplies infinity by 0. A deviation alone, or from the variance, stays.
# Matters: a network agrees to the bit with its script on the first batch, on which one compares, and has NaN on the next
# ones, for black, saturated or flat images alone.
# Packages: torch 2.13.0 (a CPU build does).
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 numpy==2.4.6
cat > "$site/scripted.py" <<'PYTHON'
"""A script's source has to lie in a file."""
import torch


def standardised(images: torch.Tensor) -> torch.Tensor:
    pixels = images.flatten(1)
    return (pixels - pixels.mean(1, keepdim=True)) / (pixels.std(1, keepdim=True) + 0.1)


def deviation(images: torch.Tensor) -> torch.Tensor:
    return images.flatten(1).std(1)


def variance(images: torch.Tensor) -> torch.Tensor:
    pixels = images.flatten(1)
    return (pixels - pixels.mean(1, keepdim=True)) / (pixels.var(1, keepdim=True) + 0.1)


def root(images: torch.Tensor) -> torch.Tensor:
    return torch.sqrt(torch.clamp(images - 0.5, min=0.0))


def rectified_root(images: torch.Tensor) -> torch.Tensor:
    return torch.sqrt(torch.relu(images - 0.5))


def angle(images: torch.Tensor) -> torch.Tensor:
    return torch.acos(torch.clamp(4 * images - 2, -1.0, 1.0))
PYTHON
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys

import scripted
import torch

print("torch", torch.__version__)
changed = False
torch.manual_seed(0)
images = torch.rand(4, 1, 6, 6) * 0.2 + 0.1
images[0] = 0.0  # black
images[1] = 1.0  # white


def gradient(function):
    pixels = images.clone().requires_grad_()
    outputs = function(pixels)
    cotangent = torch.linspace(0.5, 1.5, outputs.numel()).reshape(outputs.shape)
    return torch.autograd.grad((outputs * cotangent).sum(), pixels)[0]


for name, lost in (
    ("standardised", 2), ("deviation", 0), ("variance", 0), ("root", 3), ("rectified_root", 3), ("angle", 4),
):
    eager = gradient(getattr(scripted, name))
    script = torch.jit.script(getattr(scripted, name))
    calls = [gradient(script) for _ in range(4)]
    seen = [int(call.isnan().flatten(1).any(1).sum()) for call in calls]
    first = torch.equal(calls[0], eager)
    print(f"{name}: images with a NaN, by call: {seen}; "
          f"first call {'equal' if first else 'unequal'} to PyTorch's")
    same = first and not eager.isnan().any() and seen == [0, lost, lost, lost]
    if not same:
        print("  CHANGED, was", [0, lost, lost, lost])
        changed = True
sys.exit(changed)
PYTHON
