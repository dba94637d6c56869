#!/bin/bash
# Guess: a float16 graph is computed in float16: 60000 + 60000 is infinite, as PyTorch and ONNX's own evaluator have it.
# Seen: on a CPU onnxruntime casts to float32 once, goes on in float32 and casts back at the end, with every optimisation
# off as well: (60000 + 60000) / 2 is 60000, and (1 + 1/4096) - 1, which is 0 in float16, is 1/4096.
# Matters: logits and gradients of a float16 file compared against onnxruntime's CPU are compared with float32 arithmetic of
# float16 weights; a network that overflows on a GPU shows nothing here.
# Packages: onnxruntime 1.32.0, onnx 1.23.2, numpy 2.4.6.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

print("onnxruntime", onnxruntime.__version__, "onnx", onnx.__version__)


def graph(nodes, **constants):
    half = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT16, [1])
    weights = [numpy_helper.from_array(np.array([value], np.float16), name) for name, value in constants.items()]
    return helper.make_model(
        helper.make_graph(nodes, "g", [half("x")], [half("y")], weights),
        opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def runtime(model, x, level):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return float(session.run(None, {"x": x})[0][0])


node = helper.make_node
doubled = graph([node("Add", ["x", "x"], ["a"]), node("Mul", ["a", "half"], ["y"])], half=0.5)
small = graph([node("Add", ["x", "tiny"], ["a"]), node("Sub", ["a", "x"], ["y"])], tiny=1 / 4096)
levels = onnxruntime.GraphOptimizationLevel
changed = False
for what, model, value, wide, narrow in (
    ("(x + x) / 2 at 60000", doubled, 60000, 60000.0, float("inf")),
    ("(x + 1/4096) - x at 1", small, 1, 1 / 4096, 0.0),
):
    x = np.array([value], np.float16)
    seen = [runtime(model, x, levels.ORT_ENABLE_ALL), runtime(model, x, levels.ORT_DISABLE_ALL)]
    reference = float(ReferenceEvaluator(model).run(None, {"x": x})[0][0])
    same = seen == [wide, wide] and reference == narrow
    print(f"{what}: onnxruntime {seen[0]}, without optimisation {seen[1]}, onnx reference {reference}"
          + ("" if same else "   CHANGED"))
    changed |= not same
sys.exit(changed)
PYTHON
