#!/bin/bash
# Guess: where a smoothed classifier abstains, prediction and certificate agree, or one of them says so in a way that is counted.
# Seen: in ART, `certify` answers -1, and `predict` a row of zeros, whose argmax is class 0. With the default of 32 draws and an
# alpha of 0.001 a winner needs 26 votes of 32. Of ten classes with one exact share of 0.74
# each, 0.80 of the images are rows of zeros; by argmax class 0 is right for 1.00 of its images and the others for 0.21. With
# alpha=1, which never abstains, 0.99 are right.
# Matters: what ART's attacks and examples call accuracy is argmax of `predict`. An unsure image counts for the network if it is of
# class 0 and against it if not, an attack without labels starts from class 0, and what only became unsure counts as broken.
# Packages: torch 2.13.0 (a CPU build does), adversarial-robustness-toolbox 1.20.1, statsmodels 0.15.0.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 scipy==1.17.1 scikit-learn==1.9.1 statsmodels==0.15.0 six tqdm numpy==2.4.6
python3 -m pip install --quiet --target "$site" --no-deps adversarial-robustness-toolbox==1.20.1
TQDM_DISABLE=1 PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import logging
import sys
from importlib.metadata import version

import numpy as np
import torch

logging.disable(logging.CRITICAL)
from art.estimators.certification.randomized_smoothing import PyTorchRandomizedSmoothing

print("torch", torch.__version__, "adversarial-robustness-toolbox", version("adversarial-robustness-toolbox"))
changed = False


def check(what, seen, expected, tolerance=0.06):
    global changed
    same = abs(float(seen) - expected) <= tolerance
    print(f"{what}: {float(seen):.3f}{'' if same else f'   CHANGED, was {expected}'}")
    changed |= not same


class Pairs(torch.nn.Module):
    """Ten classes: five pixels against grey, each bright (even classes) or dark (odd ones); the pixel that is on decides."""

    def forward(self, images):
        pixels = images.flatten(1)
        on, slope = pixels[:, 5:], 20 * (pixels[:, :5] - 0.5)
        return (torch.stack([slope, -slope], 2) + 1000 * on[:, :, None]).flatten(1)


labels = np.arange(200) % 10
images = np.full((200, 1, 2, 5), 0.5, np.float32)
images[:, 0, 1] = 0
for image, label in zip(images, labels):
    image[0, 0, label // 2] += 0.16 if label % 2 == 0 else -0.16  # 0.64 of the noise's deviation: a share of 0.74
    image[0, 1, label // 2] = 10


def smoothed(alpha):
    np.random.seed(0)
    return PyTorchRandomizedSmoothing(
        Pairs(), torch.nn.CrossEntropyLoss(), (1, 2, 5), 10, device_type="cpu", sample_size=32, scale=0.25, alpha=alpha)


rows = smoothed(0.001).predict(images)
check("rows of zeros", (rows.sum(1) == 0).mean(), 0.795)
check("accuracy, argmax of predict", (rows.argmax(1) == labels).mean(), 0.285)
check("  of class 0", (rows.argmax(1) == labels)[labels == 0].mean(), 1)
check("  of the others", (rows.argmax(1) == labels)[labels > 0].mean(), 0.206)
rows = smoothed(1).predict(images)
check("alpha=1, accuracy", (rows.argmax(1) == labels).mean(), 1)
chosen, _ = smoothed(0.001).certify(images[:40], n=32)
check("certify: share of -1", (chosen == -1).mean(), 0.725, 0.2)
sys.exit(changed)
PYTHON
