#!/bin/bash
# Guess: a graph whose operators are all on jaxonnxruntime's list runs in JAX, and a package brings what it imports.
# Seen: it imports absl and does not require it (ModuleNotFoundError in a new environment). With absl-py there, Clip, which is ReLU6 of
# MobileNets, raises a TypeError, for it names its bounds as NumPy does and JAX no longer takes those names; the same graph with Relu runs
# and is right to 1e-6.
# Matters: JAX as a second opinion on an exported MobileNet needs a wrapper round jax.numpy.clip, with which its numbers are right.
# Packages: jax 0.10.2, jaxonnxruntime 0.3.0, absl-py 2.3.1, onnx 1.23.2, numpy 2.4.6.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" jax==0.10.2 jaxonnxruntime==0.3.0 onnx==1.23.2 numpy==2.4.6
PYTHONPATH="$site" JAX_PLATFORMS=cpu SITE="$site" python3 -W ignore - <<'PYTHON'
import os
import subprocess
import sys

IMPORT = [sys.executable, "-W", "ignore", "-c", "from jaxonnxruntime import call_onnx"]
done = subprocess.run(IMPORT, capture_output=True, text=True)
lacks = done.stderr.strip().splitlines()[-1] if done.returncode else "nothing"
print("jaxonnxruntime 0.3.0 alone lacks:", lacks)
subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--target", os.environ["SITE"], "absl-py==2.3.1"], check=True)

import jax
import numpy as np
import onnx
from jaxonnxruntime import call_onnx
from onnx import TensorProto, helper

print("jax", jax.__version__)
images = np.random.default_rng(0).normal(size=(2, 3)).astype(np.float32) * 8


def outcome(operator, bounds, expected):
    node = helper.make_node(operator, ["x", *bounds], ["y"])
    constants = [helper.make_tensor(name, TensorProto.FLOAT, [], [value]) for name, value in bounds.items()]
    graph = helper.make_graph(
        [node], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 3])], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    onnx.checker.check_model(model)
    try:
        call, weights = call_onnx.call_onnx_model(model, {"x": images})
        return "right" if np.abs(np.asarray(call(weights, {"x": images})[0]) - expected).max() < 1e-6 else "wrong"
    except TypeError as error:
        return f"TypeError: {error}".splitlines()[0]


plain = outcome("Relu", {}, images.clip(0))
clipped = outcome("Clip", {"low": 0.0, "high": 6.0}, images.clip(0, 6))
clip = jax.numpy.clip
jax.numpy.clip = lambda x, a_min=None, a_max=None: clip(x, min=a_min, max=a_max)
wrapped = outcome("Clip", {"low": 0.0, "high": 6.0}, images.clip(0, 6))
print("Relu:", plain, "| Clip:", clipped, "| Clip with a wrapper:", wrapped)
changed = not ("absl" in lacks and plain == "right" and clipped.startswith("TypeError") and wrapped == "right")
if changed:
    print("CHANGED")
sys.exit(changed)
PYTHON
