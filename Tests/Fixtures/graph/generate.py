"""Golden values for GraphTests: every operator forward, reverse and second order in float64 PyTorch.

    python generate.py            (PyTorch 2.5.1, seed below; writes operators.json and networks.json beside this file)

A case holds inputs x_i and the cotangent c on small binary grids (exact in float32), directions v_i, and what PyTorch
says about them: the output y, the gradients g_i = d<c, y>/dx_i and the second-order ones d(sum_j <v_j, g_j>)/dx_i.
"""
import itertools
import json
import pathlib

import torch
import torch.nn.functional as F

SEED = 20240601
HERE = pathlib.Path(__file__).parent
torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(SEED)
cases = []


def grid(shape, low=-2.0, high=2.0, step=1 / 16):
    """Random multiples of `step`."""
    count = int(round((high - low) / step)) + 1
    return torch.randint(0, count, tuple(shape), generator=generator) * step + low


def numbers(tensor):
    return [float(f"{v:.8g}") for v in tensor.detach().reshape(-1).tolist()]


def packed(tensor):
    return {"shape": list(tensor.shape), "scalars": numbers(tensor)}


def derivative(output, inputs):
    if not output.requires_grad:
        return [torch.zeros_like(x) for x in inputs]
    found = torch.autograd.grad(output, inputs, create_graph=True, allow_unused=True)
    return [torch.zeros_like(x) if g is None else g for g, x in zip(found, inputs)]


def case(operator, function, inputs, **attributes):
    """`inputs` are shapes or tensors."""
    inputs = [(x if isinstance(x, torch.Tensor) else grid(x)).clone().requires_grad_() for x in inputs]
    output = function(*inputs)
    cotangent = grid(output.shape, step=1 / 4)
    directions = [grid(x.shape, step=1 / 4) for x in inputs]
    gradients = derivative((output * cotangent).sum(), inputs)
    second = derivative(sum((v * g).sum() for v, g in zip(directions, gradients)), inputs)
    cases.append({
        "operator": operator,
        "attributes": {k: [float(n) for n in (v if isinstance(v, (list, tuple)) else [v])] for k, v in attributes.items()},
        "inputs": [packed(x) for x in inputs], "cotangent": numbers(cotangent),
        "directions": [numbers(v) for v in directions], "output": packed(output),
        "gradients": [numbers(g) for g in gradients],
        "second": [[] if bool((s == 0).all()) else numbers(s) for s in second],
    })


# Convolution: image, weights, (stride), (top, left, bottom, right), (dilation), groups.
for image, weights, stride, padding, dilation, groups in [
    ((2, 3, 5, 6), (4, 3, 3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 1),
    ((1, 2, 6, 5), (3, 2, 3, 2), (2, 1), (1, 0, 2, 1), (1, 1), 1),
    ((2, 4, 6, 7), (4, 2, 3, 3), (1, 2), (2, 1, 0, 3), (2, 1), 2),
    ((1, 3, 6, 5), (3, 1, 3, 3), (2, 2), (1, 1, 1, 1), (1, 1), 3),
    ((2, 2, 5, 5), (4, 1, 3, 3), (1, 1), (2, 2, 2, 2), (2, 2), 2),
    ((2, 5, 3, 3), (4, 5, 1, 1), (1, 1), (0, 0, 0, 0), (1, 1), 1),
    ((1, 3, 5, 4), (2, 3, 1, 1), (2, 2), (0, 0, 0, 0), (1, 1), 1),
    ((1, 4, 3, 3), (6, 2, 1, 1), (1, 1), (0, 0, 0, 0), (1, 1), 2),
    ((2, 2, 3, 3), (4, 2, 3, 3), (1, 1), (0, 0, 0, 0), (1, 1), 1),
    ((1, 2, 2, 3), (2, 2, 1, 1), (1, 1), (1, 1, 0, 1), (1, 1), 1),
    ((2, 1, 7, 7), (1, 1, 5, 5), (3, 3), (2, 2, 2, 2), (1, 1), 1),
    ((1, 1, 2, 2), (1, 1, 3, 3), (2, 3), (3, 4, 4, 3), (2, 2), 1),
]:
    top, left, bottom, right = padding
    case("conv2d",
         lambda x, w: F.conv2d(F.pad(x, (left, right, top, bottom)), w, stride=stride, dilation=dilation, groups=groups),
         [image, weights], stride=stride, padding=padding, dilation=dilation, groups=groups)

for image, weights, stride, padding, dilation, groups, extra in [
    ((2, 3, 3, 4), (3, 2, 3, 3), (1, 1), (0, 0), (1, 1), 1, (0, 0)),
    ((1, 2, 3, 3), (2, 3, 3, 2), (2, 2), (1, 0), (1, 1), 1, (1, 0)),
    ((2, 4, 2, 3), (4, 1, 2, 2), (2, 3), (0, 1), (1, 1), 2, (0, 2)),
    ((1, 3, 3, 3), (3, 1, 3, 3), (2, 2), (1, 1), (1, 1), 3, (1, 1)),
    ((1, 2, 3, 2), (2, 2, 2, 3), (3, 1), (1, 2), (2, 2), 1, (2, 0)),
    ((2, 3, 2, 2), (3, 2, 1, 1), (1, 1), (0, 0), (1, 1), 1, (0, 0)),
]:
    case("transposed-conv2d",
         lambda x, w: F.conv_transpose2d(
             x, w, stride=stride, padding=padding, output_padding=extra, groups=groups, dilation=dilation),
         [image, weights], stride=stride, padding=padding + padding, dilation=dilation, groups=groups,
         outputPadding=extra)

# Pooling: image, window, stride, padding, dilation, ceil.
for image, window, stride, padding, dilation, ceil in [
    ((2, 2, 4, 6), (2, 2), (2, 2), (0, 0), (1, 1), False),
    ((1, 2, 7, 5), (3, 3), (2, 2), (1, 1), (1, 1), False),
    ((1, 2, 6, 5), (3, 2), (2, 3), (1, 0), (1, 1), True),
    ((1, 1, 8, 7), (3, 2), (1, 2), (1, 1), (2, 3), False),
    ((2, 1, 5, 5), (2, 2), (3, 3), (1, 1), (1, 1), True),
    ((1, 2, 3, 3), (3, 3), (1, 1), (0, 0), (1, 1), False),
]:
    case("max-pool2d", lambda x: F.max_pool2d(x, window, stride, padding, dilation, ceil), [grid(image, step=1 / 4)],
         window=window, stride=stride, padding=padding + padding, dilation=dilation, ceil=ceil)
for image, window, stride, padding, ceil in [
    ((2, 2, 4, 6), (2, 2), (2, 2), (0, 0), False),
    ((1, 2, 7, 5), (3, 3), (2, 2), (1, 1), False),
    ((1, 2, 6, 5), (3, 2), (2, 3), (1, 1), True),
    ((2, 1, 5, 5), (2, 3), (3, 2), (1, 1), True),
    ((1, 2, 3, 3), (3, 3), (1, 1), (0, 0), False),
]:
    for included in (True, False):
        case("average-pool2d", lambda x: F.avg_pool2d(x, window, stride, padding, ceil, included), [image],
             window=window, stride=stride, padding=padding + padding, dilation=(1, 1), ceil=ceil, includesPadding=included)
case("average-pool2d", lambda x: F.avg_pool2d(F.pad(x, (1, 0, 0, 2)), (3, 2), (1, 2)), [(1, 2, 4, 5)],
     window=(3, 2), stride=(1, 2), padding=(0, 1, 2, 0), dilation=(1, 1), ceil=False, includesPadding=True)
case("global-average-pool", lambda x: x.mean((2, 3), keepdim=True), [(2, 3, 4, 3)])
for factor in (1, 2, 3):
    case("upsample-nearest", lambda x: F.interpolate(x, scale_factor=factor, mode="nearest"), [(2, 2, 2, 3)], factor=factor)

# Elementwise; positive arguments where the function needs them, ties with the kinks wanted.
for name, function in {
    "negate": lambda x: -x, "exp": torch.exp, "abs": torch.abs, "tanh": torch.tanh, "sigmoid": torch.sigmoid,
    "silu": F.silu, "erf": torch.erf, "stop-gradient": lambda x: x.detach(),
}.items():
    case(name, function, [torch.cat([grid((3, 5)), torch.tensor([[0.0, -4.0, 4.0, -9.0, 9.0]])])])
case("log", torch.log, [grid((2, 7), 1 / 16, 3)])
case("sqrt", torch.sqrt, [grid((2, 7), 1 / 16, 3)])
for slope in (0, 0.125, -0.5):
    case("relu", lambda x: F.leaky_relu(x, slope) if slope else F.relu(x), [grid((3, 7), step=1 / 4)], slope=slope)
for beta in (1, 0.5, 10):
    case("softplus", lambda x: F.softplus(x, beta=beta), [torch.cat([grid((12,)), torch.tensor([0.0, 50, -50])])], beta=beta)
for approximation in ("none", "tanh"):
    case("gelu", lambda x: F.gelu(x, approximate=approximation), [torch.cat([grid((3, 5)), torch.tensor([[0.0, -4, 4, -6, 6]])])],
         tanh=approximation == "tanh")
case("clip", lambda x: torch.clamp(x, -0.5, 1), [grid((3, 7), step=1 / 4)], lower=-0.5, upper=1)

for left, right in [
    ((2, 3), (2, 3)), ((2, 3), ()), ((), (2, 3)), ((), ()), ((3,), (2, 3)), ((2, 1), (1, 3)), ((2, 3, 1, 2), (3, 2, 1)),
    ((1,), (2,)), ((4, 1, 3), (2, 1)), ((1, 1), (1, 1, 1)), ((2, 3, 2, 2), (1, 3, 1, 1)), ((3, 1, 1), (2, 3, 2, 2)),
    ((2, 3, 2), (2, 1, 2)), ((1, 3, 2), (2, 3, 1)),
]:
    case("add", torch.add, [left, right])
    case("subtract", torch.sub, [left, right])
    case("multiply", torch.mul, [left, right])
    case("divide", torch.div, [left, grid(right, 0.5, 2.5)])
    case("gate", lambda x, r: torch.where(r > 0, x, 0.25 * x), [left, grid(right, step=1)], slope=0.25)
    case("greater", lambda a, b: (a > b).to(a.dtype), [grid(left, step=1), grid(right, step=1)])

# Reductions over every set of axes.
for shape in [(2, 3, 4), (3, 1, 2, 2)]:
    for count in range(1, len(shape) + 1):
        for axes in itertools.combinations(range(len(shape)), count):
            case("sum", lambda x: x.sum(axes, keepdim=True), [shape], axes=axes)
            case("mean", lambda x: x.mean(axes, keepdim=True), [shape], axes=axes)
            case("maximum", lambda x: x.amax(axes, keepdim=True), [grid(shape, step=1 / 2)], axes=axes)
for x in [grid((5,)), grid((3, 4)), grid((2, 2, 3)), torch.tensor([[90.0, 88, 1], [-200, -201, 3]]), grid((2, 1))]:
    case("softmax", lambda x: F.softmax(x, -1), [x])
    case("log-softmax", lambda x: F.log_softmax(x, -1), [x])

# Normalisation.
for shape in [(2, 3, 2, 3), (3, 4)]:
    channels = shape[1]
    rows = [grid((channels,)), grid((channels,)), grid((channels,)), grid((channels,), 0.25, 2)]
    column = [1, channels] + [1] * (len(shape) - 2)
    # PyTorch's own has no derivative in the statistics.
    case("batch-norm", lambda x, s, b, m, v: (x - m.view(column)) / (v.view(column) + 1e-3).sqrt() * s.view(column)
         + b.view(column), [shape] + rows, epsilon=1e-3)
    case("batch-norm-training", lambda x, s, b: F.batch_norm(x, None, None, s, b, training=True, eps=1e-3),
         [shape] + rows[:2], epsilon=1e-3)
for shape, groups in [((2, 4, 2, 3), 2), ((2, 3, 3, 2), 1), ((2, 3, 4, 2), 3), ((3, 4), 2), ((2, 4, 3), 4)]:
    case("group-norm", lambda x, s, b: F.group_norm(x, groups, s, b, eps=1e-3), [shape, (shape[1],), (shape[1],)],
         groups=groups, epsilon=1e-3)
for shape, count in [((3, 5), 1), ((2, 3, 4), 1), ((2, 3, 4), 2), ((2, 2, 3), 3)]:
    row = shape[len(shape) - count:]
    case("layer-norm", lambda x, s, b: F.layer_norm(x, row, s, b, eps=1e-3), [shape, row, row], axes=count, epsilon=1e-3)

# Matrix products; 16 columns at a time, four rows at a time in the kernel.
for left, right in [
    ((2, 3), (3, 4)), ((5, 3), (3, 17)), ((1, 4), (4, 33)), ((9, 2), (2, 16)), ((2, 2, 3), (2, 3, 4)), ((2, 2, 3), (3, 4)),
    ((2, 2, 2, 3), (2, 2, 3, 2)), ((2, 1, 2, 3), (3, 5)), ((1, 1), (1, 1)),
]:
    case("matmul", torch.matmul, [left, right])
case("linear", F.linear, [(3, 5), (4, 5), (4,)])
case("linear", F.linear, [(2, 3, 4), (2, 4), (2,)])

# Movement.
for permutation in itertools.permutations(range(3)):
    case("transpose", lambda x: x.permute(permutation), [(2, 3, 4)], permutation=permutation)
case("transpose", lambda x: x.permute(2, 0, 3, 1), [(2, 3, 1, 4)], permutation=(2, 0, 3, 1))
case("reshape", lambda x: x.reshape(4, 1, 6), [(2, 3, 4)], shape=(4, 1, 6))
case("flatten", lambda x: x.flatten(1), [(2, 3, 2, 2)])
for shape, target in [((3,), (2, 3)), ((), (2, 2)), ((2, 1, 3), (4, 2, 3, 3)), ((1, 3, 1), (2, 3, 4)), ((2, 3, 1, 1), (2, 3, 2, 2))]:
    case("broadcast", lambda x: x.expand(target), [shape], shape=target)
for shape, axis, start, count, step in [((7,), 0, 1, 3, 2), ((3, 8), 1, 0, 3, 3), ((5, 2, 3), 0, 2, 2, 2), ((2, 4, 3), 1, 3, 1, 1)]:
    index = torch.arange(count) * step + start
    case("slice", lambda x: x.index_select(axis, index), [shape], axis=axis, start=start, count=count, step=step)


def padded(x, low, high, interior, value):
    extents = [l + h + n + max(0, n - 1) * i for n, l, h, i in zip(x.shape, low, high, interior)]
    frame = torch.full(extents, value)
    mask = torch.ones(extents)
    window = tuple(slice(l, l + (n - 1) * (i + 1) + 1, i + 1) for n, l, i in zip(x.shape, low, interior))
    mask[window] = 0
    scattered = torch.zeros(extents).index_put(
        tuple(torch.meshgrid(*[torch.arange(n)[s] for n, s in zip(extents, window)], indexing="ij")), x)
    return scattered + frame * mask


for shape, low, high, interior, value in [
    ((3,), (1,), (2,), (0,), 0), ((3,), (0,), (1,), (2,), 1.5), ((2, 3), (1, 0), (0, 2), (1, 1), -0.5),
    ((1, 2, 2, 3), (0, 0, 1, 2), (0, 0, 1, 0), (0, 0, 0, 1), 0),
]:
    case("pad", lambda x: padded(x, low, high, interior, value), [shape], low=low, high=high, interior=interior, value=value)
for shapes, axis in [([(2, 3), (1, 3)], 0), ([(2, 1), (2, 3), (2, 2)], 1), ([(2, 1, 3), (2, 2, 3)], 1), ([(2, 2, 1), (2, 2, 2)], 2)]:
    case("concatenate", lambda *parts: torch.cat(parts, axis), shapes, axis=axis)


# Networks: the derivative of the squared input gradient in every parameter (gradient-norm regularisation).
networks = []


def network(name, activation, training):
    x = grid((3, 3, 6, 6))
    parameters = {
        "conv1": grid((4, 3, 3, 3), -0.5, 0.5), "scale": grid((4,), 0.5, 1.5), "shift": grid((4,), -0.5, 0.5),
        "conv2": grid((4, 4, 3, 3), -0.5, 0.5), "weight": grid((5, 4), -1, 1), "bias": grid((5,), -1, 1),
    }
    mean, variance = grid((4,), -0.5, 0.5), grid((4,), 0.5, 2)
    for p in parameters.values():
        p.requires_grad_()
    x.requires_grad_()
    cotangent = grid((3, 5), step=1 / 4)
    y = F.conv2d(x, parameters["conv1"], padding=1)
    if training:
        y = F.batch_norm(y, None, None, parameters["scale"], parameters["shift"], training=True, eps=1e-3)
    else:
        y = F.batch_norm(y, mean, variance, parameters["scale"], parameters["shift"], eps=1e-3)
    y = y1 = activation(y)
    y = F.max_pool2d(y, 2)
    # A residual block and a convolution with a stride.
    y = activation(F.conv2d(y, parameters["conv2"], stride=2, padding=1) + F.avg_pool2d(y, 2, ceil_mode=True))
    logits = F.linear(y.mean((2, 3)), parameters["weight"], parameters["bias"])
    gradient, = torch.autograd.grad((logits * cotangent).sum(), x, create_graph=True)
    loss = (gradient * gradient).sum()
    regularised = torch.autograd.grad(loss, list(parameters.values()) + [x], allow_unused=True)
    networks.append({
        "name": name, "training": training, "image": packed(x), "cotangent": packed(cotangent), "mean": packed(mean),
        "variance": packed(variance), "parameters": {k: packed(v) for k, v in parameters.items()},
        "logits": numbers(logits), "gradient": numbers(gradient), "loss": float(loss),
        "regularised": {k: [] if g is None else numbers(g) for k, g in zip(list(parameters) + ["image"], regularised)},
    })


network("relu", F.relu, False)
network("softplus", lambda y: F.softplus(y, beta=5), False)
network("softplus-training", lambda y: F.softplus(y, beta=5), True)
network("gelu", F.gelu, False)

note = f"Made by generate.py with PyTorch {torch.__version__.split('+')[0]}, seed {SEED}, float64."
for name, content in (("operators", cases), ("networks", networks)):
    text = json.dumps({"note": note, name: content}, separators=(",", ":"))
    (HERE / f"{name}.json").write_text(text.replace(".0,", ",").replace(".0]", "]") + "\n")
