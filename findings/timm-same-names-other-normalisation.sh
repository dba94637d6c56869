#!/bin/bash
# Guess: an architecture of timm is normalised one way, ImageNet's mean and deviation or Inception's 0.5.
# Seen: 34 of 1,151 architectures have weights of several kinds, told apart by the tag after the dot: tf_efficientnet_b0.ap_in1k
# (trained adversarially) wants 0.5, .aa_in1k and .ns_jft_in1k ImageNet's; so efficientnet_b0.ra4_e3600_r224_in1k against
# .ra_in1k. The names and shapes of the tensors are the same, and a saved state dict has no tag.
# Matters: the wrong one costs a few points of accuracy, which nobody notices, and scales and shifts every gradient and every
# radius; in a comparison of a robust with a standard twin it hits one of the two.
# Packages: timm 1.0.31, torch 2.13.0 (a CPU build does), torchvision 0.28.0.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 numpy==2.4.6
python3 -m pip install --quiet --target "$site" --no-deps torchvision==0.28.0 timm==1.0.31 \
  pillow==13.0.0 safetensors==0.8.0 PyYAML==6.0.3
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import collections
import sys

import torch

try:
    import torchvision
except RuntimeError:  # its operators are built for another kind of PyTorch; none is used here
    operators = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        operators.define(name + "(Tensor boxes, Tensor scores, float iou_threshold) -> Tensor")
import timm

print("torch", torch.__version__, "timm", timm.__version__)
kinds = collections.defaultdict(set)
for name in timm.list_models(pretrained=True):
    config = timm.get_pretrained_cfg(name)
    kinds[name.split(".")[0]].add((tuple(config.mean), tuple(config.std)))
several = sorted(name for name, found in kinds.items() if len(found) > 1)
print(len(kinds), "architectures with weights,", len(several), "of them with more than one normalisation:")
print(" ", ", ".join(several[:12]), "...")
half, imagenet = (0.5, 0.5, 0.5), (0.485, 0.456, 0.406)
changed = not 20 <= len(several) <= 400
for name, mean in (
    ("tf_efficientnet_b0.ap_in1k", half),
    ("tf_efficientnet_b0.aa_in1k", imagenet),
    ("tf_efficientnet_b0.ns_jft_in1k", imagenet),
    ("efficientnet_b0.ra4_e3600_r224_in1k", half),
    ("efficientnet_b0.ra_in1k", imagenet),
):
    seen = tuple(timm.get_pretrained_cfg(name).mean)
    print(name, "mean", seen, "" if seen == mean else "  CHANGED")
    changed |= seen != mean
sys.exit(changed)
PYTHON
