#!/bin/bash
# Guess: for a confident image the gradient of the cross-entropy gets small, but keeps its direction until it underflows.
# Seen: in float32 p_label - 1 rounds to 0 from a margin of about 17 on, while the other classes' p stay above 0 until about
# 103. In between the gradient is that of the other logits alone, without minus the label's: for two classes with orthogonal
# weights the cosine with the exact direction is 0.707. The binary loss on one logit gives exactly 0 instead. bfloat16 has
# lost the label at a margin of 10.
# Matters: sign steps of an attack and cosines of log-probability gradients are taken along it. Margins above 17 are usual
# in well-trained networks. A margin or log-odds target, float64 (to about 37) or 1 - p as a sum of the others is exact.
# Packages: torch 2.13.0 (a CPU build does).
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 numpy==2.4.6
PYTHONPATH="$site" python3 - <<'PYTHON'
import math
import sys

import torch
from torch.nn import functional

print("torch", torch.__version__)
label = torch.tensor([0])


def gradient(margin, type):
    """Of the cross-entropy of logits (x0, x1) = (margin, 0) with label 0: the exact direction is (-1, 1)."""
    x = torch.tensor([[margin, 0.0]], dtype=type, requires_grad=True)
    return torch.autograd.grad(functional.cross_entropy(x, label), x)[0][0].double().tolist()


def cosine(vector):
    length = math.hypot(*vector)
    return (vector[1] - vector[0]) / (length * math.sqrt(2)) if length > 0 else math.nan


changed = False
for type, margin, expected in (
    (torch.float32, 10.0, 1.0),
    (torch.float32, 16.0, 0.9996),
    (torch.float32, 18.0, math.sqrt(0.5)),
    (torch.float32, 40.0, math.sqrt(0.5)),
    (torch.float32, 80.0, math.sqrt(0.5)),
    (torch.float32, 110.0, math.nan),
    (torch.float64, 30.0, 1.0),
    (torch.float64, 40.0, math.sqrt(0.5)),
    (torch.bfloat16, 10.0, math.sqrt(0.5)),
):
    vector = gradient(margin, type)
    seen = cosine(vector)
    same = math.isnan(seen) and math.isnan(expected) or abs(seen - expected) < 1e-3
    print(f"{str(type):14s} margin {margin:5.0f}: {vector}, cosine {seen:.4f}{'' if same else '   CHANGED'}")
    changed |= not same
z = torch.tensor([20.0], requires_grad=True)
(binary,) = torch.autograd.grad(functional.binary_cross_entropy_with_logits(z, torch.ones(1)), z)
print("binary cross-entropy of one logit 20:", binary.item())
sys.exit(changed or binary.item() != 0)
PYTHON
