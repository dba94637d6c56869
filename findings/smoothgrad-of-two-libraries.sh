#!/bin/bash
# Guess: SmoothGrad is the mean gradient over noisy images, whose noise is a share of the image's range; VarGrad a variance.
# Seen: zennit takes the clean image as the last of n_iter draws, so that 1 / n_iter of the plain gradient is in the mean
# (of a smoothed gradient of 8 where the plain one is 100: 12.6 at the default of 20, 26 at 5), and n_iter=1 is no smoothing.
# captum's noise is in units of the pixels, with 1 by default: ten times the other's on images in [0, 1] (0.8 of the 8).
# Its vargrad, E[g^2] - E[g]^2 in float32, is negative for a good part of the pixels of a network with a constant gradient.
# Matters: the gradient of a smoothed classifier is compared with plain ones; the plain one in the mean makes them alike.
# Packages: torch 2.13.0 (a CPU build does), zennit 0.5.1, captum 0.9.0.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 captum==0.9.0 numpy==2.4.6 click==8.4.2 pillow==13.0.0
python3 -m pip install --quiet --target "$site" --no-deps torchvision==0.28.0 zennit==0.5.1
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys
from importlib.metadata import version

import torch

try:
    import torchvision
except RuntimeError:  # its operators are built for another kind of PyTorch; none is used here
    operators = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        operators.define(name + "(Tensor boxes, Tensor scores, float iou_threshold) -> Tensor")
from captum.attr import NoiseTunnel, Saliency
from zennit.attribution import SmoothGrad

print("torch", torch.__version__, "zennit", version("zennit"), "captum", version("captum"))
changed = False


def check(what, seen, expected, tolerance):
    global changed
    same = abs(seen - expected) <= tolerance
    print(f"{what}: {seen:.3f}{'' if same else f'   CHANGED, was about {expected}'}")
    changed |= not same


class Steep(torch.nn.Module):
    """The sum of steps at 0.5: slope 100 there, next to nothing from 0.05 away."""

    def forward(self, images):
        return torch.tanh(100 * (images - 0.5)).sum(1, keepdim=True)


torch.manual_seed(0)
network = Steep().eval()
image = torch.full((1, 20_000), 0.5)
image[0, 0], image[0, 1] = 0, 1  # a range of 1: noise of 0.1 in zennit
plain = image.clone().requires_grad_()
plain = torch.autograd.grad(network(plain).sum(), plain)[0][0, 2:]
noise = 0.1 * torch.randn(4_000_000, dtype=torch.float64)
exact = (100 / torch.cosh(100 * noise) ** 2).mean().item()
check("plain gradient", plain.mean().item(), 100, 0.1)
check("smoothed with noise 0.1, by definition", exact, 7.97, 0.1)
for count, expected in ((1, 100), (5, 26.4), (20, 12.6), (100, 8.9)):
    _, smooth = SmoothGrad(network, n_iter=count)(image, torch.ones(1, 1))
    check(f"zennit, n_iter={count}", smooth[0, 2:].mean().item(), expected, 0.03 * expected)
tunnel = NoiseTunnel(Saliency(network))
for name, options, expected in (("stdevs=0.1", {"stdevs": 0.1}, 7.97), ("by default", {}, 0.798)):
    smooth = tunnel.attribute(image, nt_samples=20, target=0, abs=False, **options)
    check(f"captum, {name}", smooth[0, 2:].mean().item(), expected, 0.06 * expected)

linear = torch.nn.Linear(1000, 1).eval()
variance = NoiseTunnel(Saliency(linear)).attribute(
    torch.rand(1, 1000), nt_type="vargrad", nt_samples=10, stdevs=0.1, target=0, abs=False)
check("captum, vargrad of a linear network: share below zero", variance.lt(0).double().mean().item(), 0.3, 0.25)
sys.exit(changed)
PYTHON
