#!/bin/bash
# Guess: PyTorch's forward-mode derivative (jvp) is the transpose of its reverse-mode one (vjp) everywhere, at kinks too.
# Seen: at a kink they differ for PReLU (weight in reverse, 1 forward), fmax (the first of two equal values in reverse, the
# second forward), LPPool of zeros and atan2(0, 0) (0 in reverse, NaN forward). No warning.
# Matters: tangent-space sensitivities are taken by jvp, input gradients by vjp, and one is tested against the other. Zeros
# are no rarity: convolutions without bias and pools meet them on every black background.
# Packages: torch 2.13.0 (a CPU build does).
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 numpy==2.4.6
PYTHONPATH="$site" python3 - <<'PYTHON'
import sys

import torch
from torch.nn import functional

print("torch", torch.__version__)
slope = torch.tensor([0.25])
cases = {
    "PReLU at 0": (lambda x: functional.prelu(x, slope), [0.0], [0.25], [1.0]),
    "fmax of (1, 1)": (lambda x: torch.fmax(x[:1], x[1:]), [1.0, 1.0], [1.0, 0.0], [0.0, 1.0]),
    "LPPool2d of zeros": (
        lambda x: functional.lp_pool2d(x.view(1, 1, 2, 2), 2, 2).flatten(), [0.0] * 4, [0.0] * 4, [float("nan")] * 4),
    "atan2(0, 0)": (lambda x: torch.atan2(x[:1], x[1:]), [0.0, 0.0], [0.0, 0.0], [float("nan")] * 2),
    # Controls, where the two agree.
    "leaky ReLU at 0": (functional.leaky_relu, [0.0], [0.01], [0.01]),
    "amax of (1, 1)": (lambda x: x.amax(0, keepdim=True), [1.0, 1.0], [0.5, 0.5], [0.5, 0.5]),
    "norm of zeros": (lambda x: x.norm().view(1), [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]),
}
changed = False
for name, (function, place, reverse, forward) in cases.items():
    x = torch.tensor(place)
    rows = torch.func.jacrev(function)(x).flatten(), torch.func.jacfwd(function)(x).flatten()
    same = all(
        torch.allclose(row, torch.tensor(expected), equal_nan=True) for row, expected in zip(rows, (reverse, forward)))
    print(f"{name:18s} reverse {rows[0].tolist()} forward {rows[1].tolist()}{'' if same else '   CHANGED'}")
    changed |= not same
sys.exit(changed)
PYTHON
