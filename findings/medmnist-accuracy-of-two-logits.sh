#!/bin/bash
# Guess: MedMNIST's own evaluator takes logits: its accuracy is argmax, its AUC follows the probabilities.
# Seen: for tasks of two classes (BreastMNIST, PneumoniaMNIST) the last column alone is ranked, and compared with 0.5. Of one
# network whose argmax is right for 93 %: 93 % from its probabilities, 91 % from its logits, 50 % from log-probabilities, which
# are never above 0.5, so that all is class 0. A number added to both logits of an image, which no softmax sees, moves the AUC
# too (0.98 to 0.71). So does the AUC of more classes (0.88, 0.85 and 0.62), whose accuracy is argmax.
# Matters: from logits, networks whose argmax is right equally often get other numbers by how confident they are, and adversarial
# training changes just that.
# Packages: torch 2.13.0 (a CPU build does), medmnist 3.0.2, scikit-learn 1.9.1.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 scikit-learn==1.9.1 pandas==3.1.1 pillow==13.0.0 numpy==2.4.6
python3 -m pip install --quiet --target "$site" --no-deps medmnist==3.0.2
PYTHONPATH="$site" python3 -W ignore - "$site" <<'PYTHON'
import sys

import medmnist
import numpy as np
import sklearn
import torch
from medmnist import Evaluator

print("torch", torch.__version__, "medmnist", medmnist.__version__, "scikit-learn", sklearn.__version__)
torch.manual_seed(0)
changed = False


def check(what, seen, expected):
    global changed
    same = abs(seen - expected) < 0.02
    print(f"{what}: {seen:.3f}{'' if same else f'   CHANGED, was about {expected}'}")
    changed |= not same


def evaluated(flag, labels, scores):
    """AUC and accuracy as MedMNIST's evaluator has them for these labels."""
    np.savez(f"{sys.argv[1]}/{flag}.npz", test_labels=labels.numpy().astype(np.uint8)[:, None])
    return Evaluator(flag, "test", root=sys.argv[1]).evaluate(scores.numpy(), save_folder=None)


def trained(classes, count=4000):
    """Logits of a linear network for noisy points around as many centres, and the labels."""
    centres = 1.5 * torch.nn.functional.normalize(torch.randn(classes, 16), dim=1)
    if classes == 2:
        centres[1] = -centres[0]
    labels = torch.arange(count) % classes
    points = centres[labels] + torch.randn(count, 16)
    network = torch.nn.Linear(16, classes)
    optimizer = torch.optim.Adam(network.parameters(), 0.05)
    for _ in range(200):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(points), labels).backward()
        optimizer.step()
    return network(points).detach().double(), labels


for name, flag, classes, best, expected in (
    ("two classes", "breastmnist", 2, 0.93, (
        ("probabilities", 0.982, 0.930), ("logits", 0.977, 0.911), ("log-probabilities", 0.982, 0.500),
        ("shifted logits", 0.71, 0.65))),
    ("eight classes", "bloodmnist", 8, 0.535, (
        ("probabilities", 0.877, 0.535), ("logits", 0.852, 0.535), ("shifted logits", 0.62, 0.535))),
):
    logits, labels = trained(classes)
    scores = {
        "probabilities": logits.softmax(1),
        "logits": logits,
        "log-probabilities": logits.log_softmax(1),
        "shifted logits": logits + 5 * torch.randn(len(logits), 1, dtype=torch.float64),  # of the same softmax
    }
    check(f"{name}, share that argmax gets right", (logits.argmax(1) == labels).double().mean().item(), best)
    for kind, auc, accuracy in expected:
        seen = evaluated(flag, labels, scores[kind])
        check(f"  AUC from {kind}", seen.AUC, auc)
        check(f"  accuracy from {kind}", seen.ACC, accuracy)
sys.exit(changed)
PYTHON
