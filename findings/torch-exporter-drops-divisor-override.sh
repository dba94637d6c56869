#!/bin/bash
# Guess: nn.AvgPool2d(divisor_override=5) is exported as an average and a factor, or refused: ONNX's AveragePool has no
# such attribute.
# Seen: the default exporter writes a plain AveragePool and says nothing; the file's numbers are 5/9 of the network's
# (inside), and every runtime that reads it right gets them.
# Matters: sum pools are written this way (divisor_override=1). A gradient that agrees between two readers of the file can
# still be that of another network: compare with the network itself.
# Packages: torch 2.13.0 (a CPU build does), onnx 1.23.2, onnxscript 0.7.2, onnxruntime 1.32.0.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" \
  torch==2.13.0 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0 numpy==2.4.6
PYTHONPATH="$site" SITE="$site" python3 -W ignore - <<'PYTHON'
import os
import sys

import numpy as np
import onnx
import onnxruntime
import torch

print("torch", torch.__version__, "onnx", onnx.__version__, "onnxruntime", onnxruntime.__version__)
torch.manual_seed(0)
images = torch.rand(1, 2, 6, 6)
network = torch.nn.AvgPool2d(3, divisor_override=5).eval()
path = os.path.join(os.environ["SITE"], "pool.onnx")
torch.onnx.export(network, (images,), path, dynamo=True, verbose=False)
nodes = onnx.load(path).graph.node
session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
exported = session.run(None, {session.get_inputs()[0].name: images.numpy()})[0]
ratio = exported / network(images).numpy()
print("nodes", [node.op_type for node in nodes], "file / network:", ratio.min(), "to", ratio.max())
sys.exit(not ([node.op_type for node in nodes] == ["AveragePool"] and np.allclose(ratio, 5 / 9, rtol=1e-5)))
PYTHON
