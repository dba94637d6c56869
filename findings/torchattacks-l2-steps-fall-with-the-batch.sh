#!/bin/bash
# Guess: a step of PGD in L2 has length alpha, whatever the gradient's norm and however many images are attacked together.
# Seen: torchattacks divides the gradient of the batch's mean loss by its norm plus 1e-10. At a margin of 20, where a
# gradient's norm is about 2e-9, a step of an image attacked alone is 0.095 instead of 0.1, among 32 images 0.039 and among
# 1,000 0.0020. foolbox and ART take 0.1 throughout.
# Matters: just the confident images are hardly moved, and the less the larger the batch: robust accuracy rises with the
# batch size.
# Packages: torch 2.13.0 (a CPU build does), torchattacks 3.5.1, foolbox 3.3.4, adversarial-robustness-toolbox 1.20.1.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 foolbox==3.3.4 eagerpy==0.30.0 tqdm==4.70.1 \
  adversarial-robustness-toolbox==1.20.1 scipy==1.17.1 scikit-learn==1.9.1 numpy==2.4.6
python3 -m pip install --quiet --target "$site" --no-deps torchattacks==3.5.1
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys

import art
import foolbox
import numpy as np
import torch
import torchattacks
from art.attacks.evasion import ProjectedGradientDescentPyTorch
from art.estimators.classification import PyTorchClassifier

print("torch", torch.__version__, "torchattacks", torchattacks.__version__, "foolbox", foolbox.__version__,
      "art", art.__version__)
network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 2)).eval()
with torch.no_grad():  # a margin of 20 on a grey image, and a gradient of norm exp(-20) in exact arithmetic
    network[1].weight.zero_()
    network[1].weight[1, 0] = 1.0
    network[1].bias.copy_(torch.tensor([20.5, 0.0]))
network.requires_grad_(True)


def steps(count):
    """The first image's movement by one step of length 0.1."""
    images, labels = torch.full((count, 3, 2, 2), 0.5), torch.zeros(count, dtype=torch.long)
    classifier = PyTorchClassifier(
        network, torch.nn.CrossEntropyLoss(), input_shape=(3, 2, 2), nb_classes=2, clip_values=(0, 1), device_type="cpu")
    attacked = {
        "torchattacks": torchattacks.PGDL2(network, eps=1.0, alpha=0.1, steps=1, random_start=False)(images, labels),
        "foolbox": foolbox.attacks.L2PGD(abs_stepsize=0.1, steps=1, random_start=False).run(
            foolbox.PyTorchModel(network, bounds=(0, 1)), images, labels, epsilon=1.0),
        "ART": torch.tensor(ProjectedGradientDescentPyTorch(
            classifier, norm=2, eps=1.0, eps_step=0.1, max_iter=1, batch_size=count, verbose=False
        ).generate(images.numpy(), np.eye(2)[labels.numpy()])),
    }
    return {name: (result - images)[0].norm().item() for name, result in attacked.items()}


gradient = np.exp(-20.0)  # by one pixel only
changed = False
for count in (1, 32, 1000):
    seen = steps(count)
    expected = {
        "torchattacks": 0.1 * gradient / count / (gradient / count + 1e-10), "foolbox": 0.1, "ART": 0.1}
    same = all(abs(seen[name] - expected[name]) < 0.02 * expected[name] for name in expected)
    print(f"{count:4d} images:", {name: round(value, 5) for name, value in seen.items()}, "" if same else "  CHANGED")
    changed |= not same
sys.exit(changed)
PYTHON
