#!/bin/bash
# Guess: where there is no derivative JAX takes PyTorch's value: sign(0) = 0 for |x|, the flat side for the hard
# activations, 0 for the norm and the standard deviation of equal values.
# Seen: |x| at 0 has derivative 1, leaky_relu at 0 has 1 (PyTorch: the slope), hard_tanh on both bounds 1 (PyTorch 0), clip
# on its bounds 0.5, maximum(x, 0) 0.5 though nn.relu has 0, equal values under cummax 0.25, 0.25, 0.5; norm and std give
# NaN. relu6, hard_sigmoid and hard_swish are PyTorch's.
# Matters: the same network ported between the two has another input gradient on black and white pixels, and a clip in
# front of a network halves it there; a NaN of one image spoils a mean over all.
# Packages: jax and jaxlib 0.10.2, numpy 2.4.6.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
PYTHONPATH="$site" JAX_PLATFORMS=cpu python3 - <<'PYTHON'
import sys

import jax
import jax.numpy as jnp
import numpy as np

print("jax", jax.__version__)
nan = float("nan")
cases = [
    ("abs", jnp.abs, 0.0, 1.0),
    ("nn.leaky_relu", jax.nn.leaky_relu, 0.0, 1.0),
    ("nn.hard_tanh", jax.nn.hard_tanh, -1.0, 1.0),
    ("nn.hard_tanh", jax.nn.hard_tanh, 1.0, 1.0),
    ("clip to [0, 1]", lambda x: jnp.clip(x, 0, 1), 0.0, 0.5),
    ("clip to [0, 1]", lambda x: jnp.clip(x, 0, 1), 1.0, 0.5),
    ("maximum(x, 0)", lambda x: jnp.maximum(x, 0), 0.0, 0.5),
    ("nn.relu", jax.nn.relu, 0.0, 0.0),
    ("nn.relu6", jax.nn.relu6, 6.0, 0.0),
    ("nn.hard_sigmoid", jax.nn.hard_sigmoid, 3.0, 0.0),
    ("nn.hard_swish", jax.nn.hard_swish, 3.0, 1.0),
    ("linalg.norm", jnp.linalg.norm, [0.0, 0.0], [nan, nan]),
    ("std", jnp.std, [1.0, 1.0], [nan, nan]),
    ("last of cummax", lambda x: jax.lax.cummax(x)[-1], [1.0, 1.0, 1.0], [0.25, 0.25, 0.5]),
]
changed = False
for name, function, place, expected in cases:
    seen = np.array(jax.grad(function)(jnp.array(place, jnp.float32)))
    same = np.allclose(seen, expected, equal_nan=True)
    print(f"{name:16s} at {place}: {seen.round(4).tolist()}{'' if same else '   CHANGED'}")
    changed |= not same
sys.exit(changed)
PYTHON
