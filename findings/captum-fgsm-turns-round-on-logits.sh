#!/bin/bash
# Guess: captum's FGSM and PGD maximise the cross-entropy of a network that gives logits, as every other library's do.
# Seen: the default loss is -log of the target's output, made for probabilities. The derivative of log is 1 / z for negative
# z too, so nothing becomes NaN: where the label's logit is negative the attack raises it, and on log-probabilities, which
# are never positive, it does so for every image. With probabilities or a loss of one's own it attacks.
# Matters: a network looks robust, or improves under attack, and only a comparison with another library tells.
# Packages: torch 2.13.0 (a CPU build does), captum 0.9.0.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 captum==0.9.0 numpy==2.4.6
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys

import captum
import torch
from captum.robust import FGSM
from torch.nn import functional

print("torch", torch.__version__, "captum", captum.__version__)
weights = torch.tensor([[1.0, -1.0, 0.5], [-1.0, 1.0, -0.5]])
image = torch.tensor([[0.2, 0.7, 0.4]])  # logits -0.3 and 0.3


def logits(x):
    return x @ weights.T


def cross_entropy(logits, labels):
    return functional.cross_entropy(logits, labels, reduction="none")


def change(label, model, loss=None):
    """By how much the attack of size 0.05 moves the label's margin: a working attack lowers it by 0.25."""
    attacked = FGSM(model, loss_func=loss).perturb(image, 0.05, torch.tensor([label]))
    margins = [(2 * label - 1) * (z[0, 1] - z[0, 0]).item() for z in (logits(image), logits(attacked))]
    return margins[1] - margins[0]


changed = False
for what, model, loss, expected in (
    ("logits", logits, None, (0.25, -0.25)),
    ("log-probabilities", lambda x: functional.log_softmax(logits(x), 1), None, (0.25, 0.25)),
    ("probabilities", lambda x: functional.softmax(logits(x), 1), None, (-0.25, -0.25)),
    ("logits with cross-entropy given", logits, cross_entropy, (-0.25, -0.25)),
):
    seen = tuple(change(label, model, loss) for label in (0, 1))
    same = all(abs(a - b) < 1e-3 for a, b in zip(seen, expected))
    print(f"{what}: margin changes by {seen[0]:+.3f} (label's logit -0.3), {seen[1]:+.3f} (label's logit +0.3)"
          + ("" if same else "   CHANGED"))
    changed |= not same
sys.exit(changed)
PYTHON
