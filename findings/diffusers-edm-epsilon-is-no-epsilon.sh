#!/bin/bash
# Guess: a scheduler's prediction_type="epsilon" means that the network predicts the noise, whatever the scheduler.
# Seen: in EDMEulerScheduler and EDMDPMSolverMultistepScheduler it names EDM's own output F, mixed with the image by c_skip and
# c_out; the exact noise, which EulerDiscreteScheduler turns into the exact image, gives one that is wrong by 0.64 of the
# noise (at a level of 1.2). from_config carries the word over from the one to the other in silence.
# And init_noise_sigma is sqrt(80^2 + 1), not EDM's 80.
# Matters: (denoised - noisy) / sigma^2 is a score only with the right reading; a wrong one has the right size.
# Packages: torch 2.13.0 (a CPU build does), diffusers 0.42.1.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 diffusers==0.42.1 numpy==2.4.6
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys

import diffusers
import torch
from diffusers import EDMDPMSolverMultistepScheduler, EDMEulerScheduler, EulerDiscreteScheduler

print("torch", torch.__version__, "diffusers", diffusers.__version__)
changed = False


def check(what, seen, low, high):
    global changed
    same = low <= seen <= high
    print(f"{what}: {seen:.4f}{'' if same else f'   CHANGED, was in [{low}, {high}]'}")
    changed |= not same


torch.manual_seed(0)
image = torch.full((1, 3, 32, 32), 0.5)
noise = torch.randn_like(image)
euler = EulerDiscreteScheduler(prediction_type="epsilon")
for kind in (EulerDiscreteScheduler, EDMEulerScheduler, EDMDPMSolverMultistepScheduler):
    scheduler = kind.from_config(euler.config)
    scheduler.set_timesteps(20)
    place = (scheduler.sigmas - 1).abs().argmin().item()  # the noise level next to 1
    sigma, time = scheduler.sigmas[place], scheduler.timesteps[place]
    noisy = image + sigma * noise
    if kind is EDMDPMSolverMultistepScheduler:
        scheduler.set_begin_index(place)
        scheduler._init_step_index(time)
        denoised = scheduler.convert_model_output(noise, noisy)
    else:
        scheduler.scale_model_input(noisy, time)
        denoised = scheduler.step(noise, time, noisy).pred_original_sample
    error = ((denoised - image).norm() / (sigma * noise).norm()).item()
    low, high = (0, 1e-5) if kind is EulerDiscreteScheduler else (0.4, 1.2)
    check(f"{kind.__name__}, {scheduler.config.prediction_type}, sigma {sigma:.3f}: error over noise", error, low, high)
    if kind is EDMEulerScheduler:
        predicted = (noisy * 0.25 + sigma * 0.5 * (sigma**2 + 0.25).sqrt() * noise) / (sigma**2 + 0.25)
        check("  its image against EDM's c_skip x + c_out F", (denoised - predicted).abs().max().item(), 0, 1e-4)
        check("  init_noise_sigma / 80 - 1, times 1e4", (float(scheduler.init_noise_sigma) / 80 - 1) * 1e4, 0.5, 1)
sys.exit(changed)
PYTHON
