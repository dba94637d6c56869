#!/bin/bash
# Guess: names and shapes of a state dict, and a strict load, tell one ResNet from another.
# Seen: what timm puts before strides against aliasing has no weights: `resnet50`, `resnetaa50` and `resnetblur50` have the same
# names and shapes, so have 18, 34d, 50d, 101d and a SE-ResNeXt. A thin resnet18, trained on gratings of ten directions, is right
# for 99 % of a test set, and no less often when it is loaded strictly as resnetblur18; but gradients are 0.75 as long then,
# and the mean cosine between the gradients of the two is 0.70.
# Matters: against aliasing is a remedy that robustness is tested for, and the accuracy does not show whether it was there. Who
# reads a file alone, pags-bench included, reads a plain ResNet.
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
torch.manual_seed(0)
changed = False


def check(what, seen, low, high):
    global changed
    same = low <= seen <= high
    print(f"{what}: {seen:.3f}{'' if same else f'   CHANGED, was in {low} ... {high}'}")
    changed |= not same


kinds = collections.defaultdict(list)
for name in timm.list_models("*resne*"):
    with torch.device("meta"):
        tensors = timm.create_model(name).state_dict()
    kinds[frozenset((key, tuple(value.shape)) for key, value in tensors.items())].append(name)
alike = sorted(" = ".join(names) for names in kinds.values() if len(names) > 1)
print("same names and shapes:", *alike, sep="\n  ")
known = {"resnet18 = resnetblur18", "resnet34d = resnetaa34d", "resnet50 = resnetaa50 = resnetblur50"}
changed |= not known <= set(alike)


def gratings(count, side=48, directions=10):
    """Waves of random length and phase with some noise; the label is their direction."""
    labels = torch.randint(directions, (count,))
    angle = (labels * torch.pi / directions)[:, None, None]
    rows, columns = torch.arange(side)[:, None], torch.arange(side)
    place = torch.cos(angle) * rows + torch.sin(angle) * columns
    waves = torch.sin((0.6 + 0.6 * torch.rand(count, 1, 1)) * place + 2 * torch.pi * torch.rand(count, 1, 1))
    return (0.5 + 0.25 * waves[:, None] + 0.1 * torch.randn(count, 3, side, side)).clamp(0, 1), labels


def created(name):
    return timm.create_model(name, num_classes=10, channels=(16, 32, 64, 128))


network = created("resnet18")
for module in network.modules():
    if isinstance(module, torch.nn.BatchNorm2d):
        module.momentum = 0.3
optimizer = torch.optim.Adam(network.parameters(), 1e-3)
for _ in range(60):
    images, labels = gratings(32)
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(network(images), labels).backward()
    optimizer.step()

images, labels = gratings(200)
gradients = {}
for name in ("resnet18", "resnetblur18"):
    reader = created(name).eval()
    reader.load_state_dict(network.state_dict(), strict=True)
    pixels = images.clone().requires_grad_()
    logits = reader(pixels)
    gradients[name] = torch.autograd.grad(logits.gather(1, labels[:, None]).sum(), pixels)[0].flatten(1).double()
    check(f"accuracy as {name}", (logits.argmax(1) == labels).double().mean().item(), 0.97, 1)
plain, blurred = gradients.values()
check("norms of the label's input gradient, median ratio", (blurred.norm(dim=1) / plain.norm(dim=1)).median().item(), 0.6, 0.85)
check("cosine of the two, mean", torch.cosine_similarity(plain, blurred).mean().item(), 0.6, 0.85)
sys.exit(changed)
PYTHON
