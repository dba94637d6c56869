#!/bin/bash
# Guess: in the two schedulers of Song's SDEs a score is the gradient of the log-density, and a UNet's output is its last layer's.
# Seen: of Gaussian data with deviation 0.3, the exact score gives 0.30 back from ScoreSdeVeScheduler. Given to the argument
# `score` of ScoreSdeVpScheduler.step_pred it gives 1e10: the predicted noise is meant, which gives 0.30. And
# UNet2DModel with time_embedding_type="fourier", the one that goes with Ve, divides its last layer by the time: its output
# is a noise over sigma, 100 times the layer at 0.01, NaN at 0. With the default embedding it is the layer's.
# Matters: a score off by a factor that is the same for all pixels has a perfect cosine with itself and the wrong length at each
# noise level; a sum over levels is dominated by the smallest ones.
# Packages: torch 2.13.0 (a CPU build does), diffusers 0.42.1.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 diffusers==0.42.1 numpy==2.4.6
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys

import diffusers
import torch
from diffusers import ScoreSdeVeScheduler, UNet2DModel
from diffusers.schedulers.deprecated.scheduling_sde_vp import ScoreSdeVpScheduler  # offered beside transformers only

print("torch", torch.__version__, "diffusers", diffusers.__version__)
changed = False
deviation = 0.3  # of the data, Gaussian around 0: the score of noisy values is -x / (variance of data and noise)


def check(what, seen, low, high):
    global changed
    same = low <= seen <= high
    print(f"{what}: {seen:.4g}{'' if same else f'   CHANGED, was in {low} ... {high}'}")
    changed |= not same


def preserving(argument):
    """The deviation of samples of the variance-preserving SDE."""
    torch.manual_seed(0)
    scheduler = ScoreSdeVpScheduler()
    scheduler.set_timesteps(500)
    values = torch.randn(20000)
    for time in scheduler.timesteps:
        decay = torch.exp(-0.25 * time**2 * (scheduler.config.beta_max - scheduler.config.beta_min)
                          - 0.5 * time * scheduler.config.beta_min)
        noise = (1 - decay**2).sqrt()
        score = -values / ((decay * deviation) ** 2 + noise**2)
        values, _ = scheduler.step_pred({"the score": score, "the noise": -score * noise}[argument], values, time)
    return values.std().item()


def exploding():
    """The same of the variance-exploding SDE, from the exact score."""
    torch.manual_seed(0)
    scheduler = ScoreSdeVeScheduler(sigma_max=50)
    scheduler.set_timesteps(500)
    scheduler.set_sigmas(500)
    values = 50 * torch.randn(20000, 1)
    for time, sigma in zip(scheduler.timesteps, scheduler.sigmas):
        values = scheduler.step_pred(-values / (deviation**2 + sigma**2), time, values).prev_sample
    return values.std().item()


check("VE, exact score: deviation of the samples", exploding(), 0.29, 0.31)
check("VP, exact score", preserving("the score"), 1e6, float("inf"))
check("VP, predicted noise", preserving("the noise"), 0.29, 0.31)

image = torch.randn(1, 1, 8, 8)
for embedding in ("positional", "fourier"):
    network = UNet2DModel(
        sample_size=8, in_channels=1, out_channels=1, block_out_channels=(32,), layers_per_block=1,
        down_block_types=("DownBlock2D",), up_block_types=("UpBlock2D",), time_embedding_type=embedding).eval()
    last = []
    network.conv_out.register_forward_hook(lambda module, inputs, output: last.append(output))
    for time in (50.0, 1.0, 0.01):
        with torch.no_grad():
            output = network(image, torch.tensor([time])).sample
        ratio = (output / last[-1]).median().item()
        expected = 1 / time if embedding == "fourier" else 1
        check(f"{embedding}: output over last layer's at time {time}", ratio, 0.999 * expected, 1.001 * expected)
    with torch.no_grad():
        lost = network(image, torch.zeros(1)).sample.isnan().all().item()
    print(f"{embedding}: NaN at time 0: {lost}")
    changed |= lost != (embedding == "fourier")
sys.exit(changed)
PYTHON
