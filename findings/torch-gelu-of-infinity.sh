#!/bin/bash
# Guess: gelu(infinity) is infinity and gelu(-infinity) is 0, as the function's limits are, and a number's value does not depend on
# how many numbers a tensor holds.
# Seen: gelu(infinity) is infinity in a tensor of one number and NaN in one of sixteen (vectors compute it otherwise than the rest
# that fills none), and infinity in both with approximate="tanh" and in float64. gelu, SiLU, mish and hardswish of minus
# infinity are NaN everywhere: the product of infinity and 0.
# Matters: a network whose activations overflow has infinities on one batch and NaN on another; whoever masks by minus
# infinity before one of these activations gets NaN where the limit is 0.
# Packages: torch 2.15.0 (a CPU build does), on x86-64; the same with ATEN_CPU_CAPABILITY=default and avx2.
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.15.0 numpy==2.4.6
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import sys

import torch
from torch.nn import functional

print("torch", torch.__version__, torch.backends.cpu.get_cpu_capability())
changed = False


def words(x):
    return "NaN" if x.isnan().all() else "infinity" if x.isinf().all() else f"{x.tolist()}"


for name, function, expected in (
    ("gelu(inf), 1 number", lambda: functional.gelu(torch.full((1,), torch.inf)), "infinity"),
    ("gelu(inf), 16 numbers", lambda: functional.gelu(torch.full((16,), torch.inf)), "NaN"),
    ("gelu(inf), 16 numbers, float64", lambda: functional.gelu(torch.full((16,), torch.inf, dtype=torch.float64)), "infinity"),
    ("gelu(inf), 16 numbers, tanh", lambda: functional.gelu(torch.full((16,), torch.inf), approximate="tanh"), "infinity"),
    ("gelu(-inf), 16 numbers", lambda: functional.gelu(torch.full((16,), -torch.inf)), "NaN"),
    ("silu(-inf), 16 numbers", lambda: functional.silu(torch.full((16,), -torch.inf)), "NaN"),
    ("mish(-inf), 16 numbers", lambda: functional.mish(torch.full((16,), -torch.inf)), "NaN"),
    ("hardswish(-inf), 16 numbers", lambda: functional.hardswish(torch.full((16,), -torch.inf)), "NaN"),
):
    seen = words(function())
    print(f"{name}: {seen}")
    if seen != expected:
        print("  CHANGED, was", expected)
        changed = True
sys.exit(changed)
PYTHON
