#!/bin/bash
# Guess: SSIM of a pair of images in [0, 1] is one number to two digits, whichever library: windows of 11 x 11, sigma 1.5.
# Seen: for one noisy pair, with all defaults, 0.675 (piq, torchmetrics), 0.746 (scikit-image), 0.836 (sewar), 0.99995
# (pytorch-msssim, whose images are assumed to reach 255) and 1.00000 (image-similarity-measures: 4,095; 0.99 for bytes).
# Above 384 pixels piq halves the images first: 0.65 becomes 0.94. torchmetrics takes the range from the batch: a pair at a fifth
# of the brightness has 0.68 alone and 0.92 beside a bright one.
# Matters: "SSIM above 0.95" is a common bound on what an attack may do, and everything passes it in two of the libraries; a mean
# over a set depends on its batches in a third.
# Packages: torch 2.13.0 (a CPU build does), torchvision 0.28.0, torchmetrics 1.9.0, pytorch-msssim 1.0.0, piq 0.8.0,
# scikit-image 0.26.0, sewar 0.4.10, image-similarity-measures 0.3.6.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 torchmetrics==1.9.0 scikit-image==0.26.0 scipy==1.17.1 \
  sewar==0.4.10 pillow==13.0.0 opencv-python-headless==5.0.0.93 phasepack==1.5 numpy==2.4.6
python3 -m pip install --quiet --target "$site" --no-deps torchvision==0.28.0 piq==0.8.0 pytorch-msssim==1.0.0 \
  image-similarity-measures==0.3.6
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys

import numpy as np
import torch

try:
    import torchvision
except RuntimeError:  # its operators are built for another kind of PyTorch; none is used here
    operators = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        operators.define(name + "(Tensor boxes, Tensor scores, float iou_threshold) -> Tensor")
import piq
import pytorch_msssim
import sewar
from image_similarity_measures.quality_metrics import psnr as measures_psnr
from image_similarity_measures.quality_metrics import ssim as measures_ssim
from scipy.ndimage import gaussian_filter
from skimage.metrics import structural_similarity
from torchmetrics.functional.image import structural_similarity_index_measure as torchmetrics_ssim

print("torch", torch.__version__)
changed = False


def check(what, seen, expected, tolerance=0.003):
    global changed
    same = abs(float(seen) - expected) <= tolerance
    print(f"{what}: {float(seen):.5f}{'' if same else f'   CHANGED, was {expected}'}")
    changed |= not same


def pair(side):
    """A smooth random image and the same with noise, [H, W, 3] in [0, 1]."""
    generator = np.random.default_rng(0)
    image = gaussian_filter(generator.normal(size=(side, side, 3)), (3, 3, 0))
    image = (image - image.min()) / (image.max() - image.min())
    noisy = np.clip(image + 0.05 * generator.normal(size=image.shape), 0, 1)
    return image.astype(np.float32), noisy.astype(np.float32)


def tensors(*images):
    return [torch.tensor(image.transpose(2, 0, 1)[None].copy()) for image in images]


for side, one, uniform, boxes, halved in ((64, 0.675, 0.746, 0.836, 0.675), (512, 0.650, 0.717, 0.812, 0.939)):
    image, noisy = pair(side)
    a, b = tensors(image, noisy)
    print(f"{side} x {side}, floats in [0, 1]")
    check("  scikit-image, gaussian weights", structural_similarity(
        image, noisy, channel_axis=2, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False), one)
    check("  scikit-image", structural_similarity(image, noisy, channel_axis=2, data_range=1), uniform)
    check("  torchmetrics", torchmetrics_ssim(a, b), one, 0.005)
    check("  piq", piq.ssim(a, b), halved)
    check("  piq, downsample=False", piq.ssim(a, b, downsample=False), one)
    check("  sewar", sewar.ssim(image, noisy)[0], boxes)
    check("  pytorch-msssim", pytorch_msssim.ssim(a, b), 0.99995, 2e-5)
    check("  pytorch-msssim, data_range=1", pytorch_msssim.ssim(a, b, data_range=1), one)
    check("  image-similarity-measures", measures_ssim(image, noisy), 1, 1e-5)

image, noisy = pair(64)
bytes_pair = [np.round(255 * pixels).astype(np.uint8) for pixels in (image, noisy)]
print("64 x 64, bytes")
check("  image-similarity-measures", measures_ssim(*bytes_pair), 0.990)
check("  its PSNR, dB", measures_psnr(*bytes_pair), 50.17, 0.05)
check("  sewar's PSNR, dB", sewar.psnr(*bytes_pair), 26.06, 0.05)

a, b = tensors(image, noisy)
print("the same pair at a fifth of the brightness, torchmetrics")
check("  alone", torchmetrics_ssim(0.2 * a, 0.2 * b), 0.678)
together = torchmetrics_ssim(torch.cat([a, 0.2 * a]), torch.cat([b, 0.2 * b]), reduction="none")
check("  in a batch with the bright one", together[1], 0.921)
sys.exit(changed)
PYTHON
