#!/bin/bash
# Guess: Poisson noise depends on an image's brightness; scikit-image takes it for counts of 255.
# Seen: `random_noise(image, "poisson")` counts the distinct numbers in the whole array, all colours together, and takes the next
# power of two for the scale. One picture of 64 x 64 has noise of 0.041 as bytes, of 0.005 as the floats it was rounded from or
# once its bytes are moved by 0.001, of 0.16 in 16 grey levels. 16 images in one array have a fourth of what each has alone.
# Matters: shot noise falls on an image eight times as hard as on its attacked, blurred or resized copy. What looks like
# robustness of the copy is the number of its grey levels.
# Packages: scikit-image 0.26.0, numpy 2.4.6.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" scikit-image==0.26.0 scipy==1.17.1 numpy==2.4.6
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys

import numpy as np
import skimage
from scipy.ndimage import gaussian_filter
from skimage.util import random_noise

print("scikit-image", skimage.__version__)
changed = False
random = np.random.default_rng(0)


def check(what, seen, expected, relative=0.1):
    global changed
    same = abs(seen / expected - 1) <= relative
    print(f"{what}: {seen:.4f}{'' if same else f'   CHANGED, was {expected}'}")
    changed |= not same


def noise(images):
    """Its deviation, on a scale of 0 to 1."""
    pixels = images / 255 if images.dtype == np.uint8 else images
    return float((random_noise(images, "poisson", rng=0) - pixels).std())


floats = gaussian_filter(random.normal(size=(16, 64, 64, 3)), (0, 2, 2, 0))
floats = (floats - floats.min()) / (floats.max() - floats.min())
image = floats[0]
levels = np.round(255 * image).astype(np.uint8)
moved = np.clip(levels / 255 + 0.001 * random.normal(size=image.shape), 0, 1)
for what, pixels, expected in (
    ("bytes", levels, 0.0414), ("the same / 255", levels / 255, 0.0414), ("moved by 0.001", moved, 0.0052),
    ("floats", image, 0.0052), ("16 grey levels", np.round(15 * image) / 15, 0.163),
):
    print(f"{what}, {len(np.unique(pixels))} different numbers")
    check("  noise", noise(pixels), expected)
check("16 images of floats in one array", noise(floats), 0.0013)
sys.exit(changed)
PYTHON
