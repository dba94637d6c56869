#!/bin/bash
# Guess: attention falls back to plain products where its fused kernel has no derivative, so gradient penalties and
# forward-mode derivatives of a transformer work on a CPU.
# Seen: scaled_dot_product_attention on a CPU raises for a second derivative and for forward mode, and so does a whole
# nn.TransformerEncoderLayer; nothing chooses another kernel by itself. Inside sdpa_kernel(SDPBackend.MATH) both work.
# Of the activations, Hardsigmoid (MobileNetV3's squeeze) has no second derivative either, while Hardswish has one.
# Matters: gradient-norm training, curvature and tangent sensitivities of a vision transformer need that context around the
# forward pass; code that was tested on convolutional networks does not have it.
# Packages: torch 2.13.0 (a CPU build does).
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --target "$site" torch==2.13.0 numpy==2.4.6
PYTHONPATH="$site" python3 -W ignore - <<'PYTHON'
import contextlib
import sys

import torch
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

print("torch", torch.__version__)
torch.manual_seed(0)
tokens = torch.randn(1, 2, 5, 8)
layer = torch.nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True).eval()


def attention(x):
    return functional.scaled_dot_product_attention(x, x, x).square().sum()


def encoder(x):
    return layer(x[:, 0]).pow(3).sum()


def second_derivative(function):
    x = tokens.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(function(x), x, create_graph=True)
    torch.autograd.grad(gradient.square().sum(), x)


def forward_mode(function):
    torch.func.jvp(function, (tokens,), (tokens,))


def outcome(derivative, function, context):
    try:
        with context:
            derivative(function)
        return "works"
    except RuntimeError as error:  # NotImplementedError is one
        return "raises: " + str(error).splitlines()[0][:90]


def plain():
    return contextlib.nullcontext()


def math():
    return sdpa_kernel(SDPBackend.MATH)


changed = False
for what, derivative, function, context, expected in (
    ("attention, second derivative", second_derivative, attention, plain, "raises"),
    ("attention, forward mode", forward_mode, attention, plain, "raises"),
    ("encoder layer, second derivative", second_derivative, encoder, plain, "raises"),
    ("encoder layer, forward mode", forward_mode, encoder, plain, "raises"),
    ("attention in MATH, second derivative", second_derivative, attention, math, "works"),
    ("attention in MATH, forward mode", forward_mode, attention, math, "works"),
    ("encoder layer in MATH, second derivative", second_derivative, encoder, math, "works"),
    ("hardsigmoid, second derivative", second_derivative, lambda x: functional.hardsigmoid(x).square().sum(), plain, "raises"),
    ("hardswish, second derivative", second_derivative, lambda x: functional.hardswish(x).square().sum(), plain, "works"),
):
    seen = outcome(derivative, function, context())
    same = seen.startswith(expected)
    print(f"{what}: {seen}{'' if same else '   CHANGED'}")
    changed |= not same
sys.exit(changed)
PYTHON
