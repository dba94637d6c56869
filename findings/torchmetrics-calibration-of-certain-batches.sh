#!/bin/bash
# Guess: the expected calibration error of logits is that of their softmax, however the set is cut into batches, and n_bins
# bins are n_bins bins.
# Seen: each batch is softmaxed only if one of its numbers lies outside [0, 1]. A batch of small logits is taken for
# probabilities as it is: the same four images give 0.534 at once and 0.256 one by one. And a confidence of exactly 1, which
# float32 rounds to from a margin of 17 on, falls into a bin of its own after the last: errors of opposite sign that cancel
# within (0.9, 1] by the definition are added up (0.013 becomes 0.12).
# Matters: robust networks have small logits, saturated ones confidences of 1, so that the comparison between the two is hit
# at both ends. Give it probabilities, and clip them just below 1.
# Packages: torch 2.13.0 (a CPU build does), torchmetrics 1.9.0.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 torchmetrics==1.9.0 numpy==2.4.6
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys

import torch
import torchmetrics
from torchmetrics.classification import MulticlassCalibrationError

print("torch", torch.__version__, "torchmetrics", torchmetrics.__version__)


def error(scores, labels, batch):
    metric = MulticlassCalibrationError(num_classes=scores.shape[1], n_bins=10)
    for scores, labels in zip(scores.split(batch), labels.split(batch)):
        metric.update(scores, labels)
    return metric.compute().item()


def by_definition(probabilities, labels):
    """Ten bins (0, 0.1], ..., (0.9, 1]."""
    confidence, predicted = probabilities.double().max(1)
    bins = torch.ceil(confidence * 10)
    right = (predicted == labels).double()
    return sum(
        abs((right - confidence)[bins == b].sum().item()) for b in bins.unique().tolist()) / len(labels)


logits = torch.tensor([[0.9, 0.1, 0.2], [0.8, 0.3, 0.1], [0.9, 0.0, 0.4], [0.2, 0.1, -0.1]])
labels = torch.tensor([0, 0, 0, 0])
together, apart = error(logits, labels, 4), error(logits, labels, 1)
definition = by_definition(logits.softmax(1), labels)
print(f"logits: all at once {together:.4f}, one by one {apart:.4f}, softmax by definition {definition:.4f}")

certain = torch.tensor([[1.0, 0.0]] * 5 + [[0.92, 0.08]] * 10)
labels = torch.tensor([1] + [0] * 14)
seen, exact = error(certain, labels, 15), by_definition(certain, labels)
almost = error(certain.clamp(max=1 - 1e-6), labels, 15)
print(f"confidences of 1: {seen:.4f}, clipped below 1: {almost:.4f}, by definition {exact:.4f}")
pairs = ((together, 0.5340), (definition, 0.5340), (apart, 0.2555), (seen, 0.12), (almost, 0.0133), (exact, 0.0133))
sys.exit(not all(abs(seen - expected) < 1e-3 for seen, expected in pairs))
PYTHON
