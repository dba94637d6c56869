#!/bin/bash
# Guess: onnx's ReferenceEvaluator is what the specification says, operator by operator; where a runtime differs, the runtime is wrong.
# Seen: its LRN normalises only as many channels as there are images: of one image the sums are taken for the first channel alone, the others are divided
# by bias ** beta; an image's output depends on how many stand beside it, and is right from as many images as channels on. Its
# LpNormalization with p=1 divides by the sum, not by the sum of absolute values: other signs, and anything where the sum is near 0.
# Its cubic GridSample limits places, not neighbours, to the border. onnxruntime agrees with PyTorch on all three.
# Matters: it is taken for the truth when a reader of files is tested, and for ground truth where no runtime runs.
# Packages: onnx 1.23.2, onnxruntime 1.32.0, torch 2.13.0 (a CPU build does), numpy 2.4.6.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from torch.nn import functional

print("onnx", onnx.__version__, "onnxruntime", onnxruntime.__version__, "torch", torch.__version__)
changed = False
options = onnxruntime.SessionOptions()
options.log_severity_level = 4


def check(what, seen, low, high):
    global changed
    same = low <= seen <= high
    print(f"{what}: {seen:.6f}{'' if same else f'   CHANGED, was in {low} ... {high}'}")
    changed |= not same


def judge(what, exact, images, low, high, operator, opset, constants=(), **attributes):
    """Largest differences from PyTorch, of onnxruntime and of the reference."""
    names = [f"c{place}" for place in range(len(constants))]
    node = helper.make_node(operator, ["x", *names], ["y"], **attributes)
    file = helper.make_model(helper.make_graph(
        [node], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, images.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value, name) for value, name in zip(constants, names)],
    ), opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
    session = onnxruntime.InferenceSession(file.SerializeToString(), options, providers=["CPUExecutionProvider"])
    check(f"{what}, onnxruntime", float(np.abs(session.run(None, {"x": images})[0] - exact).max()), 0, 1e-5)
    check("  reference", float(np.abs(ReferenceEvaluator(file).run(None, {"x": images})[0] - exact).max()), low, high)


random = np.random.default_rng(0)
images = random.normal(size=(8, 8, 6, 6)).astype(np.float32)
for many, low, high in ((1, 0.5, 3), (4, 0.5, 3), (8, 0, 1e-5)):
    some = images[:many]
    exact = functional.local_response_norm(torch.tensor(some), 5, 0.5, 0.75, 1.0).numpy()
    judge(f"LRN of 8 channels, {many} images", exact, some, low, high, "LRN", 13, size=5, alpha=0.5, beta=0.75, bias=1.0)
for p, low, high in ((2, 0, 1e-5), (1, 1, 1e6)):
    exact = functional.normalize(torch.tensor(images), p=p, dim=1).numpy()
    judge(f"LpNormalization, p={p}", exact, images, low, high, "LpNormalization", 20, p=p, axis=1)
places = random.uniform(-1.5, 1.5, size=(8, 5, 5, 2)).astype(np.float32)
for padding, low, high in (("zeros", 0, 1e-4), ("border", 0.05, 1)):
    exact = functional.grid_sample(torch.tensor(images), torch.tensor(places), "bicubic", padding, False).numpy()
    judge(f"GridSample, cubic, {padding}", exact, images, low, high, "GridSample", 20, (places,),
          mode="cubic", padding_mode=padding, align_corners=0)
sys.exit(changed)
PYTHON
