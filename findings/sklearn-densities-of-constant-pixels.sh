#!/bin/bash
# Guess: pixels that are the same in every image (borders of digits) are neutral in a fitted density: dropped or nearly so.
# Seen, on scikit-learn's own digits, 3 of whose 64 pixels are always 0: FactorAnalysis floors their variance at 1e-12, so
# each adds 12.9 nats to every image's log-likelihood, and an image with one grey level of 255 on them loses 2e7; in
# GaussianMixture (reg_covar 1e-6) each adds 6 nats. PCA's score, of a probabilistic PCA with too many components, is a huge
# negative number, -inf, a plausible one or a LinAlgError, by the number of components and the solver.
# Matters: log-likelihoods of images compare models by their floors, and the score (the density's gradient) lies along
# constant pixels with a factor of 1e12: a cosine with an input gradient then says nothing of the image.
# Packages: scikit-learn 1.9.1, numpy 2.4.6, scipy 1.17.1.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" scikit-learn==1.9.1 scipy==1.17.1 numpy==2.4.6
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys

import numpy as np
import sklearn
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA, FactorAnalysis
from sklearn.mixture import GaussianMixture

print("scikit-learn", sklearn.__version__)
images = load_digits().data / 16
constant = images.std(0) == 0
varying = images[:, ~constant]
changed = False


def check(what, seen, low, high):
    global changed
    same = low <= seen <= high
    print(f"{what}: {seen:.5g}{'' if same else f'   CHANGED, was in [{low}, {high}]'}")
    changed |= not same


check("constant pixels", constant.sum(), 3, 3)
factors = FactorAnalysis(10).fit(images)
gain = (factors.score(images) - FactorAnalysis(10).fit(varying).score(varying)) / constant.sum()
check("FactorAnalysis, nats an image gains by a constant pixel", gain, 12.8, 13.0)
check("FactorAnalysis, their variance", factors.noise_variance_[constant].max(), 1e-12, 1e-12)
grey = images[:1].copy()
grey[:, constant] = 1 / 255
loss = factors.score_samples(images[:1])[0] - factors.score_samples(grey)[0]
check("FactorAnalysis, nats lost by one grey level on them", loss, 2.2e7, 2.4e7)
mixtures = [GaussianMixture(2, random_state=0).fit(x).score(x) for x in (images, varying)]
check("GaussianMixture, nats gained by a constant pixel", (mixtures[0] - mixtures[1]) / constant.sum(), 5.8, 6.2)

# The images span 61 dimensions, so that from 61 components on nothing is left for the noise.
check("PCA, 60 components, score", PCA(60).fit(images).score(images), 71, 73)
outcomes = []
for components in (61, 62, 63, 64):
    for solver in ("covariance_eigh", "full"):
        try:
            outcomes.append(PCA(components, svd_solver=solver).fit(images).score(images))
        except np.linalg.LinAlgError:
            outcomes.append(None)
        print(f"PCA, {components} components, {solver}:", "LinAlgError" if outcomes[-1] is None else f"{outcomes[-1]:.5g}")
# Rounding decides which is which; that there is no agreement is the finding.
known = [x for x in outcomes if x is not None]
disagree = not known or len(known) < len(outcomes) or max(known) - min(known) > 100
print("PCA, past the rank: the scores disagree or fail:", disagree)
sys.exit(changed or not disagree)
PYTHON
