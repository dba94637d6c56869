#!/bin/bash
# Guess: what OpenVINO reads from ONNX it computes, or it refuses the attribute.
# Seen: Resize is computed without `antialias`, `exclude_outside` and `keep_aspect_ratio_policy`, in silence, in float32 too: noise
# that is scaled down four times keeps 2.8 (linear) or 3.3 (cubic) times the deviation it should have, exactly as without the
# attribute, and a size that the policy sets is another. LRN takes its bias for a whole number, 1.5 for 1: outputs 1.36 times as
# large. onnxruntime, and PyTorch where the file came from it, have what the file says.
# Matters: networks that scale their input themselves are another function there: noise and adversarial patterns that antialiasing takes away
# reach the network. Robust accuracies of one ONNX file differ by what runs it.
# Packages: openvino 2026.4.1, onnx 1.23.2, onnxruntime 1.32.0, numpy 2.4.6.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" openvino==2026.4.1 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys

import numpy as np
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper, numpy_helper

print("openvino", openvino.__version__.split("-")[0], "onnx", onnx.__version__, "onnxruntime", onnxruntime.__version__)
changed = False
noise = np.random.default_rng(0).normal(size=(1, 8, 32, 32)).astype(np.float32)


def check(what, seen, expected, tolerance=0.02):
    global changed
    same = abs(float(seen) - expected) <= tolerance
    print(f"{what}: {float(seen):.3f}{'' if same else f'   CHANGED, was {expected}'}")
    changed |= not same


def both(operator, sizes=None, attributes=None):
    """The outputs of onnxruntime and of OpenVINO, in float32."""
    constants = [] if sizes is None else [numpy_helper.from_array(np.array(sizes, np.int64), "sizes")]
    node = helper.make_node(operator, ["x"] if sizes is None else ["x", "", "", "sizes"], ["y"], **attributes)
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, noise.shape)
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    file = helper.make_model(
        helper.make_graph([node], "g", [value], [result], constants),
        opset_imports=[helper.make_opsetid("", 19)], ir_version=9).SerializeToString()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    exact = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"]).run(None, {"x": noise})[0]
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(file), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return exact, compiled([noise])[0]


for mode, difference, ratio in (("linear", 1.228, 2.842), ("cubic", 2.109, 3.313)):
    smooth, seen = both("Resize", (1, 8, 8, 8), {"mode": mode, "antialias": 1})
    plain, _ = both("Resize", (1, 8, 8, 8), {"mode": mode})
    check(f"Resize {mode}, antialias: difference from onnxruntime", np.abs(seen - smooth).max(), difference)
    check("  from the one without antialias", np.abs(seen - plain).max(), 0, 1e-4)
    check("  deviation of noise, of what it should be", seen.std() / smooth.std(), ratio)
exact, seen = both("Resize", (1, 8, 48, 48), {"mode": "cubic", "exclude_outside": 1})
check("Resize cubic, exclude_outside: difference from onnxruntime", np.abs(seen - exact).max(), 0.229)
exact, seen = both("Resize", (48, 64), {"mode": "linear", "axes": [2, 3], "keep_aspect_ratio_policy": "not_larger"})
check("Resize, keep_aspect_ratio_policy: columns, onnxruntime", exact.shape[3], 48, 0)
check("  OpenVINO", seen.shape[3], 64, 0)
for bias, expected in ((1.0, 1), (2.0, 1), (1.5, 1.355)):
    exact, seen = both("LRN", attributes={"size": 5, "alpha": 1e-4, "beta": 0.75, "bias": bias})
    check(f"LRN, bias {bias}: length, of onnxruntime's", np.linalg.norm(seen) / np.linalg.norm(exact), expected)
sys.exit(changed)
PYTHON
