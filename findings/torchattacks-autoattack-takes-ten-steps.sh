#!/bin/bash
# Guess: AutoAttack is AutoAttack: APGD on the cross-entropy and on nine targets and FAB, of 100 steps each, then a square attack
# of 5,000 queries; what the library's APGD has for a default does not matter there.
# Seen: torchattacks' AutoAttack leaves the steps of its members at the defaults of the single attacks, which are 10. For an
# image that nothing breaks it asks for 200 gradients, where the same members with steps=100 ask for 1,910.
# Only the square attack is whole. The class has no argument for the steps.
# Matters: "robust accuracy under AutoAttack" is compared without its settings, because it is said to have none. The one from here
# is of another, weaker ensemble.
# Packages: torch 2.13.0 (a CPU build does), torchattacks 3.5.1.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 tqdm==4.70.1 numpy==2.4.6
python3 -m pip install --quiet --target "$site" --no-deps torchattacks==3.5.1
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import inspect
import sys

import torch
import torchattacks

print("torch", torch.__version__, "torchattacks", torchattacks.__version__)
counted = {"outputs": 0, "gradients": 0}


class Counted(torch.autograd.Function):
    """Passes images on, and counts how often gradients come back."""

    @staticmethod
    def forward(context, images):
        counted["outputs"] += 1
        return images.clone()

    @staticmethod
    def backward(context, gradient):
        counted["gradients"] += 1
        return gradient


class Firm(torch.nn.Module):
    """Ten logits that depend on the image, and a margin that no image of [0, 1] makes up for."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.linear = torch.nn.Linear(48, 10)

    def forward(self, images):
        logits = torch.tanh(self.linear(Counted.apply(images).flatten(1)))
        return logits + 10 * torch.nn.functional.one_hot(torch.zeros(len(images), dtype=torch.long), 10)


network = Firm().eval()
image, label = torch.full((1, 3, 4, 4), 0.5), torch.zeros(1, dtype=torch.long)


def cost(attack):
    counted.update(outputs=0, gradients=0)
    attack(image, label)
    return counted["outputs"], counted["gradients"]


def members(steps):
    """AutoAttack's members of the same library, with steps of their own."""
    options = {"eps": 8 / 255, "steps": steps, "n_restarts": 1}
    return [
        torchattacks.APGD(network, loss="ce", **options), torchattacks.APGDT(network, n_classes=10, **options),
        torchattacks.FAB(network, n_classes=10, multi_targeted=True, **options)]


changed = False
seen = {"AutoAttack": cost(torchattacks.AutoAttack(network, eps=8 / 255, n_classes=10, seed=0))}
for steps in (10, 100):
    costs = [cost(member) for member in members(steps)]
    print(f"{steps} steps, outputs and gradients of APGD, APGDT and FAB: {costs}")
    seen[steps] = tuple(map(sum, zip(*costs)))
square = cost(torchattacks.Square(network, eps=8 / 255, n_queries=5000, n_restarts=1))
print("Square of 5,000 queries:", square)
print("AutoAttack:", seen["AutoAttack"])
arguments = list(inspect.signature(torchattacks.AutoAttack).parameters)
print("its arguments:", arguments)
changed |= seen["AutoAttack"][1] != seen[10][1] or seen[100][1] < 5 * seen[10][1] or any("step" in name for name in arguments)
print("CHANGED" if changed else "AutoAttack's gradients are those of 10 steps")
sys.exit(changed)
PYTHON
