#!/bin/bash
# Guess: a converted ONNX file, which knows inference only, computes what the file computes.
# Seen: onnx2torch returns a module in training mode. Its batch normalisations take the batch's statistics (outputs differ by
# more than 1), *and every call moves the stored ones*, so that eval() afterwards is no longer the file either (0.02 after
# one call, 0.2 after ten). A file whose normalisations were folded into convolutions shows nothing of it.
# And Clip(0, 6) becomes ReLU6, whose derivative at 0 is 0; that of torch.clamp, which was exported as Clip, is 1.
# Matters: attacks and input gradients of ONNX files are computed through it. Call eval() before the first image.
# Packages: torch 2.13.0 (a CPU build does), onnx2torch 1.5.15, onnx 1.23.2, onnxruntime 1.32.0, torchvision 0.28.0.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
python3 -m pip install --quiet --target "$site" --no-deps torchvision==0.28.0 onnx2torch==1.5.15 pillow==13.0.0
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys
from importlib.metadata import version

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

try:
    import torchvision
except RuntimeError:  # its operators are built for another kind of PyTorch; none is used here
    operators = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        operators.define(name + "(Tensor boxes, Tensor scores, float iou_threshold) -> Tensor")
from onnx2torch import convert

print("torch", torch.__version__, "onnx2torch", version("onnx2torch"), "onnxruntime", onnxruntime.__version__)


def graph(operator, inputs, shape, **constants):
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    weights = [numpy_helper.from_array(np.array(array, np.float32), name) for name, array in constants.items()]
    return helper.make_model(
        helper.make_graph([helper.make_node(operator, inputs, ["y"])], "g", [value("x")], [value("y")], weights),
        opset_imports=[helper.make_opsetid("", 15)], ir_version=8)


torch.manual_seed(0)
images = torch.rand(5, 3, 8, 8)
normalised = graph("BatchNormalization", ["x", "scale", "bias", "mean", "variance"], [5, 3, 8, 8],
                   scale=[1, 1, 1], bias=[0, 0, 0], mean=[0.3] * 3, variance=[4] * 3)
session = onnxruntime.InferenceSession(normalised.SerializeToString(), providers=["CPUExecutionProvider"])
right = torch.tensor(session.run(None, {"x": images.numpy()})[0])


def error(network):
    with torch.no_grad():
        return (network(images) - right).abs().max().item()


changed = False


def check(what, seen, low, high):
    global changed
    same = low <= seen <= high
    print(f"{what}: {seen:.4g}{'' if same else f'   CHANGED, was in [{low}, {high}]'}")
    changed |= not same


network = convert(normalised)
check("training mode after convert", network.training, 1, 1)
check("largest error of the first call", error(network), 1, 3)
network.eval()
check("largest error after eval(), one call later", error(network), 0.01, 0.03)
network.train()
for _ in range(9):
    error(network)
network.eval()
check("largest error after eval(), ten calls later", error(network), 0.05, 0.3)
check("largest error with eval() at once", error(convert(normalised).eval()), 0, 1e-6)

ends = torch.tensor([0.0, 6.0], requires_grad=True)
clipped = convert(graph("Clip", ["x", "low", "high"], [2], low=0, high=6))
(converted,) = torch.autograd.grad(clipped(ends).sum(), ends)
(original,) = torch.autograd.grad(ends.clamp(0, 6).sum(), ends)
print("derivative of Clip(0, 6) at 0 and 6: converted", converted.tolist(), "torch.clamp", original.tolist())
sys.exit(changed or converted.tolist() != [0, 0] or original.tolist() != [1, 1])
PYTHON
