#!/bin/bash
# Guess: a "uniformly random" start in an L2 ball is uniform in the ball: in 3,072 dimensions practically on its surface.
# Seen: foolbox's L2PGD starts there (radius above 0.995 of eps for every image), torchattacks' PGDL2 draws the *radius*
# uniformly: a tenth of the images start within 0.1 eps, half within 0.5 eps.
# Matters: a few-step attack and the test "does a random point break it" are of other strength under the same name, eps and
# number of steps; with few steps of small size the ball's surface may not be reached.
# Packages: torch 2.13.0 (a CPU build does), torchattacks 3.5.1, foolbox 3.3.4, eagerpy 0.30.0.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 foolbox==3.3.4 eagerpy==0.30.0 tqdm==4.70.1 numpy==2.4.6
python3 -m pip install --quiet --target "$site" --no-deps torchattacks==3.5.1
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys

import eagerpy
import foolbox
import torch
import torchattacks

print("torch", torch.__version__, "torchattacks", torchattacks.__version__, "foolbox", foolbox.__version__)
torch.manual_seed(0)
network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3072, 10)).eval()
images, labels = torch.full((500, 3, 32, 32), 0.5), torch.zeros(500, dtype=torch.long)


def quantiles(starts):
    radii = (starts - images).detach().flatten(1).norm(dim=1)
    return [round(x, 4) for x in radii.quantile(torch.tensor([0.0, 0.1, 0.5, 0.9, 1.0])).tolist()]


# A step of length 0 leaves the start; at eps = 1 no pixel of 0.5 comes near the bounds.
one = quantiles(torchattacks.PGDL2(network, eps=1.0, alpha=0.0, steps=1)(images, labels))
other = quantiles(foolbox.attacks.L2PGD().get_random_start(eagerpy.astensor(images), 1.0).raw)
print("radius over eps, quantiles 0, 0.1, 0.5, 0.9, 1: torchattacks", one)
print("radius over eps, quantiles 0, 0.1, 0.5, 0.9, 1: foolbox     ", other)
uniform_radius = all(abs(seen - want) < 0.1 for seen, want in zip(one, (0, 0.1, 0.5, 0.9, 1)))
uniform_in_ball = other[0] > 0.995 and other[-1] <= 1.0001
sys.exit(not (uniform_radius and uniform_in_ball))
PYTHON
