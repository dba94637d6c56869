#!/bin/bash
# Guess: the cosine of v and s v is 1 for every s > 0 down to where float32 squares underflow, in any library.
# Seen: torch's cosine_similarity raises each norm to 1e-8, so that a gradient of norm 5e-9 has cosine 0.5 with itself and
# one of 5e-12 has 0.0005; scikit-learn divides by 1 instead of the norm where the norm is below ten float32 epsilons
# (1.2e-6) and says 5e-8 for norm 5e-8; torchmetrics is right to about 1e-20 and then says infinity; SciPy is right
# throughout. None warns.
# Matters: gradients of a saturated loss are this small (1e-9 at a margin of 20). Their alignment comes out as 0, which reads
# like a finding; scale them first, or take SciPy's.
# Packages: torch 2.13.0 (a CPU build does), torchmetrics 1.9.0, scikit-learn 1.9.1, scipy 1.17.1.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" \
  torch==2.13.0 torchmetrics==1.9.0 scikit-learn==1.9.1 scipy==1.17.1 numpy==2.4.6
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import math
import sys

import scipy
import sklearn
import torch
import torchmetrics
from scipy.spatial.distance import cosine
from sklearn.metrics.pairwise import cosine_similarity
from torch.nn import functional

print("torch", torch.__version__, "torchmetrics", torchmetrics.__version__, "scikit-learn", sklearn.__version__,
      "scipy", scipy.__version__)
direction = torch.tensor([3.0, 4.0])  # norm 5
expected = {  # torch, torchmetrics, scikit-learn, scipy
    1e-6: (1, 1, 1, 1),
    1e-8: (1, 1, 5e-8, 1),
    1e-9: (0.5, 1, 5e-9, 1),
    1e-12: (5e-4, 1, 5e-12, 1),
    1e-25: (5e-17, math.inf, 5e-25, 1),
}
changed = False
for scale, row in expected.items():
    small = direction * scale
    seen = (
        functional.cosine_similarity(small, direction, dim=0).item(),
        torchmetrics.functional.cosine_similarity(small[None], direction[None], "mean").item(),
        cosine_similarity(small.numpy()[None], direction.numpy()[None]).item(),
        1 - cosine(small.numpy(), direction.numpy()),
    )
    same = all(math.isclose(a, b, rel_tol=0.05) for a, b in zip(seen, row))
    print(f"norm {5 * scale:g}: torch {seen[0]:.3g} torchmetrics {seen[1]:.3g} scikit-learn {seen[2]:.3g} "
          f"scipy {seen[3]:.3g}{'' if same else '   CHANGED'}")
    changed |= not same
sys.exit(changed)
PYTHON
