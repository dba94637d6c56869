#!/bin/bash
# Guess: antialias=True matters when an image is made smaller; enlarged, it is the same with and without, as for bilinear.
# Seen: with antialias PyTorch's bicubic is another kernel, that of -0.5 (Pillow's), without it that of -0.75 (OpenCV's). Random
# pixels in [0, 1], enlarged twice, differ by up to 0.05, 12 grey levels. Each agrees with its own model to 1e-6.
# Matters: torchvision's Resize has antialias on, nn.Upsample and F.interpolate have it off. Small images enlarged to a vision
# transformer's 224 pixels are other images by the two ways, and so are their gradients and radii.
# Packages: torch 2.13.0 (a CPU build does), pillow 13.0.0, opencv-python-headless 5.0.0.93.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" \
  torch==2.13.0 pillow==13.0.0 opencv-python-headless==5.0.0.93 numpy==2.4.6
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys

import cv2
import numpy as np
import PIL
import torch
from PIL import Image
from torch.nn import functional

print("torch", torch.__version__, "pillow", PIL.__version__, "opencv", cv2.__version__)
torch.manual_seed(0)
image = torch.rand(1, 1, 8, 8)
pixels = image[0, 0].numpy()
changed = False


def check(what, a, b, low, high):
    global changed
    seen = np.abs(np.asarray(a, np.float64) - np.asarray(b, np.float64)).max()
    same = low <= seen <= high
    print(f"{what}: up to {seen:.2g} apart{'' if same else '   CHANGED'}")
    changed |= not same


def enlarged(mode, antialias):
    return functional.interpolate(image, size=(16, 16), mode=mode, antialias=antialias)[0, 0].numpy()


check("bilinear, with and without", enlarged("bilinear", True), enlarged("bilinear", False), 0, 1e-6)
check("bicubic, with and without", enlarged("bicubic", True), enlarged("bicubic", False), 0.04, 0.06)
check("bicubic with, and Pillow", enlarged("bicubic", True),
      Image.fromarray(pixels).resize((16, 16), Image.Resampling.BICUBIC), 0, 1e-5)
check("bicubic without, and OpenCV", enlarged("bicubic", False),
      cv2.resize(pixels, (16, 16), interpolation=cv2.INTER_CUBIC), 0, 1e-5)
sys.exit(bool(changed))
PYTHON
