#!/usr/bin/env python3
"""Makes the small ONNX files of this folder and their references, `goldens.safetensors`.

    env/bin/python Tests/Fixtures/onnx/generate.py        (PyTorch 2.5.1, onnx 1.23.2, safetensors, seed 0)

Networks exported from PyTorch have float64 references of logits and of the gradient of the logits' sum; graphs made by hand
have logits of ONNX's reference implementation. Names tell what a file is for.
"""

import os

import numpy as np
import onnx
import onnx.inliner
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from safetensors.numpy import save_file
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
goldens = {}


def images(shape, count=3, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((count, *shape), generator=generator)


@torch.no_grad()
def randomise(model, seed=0):
    """Weights of usual size and running statistics that are not trivial."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in model.state_dict().items():
        if not tensor.is_floating_point():
            continue
        noise = torch.randn(tensor.shape, generator=generator)
        if name.endswith("running_var"):
            tensor.copy_(0.5 + noise.abs())
        elif tensor.dim() > 1:
            tensor.copy_(noise / tensor[0].numel() ** 0.5)
        else:
            tensor.copy_(tensor + 0.2 * noise)
    return model.eval()


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
        self.pool = nn.MaxPool2d(3, 2, 1, ceil_mode=True)
        self.left = nn.Sequential(
            nn.Conv2d(8, 12, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(12), nn.LeakyReLU(0.1),
            nn.Conv2d(12, 12, 3, padding=2, dilation=2, groups=2))
        self.right = nn.Conv2d(8, 12, 1, stride=2)
        self.head = nn.Linear(12, 5)

    def forward(self, x):
        x = self.pool(self.stem(x))
        x = torch.relu(self.left(x) + self.right(x))
        return self.head(torch.flatten(nn.functional.adaptive_avg_pool2d(x, 1), 1))


class Mobile(nn.Module):
    """Depthwise convolution, squeeze and excitation, hard swish, bilinear and nearest upsampling, group normalisation."""

    def __init__(self):
        super().__init__()
        self.expand = nn.Conv2d(3, 8, 1)
        self.depthwise = nn.Conv2d(8, 8, 3, stride=2, groups=8)
        self.norm = nn.BatchNorm2d(8)
        self.squeeze, self.excite = nn.Conv2d(8, 4, 1), nn.Conv2d(4, 8, 1)
        self.up = nn.ConvTranspose2d(8, 6, 3, stride=2, padding=1, output_padding=1)
        self.groups, self.head = nn.GroupNorm(3, 6), nn.Linear(6, 4)

    def forward(self, x):
        x = nn.functional.hardswish(self.expand(x))
        x = self.norm(self.depthwise(nn.functional.pad(x, (1, 2, 1, 2), mode="reflect")))
        s = nn.functional.adaptive_avg_pool2d(x, 1)
        x = x * nn.functional.hardsigmoid(self.excite(nn.functional.silu(self.squeeze(s))))
        x = nn.functional.interpolate(self.up(x), scale_factor=1.5, mode="bilinear", align_corners=False)
        x = nn.functional.interpolate(nn.functional.elu(x), size=(7, 5), mode="nearest")
        x = self.groups(nn.functional.softplus(x))
        return self.head(torch.tanh(x).amax(dim=(2, 3)))


class Transformer(nn.Module):
    def __init__(self, width=16, heads=4):
        super().__init__()
        self.heads = heads
        self.patches = nn.Conv2d(3, width, 4, stride=4)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.position = nn.Parameter(torch.zeros(1, 5, width))
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention, self.projection = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 24), nn.GELU(), nn.Linear(24, width))
        self.head = nn.Linear(width, 6)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        n, count, width = x.shape
        x = torch.cat([self.token.expand(n, -1, -1), x], dim=1) + self.position
        q, k, v = (
            self.attention(self.first(x)).reshape(n, count + 1, 3, self.heads, width // self.heads)
            .permute(2, 0, 3, 1, 4).unbind(0))
        weights = torch.softmax(q @ k.transpose(-2, -1) / (width // self.heads) ** 0.5, dim=-1)
        x = x + self.projection((weights @ v).transpose(1, 2).reshape(n, count + 1, width))
        x = x + self.mlp(self.second(x))
        return self.head(x[:, 0])


class Perceptron(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(48, 16), nn.ReLU(), nn.Linear(16, 4), nn.Softmax(dim=1))

    def forward(self, x):
        return self.layers(x)


class RowsOfOne(nn.Module):
    """Writes the batch of 1 away, so that it can only run on one image."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(3, 4)

    def forward(self, x):
        return self.head(x.reshape(3, 64).exp().mean(dim=1)).reshape(1, 4)


def export(name, model, shape, opset, dynamic=True, batch=1, flat=False, probabilities=False):
    model = randomise(model)
    given = images(shape)
    as_input = (lambda x: x.flatten(1)) if flat else (lambda x: x)
    torch.onnx.export(
        model, (as_input(images(shape, batch)),), os.path.join(HERE, name + ".onnx"), opset_version=opset, dynamo=False,
        input_names=["images"], output_names=["logits"], dynamic_axes={"images": {0: "n"}, "logits": {0: "n"}} if dynamic else None)
    double = model.double()
    if probabilities:
        double.layers = double.layers[:-1]
    x = given.double().requires_grad_()
    # One image at a time: some networks take no more.
    logits = torch.cat([double(as_input(x[i : i + 1])) for i in range(len(x))])
    (gradient,) = torch.autograd.grad(logits.sum(), x)
    goldens[name + ".images"] = given.numpy()
    goldens[name + ".logits"] = logits.detach().numpy()
    goldens[name + ".gradient"] = gradient.numpy()


def tensor(name, array):
    return numpy_helper.from_array(np.ascontiguousarray(array), name)


def save(name, nodes, inputs, outputs, constants, opset=13, functions=(), domains=(), shape=(3, 8, 8), layout="NCHW", logits=None, external=False):
    graph = helper.make_graph(nodes, name, inputs, outputs, constants)
    imports = [helper.make_opsetid("", opset)] + [helper.make_opsetid(domain, 1) for domain in domains]
    model = helper.make_model(graph, opset_imports=imports, functions=list(functions), ir_version=8)
    model.producer_name = "generate.py"
    onnx.checker.check_model(model)
    given = images(shape).numpy()
    x = given.transpose(0, 2, 3, 1) if layout == "NHWC" else given
    # The reference does not pass attributes on to functions.
    evaluator = ReferenceEvaluator(onnx.inliner.inline_local_functions(model))
    result = np.concatenate([evaluator.run(None, {inputs[0].name: x[i : i + 1]})[0] for i in range(len(x))])
    path = os.path.join(HERE, name + ".onnx")
    if external:
        # The package appends to a file that exists.
        if os.path.exists(os.path.join(HERE, name + ".bin")):
            os.remove(os.path.join(HERE, name + ".bin"))
        onnx.save_model(model, path, save_as_external_data=True, location=name + ".bin", size_threshold=0, convert_attribute=False)
    else:
        onnx.save_model(model, path)
    goldens[name + ".images"] = given
    goldens[name + ".logits"] = logits(result) if logits else result


def by_hand():
    random = np.random.default_rng(0)

    def normal(*shape):
        return random.standard_normal(shape).astype(np.float32)

    def info(name, *shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    node = helper.make_node
    head = [tensor("weights", normal(4, 5)), tensor("bias", normal(5))]
    kernel = tensor("kernel", normal(4, 3, 3, 3) / 5)

    # As tf2onnx writes: [N, H, W, C], normalisation inside, SAME padding, squeezed means, a softmax at the end.
    save(
        "nhwc-softmax",
        [
            node("Sub", ["x", "mean"], ["centred"]), node("Div", ["centred", "std"], ["normalised"]),
            node("Transpose", ["normalised"], ["nchw"], perm=[0, 3, 1, 2]),
            node("Conv", ["nchw", "kernel"], ["conv"], auto_pad="SAME_UPPER", strides=[2, 2]),
            node("Relu", ["conv"], ["relu"]), node("ReduceMean", ["relu"], ["mean1"], axes=[2, 3], keepdims=0),
            node("MatMul", ["mean1", "weights"], ["product"]), node("Add", ["product", "bias"], ["sum"]),
            node("Softmax", ["sum"], ["probabilities"], axis=-1),
        ],
        [info("x", "batch", 8, 8, 3)], [info("probabilities", "batch", 5)],
        [tensor("mean", np.array([0.5, 0.4, 0.3], np.float32)), tensor("std", np.float32(0.25)), kernel, *head],
        layout="NHWC", logits=lambda p: np.log(p))

    # Probabilities without a Softmax, and a size that is computed from the shape by way of real numbers.
    save(
        "exp-and-divide",
        [
            node("Conv", ["x", "kernel"], ["conv"]), node("Shape", ["conv"], ["shape"]),
            node("Gather", ["shape", "zero"], ["count"]), node("Cast", ["count"], ["real"], to=TensorProto.FLOAT),
            node("Floor", ["real"], ["floor"]), node("Cast", ["floor"], ["whole"], to=TensorProto.INT64),
            node("Concat", ["whole", "four", "rest"], ["sizes"], axis=0), node("Reshape", ["conv", "sizes"], ["rows"]),
            node("ReduceMax", ["rows"], ["maxima"], axes=[-1], keepdims=0),
            node("Gemm", ["maxima", "weights", "bias"], ["gemm"], alpha=0.5, beta=2.0),
            node("Exp", ["gemm"], ["exp"]), node("ReduceSum", ["exp", "one"], ["total"]),
            node("Div", ["exp", "total"], ["probabilities"]),
        ],
        [info("x", "n", 3, 8, 8)], [info("probabilities", "n", 5)],
        [kernel, *head, tensor("zero", np.array([0])), tensor("four", np.array([4])), tensor("rest", np.array([-1])), tensor("one", np.array([1]))],
        logits=lambda p: np.log(p))

    # The batch of 1 is in the shape, but the graph is right for others once that is replaced.
    save(
        "fixed-reshape",
        [
            node("Conv", ["x", "kernel"], ["conv"], strides=[3, 3]), node("Relu", ["conv"], ["relu"]),
            node("Reshape", ["relu", "shape"], ["rows"]), node("Concat", ["rows", "constant"], ["longer"], axis=1),
            node("MatMul", ["longer", "wide"], ["logits"]),
        ],
        [info("x", 1, 3, 8, 8)], [info("logits", 1, 5)],
        [kernel, tensor("shape", np.array([1, -1])), tensor("constant", normal(1, 2)), tensor("wide", normal(18, 5))])

    # Right for one image; for more it is executed without an error and wrong.
    save(
        "mixes-images",
        [
            node("ReduceMax", ["x"], ["largest"], axes=[0], keepdims=1), node("Mul", ["x", "largest"], ["product"]),
            node("Conv", ["product", "kernel"], ["conv"]), node("GlobalAveragePool", ["conv"], ["pooled"]),
            node("Flatten", ["pooled"], ["rows"]), node("Gemm", ["rows", "weights", "bias"], ["logits"]),
        ],
        [info("x", 1, 3, 8, 8)], [info("logits", 1, 5)], [kernel, *head])

    # A function of the file, with an attribute of the caller, and a branch that is known when the graph is built.
    leaky = helper.make_function(
        "local", "Bent", ["x"], ["y"],
        [node("LeakyRelu", ["x"], ["bent"]), node("Mul", ["bent", "bent"], ["square"]), node("Add", ["bent", "square"], ["y"])],
        [helper.make_opsetid("", 13)], attributes=["slope"])
    reference = leaky.node[0].attribute.add()
    reference.name, reference.ref_attr_name, reference.type = "alpha", "slope", onnx.AttributeProto.FLOAT
    same = helper.make_graph([node("Identity", ["pooled"], ["taken"])], "then", [], [info("taken", "n", 4, 1, 1)])
    flat = helper.make_graph([node("Flatten", ["pooled"], ["flat"])], "else", [], [info("flat", "n", 4)])
    save(
        "function-and-if",
        [
            node("Conv", ["x", "kernel"], ["conv"]), node("Bent", ["conv"], ["bent"], domain="local", slope=0.3),
            node("GlobalMaxPool", ["bent"], ["pooled"]), node("Shape", ["pooled"], ["shape"], name="shape"),
            node("Size", ["shape"], ["rank"]), node("Equal", ["rank", "two"], ["isFlat"]),
            node("If", ["isFlat"], ["rows"], then_branch=same, else_branch=flat),
            node("Gemm", ["rows", "weights", "bias"], ["logits"]),
        ],
        [info("x", "n", 3, 8, 8)], [info("logits", "n", 5)], [kernel, *head, tensor("two", np.array(2))],
        functions=[leaky], domains=["local"])

    save(
        "external-data",
        [
            node("Conv", ["x", "kernel"], ["conv"]), node("GlobalAveragePool", ["conv"], ["pooled"]),
            node("Flatten", ["pooled"], ["rows"]), node("Gemm", ["rows", "weights", "bias"], ["logits"]),
        ],
        [info("x", "n", 3, 8, 8)], [info("logits", "n", 5)], [kernel, *head], external=True)

    # Assignments to a slice of a constant, rows at coordinates for each image, sums over products; and a second output, the
    # label, by an operator that has no derivative and is not needed.
    corners = np.array([[0, 0], [0, 5], [5, 0], [5, 5]])
    save(
        "coordinates",
        [
            node("Conv", ["x", "kernel"], ["conv"]),
            node("ConstantOfShape", ["plane"], ["ones"], value=tensor("one", np.ones(1, np.float32))),
            node("ScatterND", ["ones", "corners", "values"], ["mask"]), node("Mul", ["conv", "mask"], ["masked"]),
            node("Einsum", ["masked", "left", "right"], ["mixed"], equation="...ij,jk,ki->...ik"),
            node("Shape", ["mixed"], ["shape"], name="shape"), node("Gather", ["shape", "first"], ["count"]),
            node("Concat", ["count", "ones3"], ["extents"], axis=0), node("Expand", ["channels", "extents"], ["which"]),
            node("GatherND", ["mixed", "which"], ["taken"], batch_dims=1),
            node("ReduceMean", ["taken"], ["pooled"], axes=[2, 3], keepdims=0),
            node("Gemm", ["pooled", "small", "bias"], ["logits"]), node("ArgMax", ["logits"], ["label"], axis=1),
        ],
        [info("x", "n", 3, 8, 8)],
        [info("logits", "n", 5), helper.make_tensor_value_info("label", TensorProto.INT64, ["n", 1])],
        [
            kernel, tensor("plane", np.array([6, 6])), tensor("corners", corners), tensor("values", np.zeros(4, np.float32)),
            tensor("left", normal(6, 4)), tensor("right", normal(4, 6)), tensor("first", np.array([0])),
            tensor("ones3", np.array([1, 1])), tensor("channels", np.array([[[3], [-4], [1]]])), tensor("small", normal(3, 5)), head[1],
        ])


def main():
    for opset in (9, 12, 17, 20):
        export(f"residual-opset{opset}", Residual(), (3, 11, 11), opset)
    export("mobile-opset11", Mobile(), (3, 12, 12), 11)
    export("mobile-opset18", Mobile(), (3, 12, 12), 18)
    export("transformer-opset17", Transformer(), (3, 8, 8), 17)
    export("transformer-opset14-fixed", Transformer(), (3, 8, 8), 14, dynamic=False)
    export("perceptron", Perceptron(), (3, 4, 4), 13, dynamic=False, flat=True, probabilities=True)
    export("single-image", RowsOfOne(), (3, 8, 8), 13, dynamic=False)
    by_hand()
    save_file({name: np.ascontiguousarray(value) for name, value in sorted(goldens.items())}, os.path.join(HERE, "goldens.safetensors"),
              metadata={"script": "Tests/Fixtures/onnx/generate.py", "torch": torch.__version__, "onnx": onnx.__version__, "seed": "0"})


torch.manual_seed(0)
main()
