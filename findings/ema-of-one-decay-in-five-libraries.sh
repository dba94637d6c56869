#!/bin/bash
# Guess: an exponential moving average with decay 0.999 is the same number in every library, and one of a whole network: its
# batch normalisations' statistics are averaged with its weights, or left alone by all.
# Seen, for a value that is 1 for the first half of 1,000 steps and 0 in the second: PyTorch and timm give 0.999^500 = 0.606;
# torch_ema and diffusers shorten the memory to the last tenth of the steps by themselves and give 0.002; ema_pytorch copies
# for 100 steps, then averages every tenth, 0.500. The running mean is averaged by timm and ema_pytorch, and the last step's
# in PyTorch (unless use_buffers); torch_ema and diffusers keep parameters only.
# Matters: robust networks are published as averages. "EMA 0.999" of one paper is a tenth or ten times of another's memory,
# and statistics of other weights than the averaged ones shift every activation.
# Packages: torch 2.13.0 (a CPU build does), timm 1.0.31, torch_ema 0.3, ema-pytorch 0.8.3, diffusers 0.42.1.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 torch_ema==0.3 ema-pytorch==0.8.3 diffusers==0.42.1 \
  safetensors==0.8.0 PyYAML==6.0.3 numpy==2.4.6
python3 -m pip install --quiet --target "$site" --no-deps torchvision==0.28.0 timm==1.0.31
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import copy
import sys

import torch

try:
    import torchvision
except RuntimeError:  # its operators are built for another kind of PyTorch; none is used here
    operators = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        operators.define(name + "(Tensor boxes, Tensor scores, float iou_threshold) -> Tensor")
import diffusers
import timm
from diffusers.training_utils import EMAModel
from ema_pytorch import EMA
from timm.utils import ModelEmaV3
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch_ema import ExponentialMovingAverage

print("torch", torch.__version__, "timm", timm.__version__, "diffusers", diffusers.__version__)
DECAY, STEPS = 0.999, 1000


def put(network, value):
    with torch.no_grad():
        network[0].weight.fill_(value)
        network[1].running_mean.fill_(value)


def averaged(make, update, result):
    """The weight and the running mean after the training."""
    network = torch.nn.Sequential(torch.nn.Linear(1, 1, bias=False), torch.nn.BatchNorm1d(1))
    put(network, 1.0)
    average = make(network)
    for step in range(STEPS):
        put(network, 1.0 if step < STEPS // 2 else 0.0)
        update(average, network)
    final = result(average, network)
    return final[0].weight.item(), final[1].running_mean.item()


def copied(average, network):
    network = copy.deepcopy(network)
    average.copy_to(network.parameters())
    return network


def of_pytorch(network, use_buffers=False):
    return AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(DECAY), use_buffers=use_buffers)


changed = False
for name, make, update, result, expected in (
    ("PyTorch", of_pytorch, lambda a, n: a.update_parameters(n), lambda a, n: a.module, (0.6064, 0)),
    ("PyTorch, use_buffers", lambda n: of_pytorch(n, True), lambda a, n: a.update_parameters(n), lambda a, n: a.module,
     (0.6064, 0.6064)),
    ("timm", lambda n: ModelEmaV3(n, decay=DECAY), lambda a, n: a.update(n), lambda a, n: a.module, (0.6064, 0.6064)),
    ("torch_ema", lambda n: ExponentialMovingAverage(n.parameters(), decay=DECAY), lambda a, n: a.update(), copied,
     (0.0021, 0)),
    ("diffusers", lambda n: EMAModel(n.parameters(), decay=DECAY), lambda a, n: a.step(n.parameters()), copied,
     (0.0020, 0)),
    ("ema_pytorch", lambda n: EMA(n, beta=DECAY), lambda a, n: a.update(), lambda a, n: a.ema_model, (0.4995, 0.4995)),
):
    seen = averaged(make, update, result)
    same = all(abs(a - b) < 2e-4 for a, b in zip(seen, expected))
    print(f"{name:21s} weight {seen[0]:.4f}, running mean {seen[1]:.4f}{'' if same else '   CHANGED'}")
    changed |= not same
sys.exit(changed)
PYTHON
