#!/bin/bash
# Guess: ONNX's own version converter keeps what a file computes, or refuses.
# Seen: before opset 11, linear resizing counts from the pixels' corners: output i lies at i divided by the scale. The converter
# writes a Resize of today without coordinate_transformation_mode, whose default counts from the pixels' middles. A ramp moves by
# 0.25 of a pixel where it is enlarged twice, by 0.375 at four times, by 0.5 at half the size; Upsample-9 and Resize-10 alike.
# Nearest neighbours stay at these scales. Softmax, whose meaning changed too, is rewritten rightly; Hardmax is not. The checker
# is content with all.
# Matters: who converts an old file because a reader asks for opset 13 compares another network: features and gradients are
# shifted against the pixels, and accuracy hardly tells.
# Packages: onnx 1.23.2, onnxruntime 1.32.0, numpy 2.4.6.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper, version_converter

print("onnx", onnx.__version__, "onnxruntime", onnxruntime.__version__)
changed = False
ramp = np.broadcast_to(np.arange(8, dtype=np.float32), (1, 2, 8, 8)).copy()
noise = np.random.default_rng(0).normal(size=(1, 2, 8, 8)).astype(np.float32)


def graph(opset, operator, scale=None, **attributes):
    scales = [] if scale is None else [numpy_helper.from_array(np.array([1, 1, scale, scale], np.float32), "scales")]
    node = helper.make_node(operator, ["x"] + [tensor.name for tensor in scales], ["y"], **attributes)
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 2, 8, 8))
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * 4)
    return helper.make_model(
        helper.make_graph([node], "g", [value], [result], scales),
        opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def run(model, images):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": images})[0]


def check(what, seen, expected):
    global changed
    same = abs(seen - expected) <= 0.01
    print(f"{what}: {seen:.3f}{'' if same else f'   CHANGED, was {expected}'}")
    changed |= not same


for what, file, target, expected in (
    ("Upsample-9 linear, twice", graph(9, "Upsample", 2, mode="linear"), 13, 0.25),
    ("Upsample-9 linear, four times", graph(9, "Upsample", 4, mode="linear"), 13, 0.375),
    ("Resize-10 linear, twice", graph(10, "Resize", 2, mode="linear"), 11, 0.25),
    ("Resize-10 linear, half", graph(10, "Resize", 0.5, mode="linear"), 11, -0.5),
    ("Resize-10 nearest, twice", graph(10, "Resize", 2, mode="nearest"), 11, 0),
    ("Resize-10 nearest, half", graph(10, "Resize", 0.5, mode="nearest"), 11, 0),
):
    converted = version_converter.convert_version(file, target)
    onnx.checker.check_model(converted, full_check=True)
    a, b = run(file, ramp), run(converted, ramp)
    columns = a.shape[-1]
    check(f"{what}: a ramp moves by", float((a - b)[..., columns // 4:-columns // 4].mean()), expected)
for operator, expected in (("Softmax", 0), ("LogSoftmax", 0), ("Hardmax", 1)):
    file = graph(11, operator, axis=1)
    converted = version_converter.convert_version(file, 13)
    check(f"{operator}-11, largest difference", float(np.abs(run(file, noise) - run(converted, noise)).max()), expected)
sys.exit(changed)
PYTHON
