#!/bin/bash
# Guess: an image's score does not depend on the images that are evaluated with it.
# Seen: explanations are divided by the largest absolute value in the batch, not in the image. What has a unit follows: the local
# Lipschitz estimate of one and the same image, explanation and perturbation is 3.28 alone, 0.32 or 0.032 beside images whose
# explanations are multiplied by 10 or 100; EffectiveComplexity counts 141, 130 and 0 pixels above its threshold. MaxSensitivity,
# RelativeInputStability and Sparseness, which are ratios, stay. With the axes of the pixels for `normalise_func_kwargs` all
# are those of the image alone.
# Matters: gradients of confident images are smaller by orders of magnitude; a mean over a set depends on batch size and order,
# and a network with one steep image in each batch seems smoother than one whose images are equally steep.
# Packages: torch 2.13.0 (a CPU build does), quantus 0.6.0.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 quantus==0.6.0 numpy==2.4.6
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys

import numpy as np
import quantus
import torch

print("torch", torch.__version__, "quantus", quantus.__version__)
changed = False


def check(what, seen, expected):
    global changed
    same = abs(seen - expected) <= 0.03 * abs(expected)
    print(f"{what}: {seen:.4g}{'' if same else f'   CHANGED, was about {expected}'}")
    changed |= not same


class Waves(torch.nn.Module):
    """Two logits with a gradient that depends on the place."""

    def forward(self, images):
        waves = torch.sin(3 * images.flatten(1))
        return torch.stack([waves.sum(1), -waves.sum(1)], 1)


network = Waves().eval()
images = np.random.default_rng(0).uniform(0.2, 0.8, (4, 1, 12, 12)).astype(np.float32)
targets = np.zeros(4, int)
step = 0.05 * np.sin(np.arange(144, dtype=np.float32)).reshape(1, 1, 12, 12)


def gradients(factor):
    """Input gradients; those of all images but the first one are multiplied by the factor."""

    def explained(model, inputs, targets, **_):
        pixels = torch.tensor(np.asarray(inputs, np.float32)).reshape(-1, 1, 12, 12).requires_grad_()
        chosen = model(pixels)[torch.arange(len(pixels)), torch.tensor(np.asarray(targets))]
        found = torch.autograd.grad(chosen.sum(), pixels)[0].numpy()
        found[1:] *= factor
        return found

    return explained


def moved(arr, **_):
    """The same step for every image, so that nothing is random."""
    return (arr.reshape(-1, 1, 12, 12) + step).reshape(arr.shape)


quiet = {"disable_warnings": True, "display_progressbar": False}
fixed = {"nr_samples": 2, "perturb_func": moved, "perturb_func_kwargs": {}}
for name, options, alone, beside_ten, beside_hundred in (
    ("LocalLipschitzEstimate", fixed, 3.28, 0.318, 0.0318),
    ("EffectiveComplexity", {"eps": 0.01}, 141, 130, 0),
    ("MaxSensitivity", fixed, 0.187, 0.187, 0.187),
    ("RelativeInputStability", fixed, 200, 200, 200),
    ("Sparseness", {}, 0.321, 0.321, 0.321),
):
    for count, factor, expected in ((1, 1, alone), (4, 10, beside_ten), (4, 100, beside_hundred)):
        for how, axes, value in (("by default", {}, expected), ("axes (1, 2, 3)", {"normalise_axes": (1, 2, 3)}, alone)):
            explained = gradients(factor)
            metric = getattr(quantus, name)(**options, **quiet, normalise_func_kwargs=axes)
            score = metric(
                model=network, x_batch=images[:count].copy(), y_batch=targets[:count],
                a_batch=explained(network, images[:count], targets[:count]), device="cpu", batch_size=count,
                **({"explain_func": explained} if options is fixed else {}))[0]
            beside = "alone" if count == 1 else f"beside 3 with gradients multiplied by {factor}"
            check(f"{name} of an image {beside}, {how}", float(score), value)
sys.exit(changed)
PYTHON
