#!/bin/bash
# Guess: ART's loss_sensitivity, "the average of the gradients' norms", does not depend on how many images are given.
# Seen: it is divided by their number. The gradients are those of the classifier's own loss, and PyTorch's loss is a mean
# over the batch: 64 copies of one image give 1/64 of what one gives. With a loss of reduction="sum" it is right.
# Matters: gradient norms compare robust with standard networks; two evaluated with 100 and 1,000 images seem to differ by
# a factor of ten, and none has the norm of the papers. loss_gradient itself has the factor too.
# Packages: torch 2.13.0 (a CPU build does), adversarial-robustness-toolbox 1.20.1.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" \
  torch==2.13.0 adversarial-robustness-toolbox==1.20.1 scipy==1.17.1 scikit-learn==1.9.1 numpy==2.4.6
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys

import art
import numpy as np
import torch
from art.estimators.classification import PyTorchClassifier
from art.metrics import loss_sensitivity

print("torch", torch.__version__, "art", art.__version__)
torch.manual_seed(0)
network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 3)).eval()
image = torch.rand(1, 3, 2, 2)
pixels = image.clone().requires_grad_()
loss = torch.nn.functional.cross_entropy(network(pixels), torch.tensor([0]))
exact = torch.autograd.grad(loss, pixels)[0].norm().item()
print(f"the image's own gradient has norm {exact:.6f}")
changed = False
for reduction in ("mean", "sum"):
    classifier = PyTorchClassifier(
        network, torch.nn.CrossEntropyLoss(reduction=reduction), input_shape=(3, 2, 2), nb_classes=3, device_type="cpu")
    for count in (1, 8, 64):
        labels = np.eye(3, dtype=np.float32)[np.zeros(count, int)]
        seen = float(loss_sensitivity(classifier, image.numpy().repeat(count, 0), labels))
        ratio = 1 / count if reduction == "mean" else 1
        same = abs(seen / exact - ratio) < 1e-3 * ratio
        print(f"reduction {reduction}, {count:2d} copies: {seen:.6f}, {seen / exact:.4f} of it{'' if same else '   CHANGED'}")
        changed |= not same
sys.exit(changed)
PYTHON
