#!/bin/bash
# Guess: the first autograd.grad(outputs, inputs, cotangent) of a process costs what the first autograd.grad(sum, inputs) costs.
# Seen: with a cotangent it imports hundreds of modules first, torch.fx's symbolic shapes and sympy among them: 0.7 s of
# processor time, 4 on a busy machine, before the gradient of a linear layer; `outputs.backward(cotangent)` does too. The gradient of
# (outputs * cotangent).sum() has the same bits and imports nothing.
# Matters: it is the start-up of every process that computes input gradients, on a GPU as well: workers of a cluster, servers of
# models, and benchmarks that do not leave the first pass out.
# Packages: torch 2.13.0 (a CPU build does).
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 numpy==2.4.6
cat > "$site/first_gradient.py" <<'PYTHON'
import sys
import time

import torch

torch.manual_seed(0)
network = torch.nn.Linear(64, 10)
images = torch.rand(8, 64, requires_grad=True)
cotangent = torch.randn(8, 10)
logits = network(images)
known = set(sys.modules)
start = time.process_time()
if sys.argv[1] == "sum":
    (gradient,) = torch.autograd.grad((logits * cotangent).sum(), images)
elif sys.argv[1] == "cotangent":
    (gradient,) = torch.autograd.grad(logits, images, cotangent)
else:
    logits.backward(cotangent)
    gradient = images.grad
seconds = time.process_time() - start
imported = set(sys.modules) - known
print(len(imported), int("sympy" in imported), f"{seconds:.3f}", gradient.numpy().tobytes().hex())
PYTHON
PYTHONPATH="$site" python3 - "$site/first_gradient.py" <<'PYTHON'
import subprocess
import sys

import torch

print("torch", torch.__version__)
changed, gradients = False, set()
for way in ("sum", "cotangent", "backward"):
    modules, sympy, seconds, gradient = subprocess.run(
        [sys.executable, sys.argv[1], way], check=True, capture_output=True, text=True).stdout.split()
    gradients.add(gradient)
    same = (int(modules) == 0) if way == "sum" else (int(modules) > 300 and sympy == "1")
    print(f"{way:10s} imports {modules:>4s} modules, {seconds} s of processor time{'' if same else '   CHANGED'}")
    changed |= not same
print("the three gradients have", "the same bits" if len(gradients) == 1 else "other bits   CHANGED")
sys.exit(changed or len(gradients) != 1)
PYTHON
