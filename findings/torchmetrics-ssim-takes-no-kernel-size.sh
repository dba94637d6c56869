#!/bin/bash
# Guess: torchmetrics' SSIM with kernel_size=3 has a window of 3 x 3; its default window is the published one of 11 x 11.
# Seen: kernel_size counts only with gaussian_kernel=False. By default it is checked and left alone: 3 and 11 give the same
# number to the last bit, and sigma alone sets the window. Images are padded by reflection, and the windows that reach into
# the padding are in the mean.
# Matters: small images (28 or 32 pixels) are why a smaller window is given; the border is half of such an image.
# Packages: torch 2.13.0 (a CPU build does), torchmetrics 1.9.0.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 torchmetrics==1.9.0 numpy==2.4.6
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys

import torch
import torchmetrics
from torchmetrics.functional.image import structural_similarity_index_measure as ssim

print("torch", torch.__version__, "torchmetrics", torchmetrics.__version__)
torch.manual_seed(0)
first = torch.rand(1, 1, 32, 32)
second = (first + 0.2 * torch.randn_like(first)).clamp(0, 1)
first[..., 8:24, 8:24] = 0.5  # what differs most lies inside


def window(size, sigma, inside):
    """SSIM by definition, over windows that lie inside, or over the image padded by reflection."""
    places = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    line = torch.exp(-((places / sigma) ** 2) / 2)
    kernel = (line[:, None] * line / line.sum() ** 2)[None, None]
    pad = lambda x: x if inside else torch.nn.functional.pad(x, [size // 2] * 4, mode="reflect")
    a, b = pad(first.double()), pad(second.double())
    mean = lambda x: torch.nn.functional.conv2d(x, kernel)
    va, vb, vab = mean(a * a) - mean(a) ** 2, mean(b * b) - mean(b) ** 2, mean(a * b) - mean(a) * mean(b)
    c1, c2 = 0.01**2, 0.03**2
    return ((2 * mean(a) * mean(b) + c1) * (2 * vab + c2)
            / ((mean(a) ** 2 + mean(b) ** 2 + c1) * (va + vb + c2))).mean().item()


seen = {size: ssim(first, second, data_range=1.0, kernel_size=size).item() for size in (3, 7, 11)}
flat = {size: ssim(first, second, data_range=1.0, kernel_size=size, gaussian_kernel=False).item() for size in (3, 11)}
padded, inside, small = window(11, 1.5, False), window(11, 1.5, True), window(3, 1.5, False)
print("kernel_size 3, 7, 11:", seen)
print("gaussian_kernel=False, kernel_size 3, 11:", flat)
print(f"by definition, 11 x 11: windows inside {inside:.4f}, padded {padded:.4f}; 3 x 3, padded: {small:.4f}")
same = (
    len(set(seen.values())) == 1 and abs(seen[3] - padded) < 1e-4
    and abs(small - padded) > 0.01 and abs(inside - padded) > 0.01 and abs(flat[3] - flat[11]) > 0.01)
sys.exit(not same)
PYTHON
