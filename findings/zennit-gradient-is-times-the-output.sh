#!/bin/bash
# Guess: zennit's Gradient without an attr_output is the gradient of the largest logit, or of the sum of all.
# Seen: every logit's gradient is multiplied by the logit: the gradient of half the sum of squared logits. It depends on what is
# added to all logits, which no probability does: the cosine with the gradient of the largest logit is 0.85 for one network,
# 0.67 with 5 added to its logits and -0.56 with 15 taken away, where it points downhill. IntegratedGradients does the same.
# With a one-hot attr_output it is the largest logit's at any offset.
# Matters: it is the shortest way to an input gradient there; for relevance it is the right start, as a gradient it has another
# direction, and a norm that grows with the square of the logits' scale.
# Packages: torch 2.13.0 (a CPU build does), torchvision 0.28.0, zennit 0.5.1.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 pillow==13.0.0 numpy==2.4.6
python3 -m pip install --quiet --target "$site" --no-deps torchvision==0.28.0 zennit==0.5.1
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys
from importlib.metadata import version

import torch

try:
    import torchvision
except RuntimeError:  # its operators are built for another kind of PyTorch; none is used here
    operators = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        operators.define(name + "(Tensor boxes, Tensor scores, float iou_threshold) -> Tensor")
from zennit.attribution import Gradient, IntegratedGradients

print("torch", torch.__version__, "zennit", version("zennit"))
changed = False


def check(what, seen, expected, tolerance):
    global changed
    same = abs(seen - expected) <= tolerance
    print(f"{what}: {seen:.4f}{'' if same else f'   CHANGED, was {expected}'}")
    changed |= not same


torch.manual_seed(0)
network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 30), torch.nn.Softplus(), torch.nn.Linear(30, 10)).eval()
image = torch.rand(1, 3, 2, 2)
bias = network[3].bias.detach().clone()


def gradient(scalar):
    pixels = image.clone().requires_grad_()
    return torch.autograd.grad(scalar(network(pixels)), pixels)[0]


def cosine(a, b):
    return torch.cosine_similarity(a.flatten(), b.flatten(), 0).item()


def largest(logits):
    return torch.nn.functional.one_hot(logits.argmax(1), 10).to(logits)


for offset, expected, summed in ((0, 0.851, 0.483), (5, 0.670, 0.992), (-15, -0.563, -0.999)):
    with torch.no_grad():
        network[3].bias.copy_(bias + offset)
    with Gradient(network) as attributor:
        seen, chosen = attributor(image)[1], attributor(image, largest)[1]
    top = gradient(lambda logits: logits.max())
    squares = gradient(lambda logits: (logits**2).sum() / 2)
    print(f"{offset} added to all logits")
    check("  largest difference from the gradient of half the squares", (seen - squares).abs().max().item(), 0, 1e-5)
    check("  cosine with the gradient of the largest logit", cosine(seen, top), expected, 0.005)
    check("  the same with a one-hot attr_output", cosine(chosen, top), 1, 1e-4)
    check("  cosine with the gradient of the sum", cosine(seen, gradient(torch.sum)), summed, 0.005)
    with IntegratedGradients(network, n_iter=20) as attributor:
        path, chosen = attributor(image)[1], attributor(image, largest)[1]
    print(f"  IntegratedGradients: cosine with that of the largest logit {cosine(path, chosen):.4f}")
    changed |= cosine(path, chosen) > 0.97
sys.exit(changed)
PYTHON
