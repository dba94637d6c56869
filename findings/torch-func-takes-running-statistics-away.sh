#!/bin/bash
# Guess: replace_all_batch_norm_modules_, which torch.func's pages ask for before per-image gradients, leaves a network in eval() alone.
# Seen: it deletes the running statistics; the network stays in eval() and normalises by each batch, or, under vmap, by each image. A
# trained network of three classes falls from 1.00 to 0.37 on batches of one class, and its per-image gradients have a
# cosine of about 0 with the network's. Nothing warns; state_dict has lost the statistics, and loads into no plain copy strictly.
# Matters: per-image gradients, Jacobians and influence functions are taken of trained networks. None needs the call: in eval()
# batch normalisation is linear, and vmap takes it as it is.
# Packages: torch 2.13.0 (a CPU build does), numpy 2.4.6.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 numpy==2.4.6
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import copy
import sys

import torch
from torch import nn
from torch.func import functional_call, grad, replace_all_batch_norm_modules_, vmap

print("torch", torch.__version__)
torch.manual_seed(0)
changed = False


def check(what, seen, low, high):
    global changed
    same = low <= float(seen) <= high
    print(f"{what}: {float(seen):.3f}{'' if same else f'   CHANGED, was in {low} ... {high}'}")
    changed |= not same


def draw(many, label=None):
    """Noise on grey; a class is one colour that is brighter."""
    labels = torch.randint(3, (many,)) if label is None else torch.full((many,), label)
    images = 0.5 + 0.1 * torch.randn(many, 3, 8, 8)
    images[torch.arange(many), labels] += 0.1
    return images, labels


network = nn.Sequential(
    nn.Conv2d(3, 16, 3), nn.BatchNorm2d(16), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 3))
optimizer = torch.optim.Adam(network.parameters(), 0.02)
for _ in range(150):
    images, labels = draw(64)
    optimizer.zero_grad()
    nn.functional.cross_entropy(network(images), labels).backward()
    optimizer.step()
network.eval()
other = copy.deepcopy(network)
replace_all_batch_norm_modules_(other)
check("still in eval()", not other.training, 1, 1)
check("tensors lost from state_dict", len(network.state_dict()) - len(other.state_dict()), 3, 3)
batches = [draw(64, label) for label in range(3)]
for name, judged, low, high in (("as trained", network, 0.97, 1), ("after the call", other, 0.2, 0.6)):
    right = sum((judged(images).argmax(1) == labels).float().mean() for images, labels in batches) / 3
    check(f"accuracy on batches of one class, {name}", right, low, high)
images, labels = draw(64)


def loss(judged, image, label):
    return nn.functional.cross_entropy(functional_call(judged, dict(judged.named_parameters()), (image[None],)), label[None])


leaf = images.clone().requires_grad_()
exact = torch.autograd.grad(nn.functional.cross_entropy(network(leaf), labels, reduction="sum"), leaf)[0]
for name, judged, low, high in (("as trained", network, 0.999, 1.001), ("after the call", other, -0.5, 0.5)):
    found = vmap(grad(lambda image, label: loss(judged, image, label)))(images, labels)
    check(f"per-image gradients, cosine with the network's, {name}",
          nn.functional.cosine_similarity(found.double().flatten(1), exact.double().flatten(1), eps=1e-30).mean(), low, high)
sys.exit(changed)
PYTHON
