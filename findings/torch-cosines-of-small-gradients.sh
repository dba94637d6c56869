#!/bin/bash
# Guess: a cosine does not depend on the length of a gradient, in float64 at any rate.
# Seen: PyTorch has three floors, and float64 does not lower them. cosine_similarity takes every norm for at least 1e-8,
# cosine_embedding_loss adds 1e-12 to the squares, which is felt from a norm of 1e-6, normalize stops at 1e-12. The gradient
# of a probability against its own direction has cosine 1.00, 1.00, 1.00 at a margin of 10 between two logits, then 1.00,
# 0.29, 1.00 at 15, 0.21, 0.00, 1.00 at 20 and 0.00, 0.00, 0.09 at 30.
# Matters: confident images seem not to be aligned; the mean over images falls with confidence, not with direction.
# Packages: torch 2.13.0 (a CPU build does).
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 numpy==2.4.6
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys

import torch
from torch.nn import functional

print("torch", torch.__version__)
torch.manual_seed(0)
direction = functional.normalize(torch.randn(1, 3072, dtype=torch.float64))
rows = {}
changed = False
for margin, expected in ((10, (1, 1, 1)), (15, (1, 0.29, 1)), (20, (0.206, 0.002, 1)), (30, (0, 0, 0.0936))):
    image = torch.zeros(1, 3072, dtype=torch.float64, requires_grad=True)
    other = torch.sigmoid((image * direction).sum() - margin)  # the probability of the class that is not predicted
    (gradient,) = torch.autograd.grad(other, image)
    seen = (
        functional.cosine_similarity(gradient, direction).item(),
        1 - functional.cosine_embedding_loss(gradient, direction, torch.ones(1)).item(),
        (functional.normalize(gradient) * functional.normalize(direction)).sum().item())
    same = all(abs(one - other) < 0.01 for one, other in zip(seen, expected))
    print(f"margin {margin}, norm {gradient.norm().item():.1e}: cosine_similarity {seen[0]:.4f}, "
          f"cosine_embedding_loss {seen[1]:.4f}, normalize {seen[2]:.4f}{'' if same else '   CHANGED'}")
    changed |= not same
sys.exit(changed)
PYTHON
