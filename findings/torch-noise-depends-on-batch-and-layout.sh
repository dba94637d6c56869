#!/bin/bash
# Guess: with one seed, the first image of a batch gets the same noise whatever the number of images, and `randn_like` of a
# channels-last batch gives each pixel the value that it gives in the usual layout.
# Seen: on a CPU `randn` fills blocks of 16 and draws the last 16 values again if the length is no multiple of 16. So of a
# vector of 500 (the Sphere task) the last 16 values change when a second one follows; lengths below 16 share nothing with
# longer ones. `rand` has no such end. Both fill memory in its own order, so channels-last images get other noise.
# Matters: smoothing's noise, SmoothGrad's and an attack's start depend on the batch size (for 3 x 299 x 299 too) and on a
# layout that is chosen for speed only; a "same seed" comparison is none.
# Packages: torch 2.13.0 (a CPU build does).
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 numpy==2.4.6
PYTHONPATH="$site" python3 - <<'PYTHON'
import sys

import torch

print("torch", torch.__version__)


def seeded(draw, *arguments):
    torch.manual_seed(0)
    return draw(*arguments)


changed = False


def check(what, seen, expected):
    global changed
    print(f"{what}: {seen}{'' if seen == expected else f'   CHANGED, was {expected}'}")
    changed |= seen != expected


for length, shared in ((500, 484), (512, 512), (3 * 299 * 299, 3 * 299 * 299 - 16), (15, 0)):
    alone = seeded(torch.randn, length)
    first = seeded(torch.randn, 2, length)[0]
    check(f"randn, {length} values an image, equal alone and before another one", int((alone == first).sum()), shared)
    check(f"  of these at the front", int((alone == first).long().cumprod(0).sum()), shared)
check("rand, 500 values", int((seeded(torch.rand, 500) == seeded(torch.rand, 2, 500)[0]).sum()), 500)
usual = torch.empty(1, 3, 8, 8)
last = usual.to(memory_format=torch.channels_last)
for draw in (torch.rand_like, torch.randn_like):
    check(f"{draw.__name__} equal in both layouts", torch.equal(seeded(draw, usual), seeded(draw, last)), False)
check("rand_like fills channels-last memory in order",
      torch.equal(seeded(torch.rand_like, usual).flatten(), seeded(torch.rand_like, last).permute(0, 2, 3, 1).flatten()),
      True)
sys.exit(changed)
PYTHON
