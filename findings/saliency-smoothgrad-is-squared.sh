#!/bin/bash
# Guess: the library of SmoothGrad's authors returns the mean of gradients over noisy images; `magnitude` concerns the picture.
# Seen: GetSmoothedMask of saliency is the mean of their squares by default (magnitude=True), colour by colour, for every method:
# no entry is negative, and the masks of two functions with opposite gradients have a cosine of 1. That with the exact gradient
# of a linear function is -0.12. A gradient that changes its sign within the noise has a mean of 0.5 instead of one near 0.
# Matters: papers say SmoothGrad and mean either. The squares have another unit, rank pixels otherwise, keep the noise that
# averaging is there to remove, and cannot be compared with a score or a direction.
# Packages: saliency 0.2.1, scikit-image 0.26.0, numpy 2.4.6.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" saliency==0.2.1 scikit-image==0.26.0 numpy==2.4.6
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys
from importlib.metadata import version

import numpy as np
import saliency.core as saliency

print("saliency", version("saliency"))
changed = False


def check(what, seen, expected, tolerance):
    global changed
    same = abs(seen - expected) <= tolerance
    print(f"{what}: {seen:.3f}{'' if same else f'   CHANGED, was {expected}'}")
    changed |= not same


image = np.random.default_rng(0).uniform(0.2, 0.8, (16, 16, 3)).astype(np.float32)
weights = np.random.default_rng(1).normal(size=image.shape).astype(np.float32)


def linear(sign):
    def gradients(images, call_model_args=None, expected_keys=None):
        return {saliency.INPUT_OUTPUT_GRADIENTS: np.broadcast_to(sign * weights, np.asarray(images).shape)}

    return gradients


def waves(images, call_model_args=None, expected_keys=None):
    """Gradients that change their sign many times within the noise: a mean over draws is near 0."""
    return {saliency.INPUT_OUTPUT_GRADIENTS: np.cos(200 * np.asarray(images))}


def cosine(a, b):
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))


for kind in (saliency.GradientSaliency, saliency.IntegratedGradients):
    name, method = kind.__name__, kind()
    np.random.seed(0)
    exact = method.GetMask(image, linear(1))
    squared = method.GetSmoothedMask(image, linear(1))
    opposite = method.GetSmoothedMask(image, linear(-1))
    plain = method.GetSmoothedMask(image, linear(1), magnitude=False)
    if kind is saliency.GradientSaliency:
        check(f"{name}, smoothed, over the squared gradient", float((squared / exact**2).mean()), 1, 1e-3)
    check(f"{name}, smoothed: smallest entry is negative", float(squared.min() < 0), 0, 0)
    check("  cosine with the exact one", cosine(squared, exact), -0.15, 0.1)
    check("  cosine with the one of the opposite function", cosine(squared, opposite), 1, 0.05)
    check("  magnitude=False, cosine with the exact one", cosine(plain, exact), 1, 0.02)
np.random.seed(0)
method = saliency.GradientSaliency()
check("waves, mean absolute entry", float(np.abs(method.GetSmoothedMask(image, waves)).mean()), 0.5, 0.02)
check("  magnitude=False", float(np.abs(method.GetSmoothedMask(image, waves, magnitude=False)).mean()), 0.11, 0.03)
sys.exit(changed)
PYTHON
