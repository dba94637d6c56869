#!/bin/bash
# Guess: a ViT's position embeddings at another image size are resampled bicubically, to two digits alike in all libraries.
# Seen: four tables of one. torchvision's `interpolate_embeddings` aligns the corners (spacing 13/23 of a patch for 14/24), timm
# antialiases, with another kernel, transformers does neither, and DINOv2's own code asks for a factor of 24.1/14. Of a smooth
# table's deviation torchvision is 0.08 from transformers at 14 -> 24 patches and 0.18 at 14 -> 7, timm 0.03 and 0.10, DINOv2 0.02
# and 0.07.
# Matters: a ViT "at 384" is four networks with one file; all load strictly, and nothing of the file says which was fine-tuned.
# Packages: torch 2.13.0 (a CPU build does), torchvision 0.28.0, timm 1.0.31, transformers 5.23.0, numpy 2.4.6.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 transformers==5.23.0 pillow==13.0.0 numpy==2.4.6
python3 -m pip install --quiet --target "$site" --no-deps torchvision==0.28.0 timm==1.0.31
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys

import torch
from torch.nn import functional

try:
    import torchvision
except RuntimeError:  # its operators are built for another kind of PyTorch; none is used here
    operators = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        operators.define(name + "(Tensor boxes, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision
import timm
import transformers
from timm.layers import resample_abs_pos_embed
from torchvision.models.vision_transformer import interpolate_embeddings

print("torch", torch.__version__, "torchvision", torchvision.__version__, "timm", timm.__version__,
      "transformers", transformers.__version__)
changed = False
width, patch = 64, 16


def check(what, seen, expected):
    global changed
    same = abs(seen - expected) <= 0.006
    print(f"{what}: {seen:.3f}{'' if same else f'   CHANGED, was {expected}'}")
    changed |= not same


def table(side):
    """Smooth positions of side x side patches, [1, 1 + side * side, width]: three waves in each number, as trained tables look."""
    random = torch.Generator().manual_seed(0)
    down, right = torch.meshgrid(torch.arange(side) / side, torch.arange(side) / side, indexing="ij")
    columns = []
    for _ in range(width):
        waves = 0
        for _ in range(3):
            wave = 6 * torch.randn(2, generator=random)
            phase, height = 6.28 * torch.rand(1, generator=random), torch.randn(1, generator=random)
            waves = waves + height * torch.sin(wave[0] * down + wave[1] * right + phase)
        columns.append(waves.flatten())
    return torch.cat([torch.zeros(1, 1, width), torch.stack(columns, 1)[None]], 1)


def tables(old, new):
    positions = table(old)
    config = transformers.ViTConfig(
        hidden_size=width, num_hidden_layers=1, num_attention_heads=4, image_size=old * patch, patch_size=patch, intermediate_size=64)
    embeddings = transformers.ViTModel(config).eval().embeddings
    embeddings.position_embeddings.data.copy_(positions)
    grid = positions[:, 1:].reshape(1, old, old, width).permute(0, 3, 1, 2)
    factor = (new + 0.1) / old  # interpolate_pos_encoding of DINOv2's vision_transformer.py, with its interpolate_offset
    own = functional.interpolate(grid, scale_factor=(factor, factor), mode="bicubic")
    return {
        "timm": resample_abs_pos_embed(positions, new_size=(new, new), old_size=(old, old), num_prefix_tokens=1)[:, 1:],
        "torchvision": interpolate_embeddings(new * patch, patch, {"encoder.pos_embedding": positions})["encoder.pos_embedding"][:, 1:],
        "transformers": embeddings.interpolate_pos_encoding(
            torch.zeros(1, new * new + 1, width), new * patch, new * patch).detach()[:, 1:],
        "DINOv2": own.permute(0, 2, 3, 1).reshape(1, -1, width),
    }


for old, new, expected in (
    (14, 24, {"timm": 0.025, "torchvision": 0.076, "transformers": 0, "DINOv2": 0.021}),
    (14, 7, {"timm": 0.096, "torchvision": 0.182, "transformers": 0, "DINOv2": 0.065}),
):
    found = tables(old, new)
    deviation = table(old)[:, 1:].std()
    print(f"{old} x {old} to {new} x {new} patches, distance from transformers, of the table's deviation")
    for name, positions in found.items():
        check(f"  {name}", ((positions - found["transformers"]).pow(2).mean().sqrt() / deviation).item(), expected[name])
sys.exit(changed)
PYTHON
