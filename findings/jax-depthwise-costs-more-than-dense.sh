#!/bin/bash
# Guess: a depthwise convolution of C channels has a C-th of the dense one's products, so that it takes less time, if not a C-th of it.
# Seen: on a processor XLA takes longer for it: at 32 channels six times as long, forward and for the derivative,
# for a thirty-second of the arithmetic; at 96 channels still twice. Images of 56 x 56, windows of 3 x 3, one core, processor time,
# least of five.
# Matters: MobileNets, EfficientNets and ConvNeXts in JAX on a processor: a benchmark that takes XLA for one speed is off by ten times
# between ResNets and these, and a served model of this kind is better exported.
# Packages: jax 0.10.2, numpy 2.4.6.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" jax==0.10.2 numpy==2.4.6
PYTHONPATH="$site" JAX_PLATFORMS=cpu python3 -W ignore - <<'PYTHON'
import os
import sys
import time

os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])

import jax
import numpy as np

print("jax", jax.__version__)
random = np.random.default_rng(0)


def milliseconds(run):
    run().block_until_ready()
    times = []
    for _ in range(5):
        start = time.process_time()
        run().block_until_ready()
        times.append(1e3 * (time.process_time() - start))
    return min(times)


changed = False
for channels, least in ((32, 2), (96, 1)):
    images, cotangents = (random.normal(size=(8, channels, 56, 56)).astype(np.float32) for _ in range(2))
    took = {}
    for groups in (1, channels):
        weights = random.normal(size=(channels, channels // groups, 3, 3)).astype(np.float32)

        def convolution(x, groups=groups, weights=weights):
            return jax.lax.conv_general_dilated(
                x, weights, (1, 1), "SAME", feature_group_count=groups, dimension_numbers=("NCHW", "OIHW", "NCHW"))

        forward = jax.jit(convolution)
        derivative = jax.jit(lambda x, d: jax.vjp(convolution, x)[1](d)[0])
        took[groups] = milliseconds(lambda: forward(images)), milliseconds(lambda: derivative(images, cotangents))
    ratios = [depthwise / dense for depthwise, dense in zip(took[channels], took[1])]
    print(f"{channels} channels: dense {took[1][0]:.1f} and {took[1][1]:.1f} ms, depthwise {took[channels][0]:.1f} and "
          f"{took[channels][1]:.1f}: {ratios[0]:.1f} and {ratios[1]:.1f} times as long for 1/{channels} of the products")
    if min(ratios) < least:
        print("  CHANGED, was at least", least)
        changed = True
sys.exit(changed)
PYTHON
