#!/bin/bash
# Guess: float16 reaches to 65,504; what is larger overflows or stays float32, what is smaller is rounded.
# Seen: convert_float_to_float16 of onnxconverter-common writes 10,000 for every weight above it and 1e-7 for every one below 1e-7
# but zero. Running variances are larger in early layers that read pixels of 0 to 255: what a batch normalisation with a variance
# of 60,000 puts out grows by 2.45. A Python warning names the largest number, not the tensor. The copy of the function in
# onnxruntime.transformers has the same name and arguments, and keeps them.
# Matters: networks without a layer for the scale are affected, accuracy less than gradients and margins, which are longer by
# that factor. Two tools of one name give two networks.
# Packages: onnxconverter-common 1.16.0, onnx 1.23.2, onnxruntime 1.32.0, numpy 2.4.6.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
python3 -m pip install --quiet --target "$site" --no-deps onnxconverter-common==1.16.0
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys
import warnings
from importlib.metadata import version

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxconverter_common import float16 as common
from onnxruntime.transformers import float16 as transformers

print("onnxconverter-common", version("onnxconverter-common"), "onnxruntime", onnxruntime.__version__)
variances = np.array([4000, 9000, 20000, 60000], np.float32)
generator = np.random.default_rng(0)


def network():
    """A batch normalisation of four sums of pixels, whose deviations are 63 to 245."""
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, (8, 4, 6, 6))
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, (8, 4, 6, 6))
    weights = {
        "scale": np.ones(4, np.float32), "offset": np.array([0, 1e-9, -1e-9, 1], np.float32),
        "mean": np.full(4, 500, np.float32), "variance": variances}
    node = helper.make_node("BatchNormalization", ["x", *weights], ["y"])
    graph = helper.make_graph([node], "g", [value], [result], [numpy_helper.from_array(w, n) for n, w in weights.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def run(model):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": images})[0]


images = (500 + np.sqrt(variances)[:, None, None] * generator.normal(size=(8, 4, 6, 6))).astype(np.float32)
exact = run(network())
changed = False
for library, expected_variances, small, factors in (
    (common, [4000, 9000, 10000, 10000], 1e-7, [1, 1, 2**0.5, 6**0.5]),
    (transformers, [4000, 9000, 20000, 60000], None, [1, 1, 1, 1]),
):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model = library.convert_float_to_float16(network(), keep_io_types=True)
    written = {tensor.name: numpy_helper.to_array(tensor).astype(float) for tensor in model.graph.initializer}
    grown = [float(run(model)[:, channel].std() / exact[:, channel].std()) for channel in range(4)]
    print(library.__name__)
    print("  variances", written["variance"], "offsets", written["offset"])
    print("  deviations of the outputs, of the file's:", np.round(grown, 3))
    print("  said:", [str(one.message)[:80] for one in said])
    same = np.allclose(written["variance"], expected_variances, rtol=1e-3) and np.allclose(grown, factors, rtol=0.01)
    if small:
        same &= np.allclose(np.abs(written["offset"][1:3]), small, rtol=0.2)
    if not same:
        print("  CHANGED")
        changed = True
sys.exit(changed)
PYTHON
