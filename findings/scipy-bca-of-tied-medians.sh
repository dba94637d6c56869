#!/bin/bash
# Guess: where most values are equal, the bias-corrected bootstrap interval of a median is that one point, as the percentile
# interval is.
# Seen: (NaN, NaN) from SciPy's default method as soon as every resample has the same median, with 60 % equal values; the
# percentile method gives (0, 0). The same for an accuracy of 1 or 0; for 199 of 200 right it gives (0.971, 1), the
# percentile method (0.985, 1).
# Matters: median radii have such ties: misclassified images have radius 0, unbroken ones the largest radius tried. A table
# of intervals has its holes just at the weakest and the strongest models.
# Packages: scipy 1.17.1, numpy 2.4.6.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" scipy==1.17.1 numpy==2.4.6
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys

import numpy as np
import scipy
from scipy.stats import bootstrap

print("scipy", scipy.__version__, "numpy", np.__version__)
uniform = np.random.default_rng(0).random(200)


def radii(tied):
    return np.where(np.arange(200) < tied * 200, 0.0, uniform)


def right(count):
    return np.r_[np.ones(count), np.zeros(200 - count)]


nan = (np.nan, np.nan)
changed = False
for what, data, statistic, bca, percentile in (
    ("median radius, no ties", radii(0), np.median, (0.493, 0.621), (0.494, 0.622)),
    ("median radius, 60 % at 0", radii(0.6), np.median, nan, (0, 0)),
    ("median radius, 90 % at 0", radii(0.9), np.median, nan, (0, 0)),
    ("accuracy, 200 of 200", right(200), np.mean, nan, (1, 1)),
    ("accuracy, 199 of 200", right(199), np.mean, (0.971, 1), (0.985, 1)),
):
    seen = [
        tuple(bootstrap((data,), statistic, method=method, n_resamples=999, rng=1).confidence_interval)
        for method in ("BCa", "percentile")
    ]
    same = np.allclose(seen, [bca, percentile], atol=0.02, equal_nan=True)
    print(f"{what}: BCa ({seen[0][0]:.3f}, {seen[0][1]:.3f}), percentile ({seen[1][0]:.3f}, {seen[1][1]:.3f})"
          + ("" if same else "   CHANGED"))
    changed |= not same
sys.exit(changed)
PYTHON
