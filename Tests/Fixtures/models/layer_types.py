"""One small network per layer type (and per option that changes what is computed) of a declarative layer list."""

import dataclasses
from typing import Any, Callable

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models import swin_transformer


@dataclasses.dataclass
class Case:
    name: str
    module: Callable[[], nn.Module]
    # The layers as `model.json` lists them, given the prefix of the module's tensors.
    layers: Callable[[str], list[dict[str, Any]]]
    shape: tuple = (4, 4, 5)


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Branches(nn.Module):
    def __init__(self, join, *branches):
        super().__init__()
        self.join, self.branches = join, nn.ModuleList(branches)

    def forward(self, x):
        return self.join([branch(x) for branch in self.branches])


def add(parts):
    return parts[0] + parts[1]


def product(parts):
    return parts[0] * parts[1]


def join(parts):
    return torch.cat(parts, 1)


def plain(name, function, kind, shape=(4, 4, 5), **options):
    """A case without tensors, on pixels shifted so that both signs occur."""
    return Case(
        name, lambda: Function(lambda x: function(4 * x - 2)),
        lambda _: [
            {"type": "Scale", "value": 4}, {"type": "Shift", "value": -2}, {"type": kind, **options}], shape)


def layer(name, module, kind, shape=(4, 4, 5), **options):
    """A case of one module with tensors."""
    return Case(name, module, lambda prefix: [{"type": kind, "name": prefix, **options}], shape)


def cases():
    return [
        layer("conv", lambda: nn.Conv2d(4, 3, 3), "Conv2d"),
        layer("conv-no-bias", lambda: nn.Conv2d(4, 3, 3, padding=1, bias=False), "Conv2d", padding=1),
        layer("conv-stride", lambda: nn.Conv2d(4, 3, (3, 2), (2, 3), (1, 2)), "Conv2d", stride=[2, 3], padding=[1, 2]),
        layer("conv-dilation", lambda: nn.Conv2d(4, 3, 2, dilation=(2, 3)), "Conv2d", dilation=[2, 3]),
        layer("conv-groups", lambda: nn.Conv2d(4, 6, 3, padding=1, groups=2), "Conv2d", padding=1, groups=2),
        Case(
            "conv-one-sided", lambda: nn.Sequential(nn.ZeroPad2d((2, 0, 1, 0)), nn.Conv2d(4, 3, 3)),
            lambda prefix: [{"type": "Conv2d", "name": f"{prefix}.1", "padding": [1, 2, 0, 0]}]),
        layer("conv-transpose", lambda: nn.ConvTranspose2d(4, 3, 3), "ConvTranspose2d"),
        layer(
            "conv-transpose-options", lambda: nn.ConvTranspose2d(4, 6, 3, (2, 3), 1, (1, 2), 2, dilation=(1, 2)),
            "ConvTranspose2d", stride=[2, 3], padding=1, outputPadding=[1, 2], groups=2, dilation=[1, 2]),
        layer(
            "conv-transpose-doubling", lambda: nn.ConvTranspose2d(4, 3, 4, 2, 1), "ConvTranspose2d", stride=2, padding=1),
        Case(
            "conv-transpose-odd",
            lambda: nn.Sequential(nn.ConvTranspose2d(4, 3, 4, 2, 1), Function(lambda x: x[:, :, :-1, :-1])),
            lambda prefix: [
                {"type": "ConvTranspose2d", "name": f"{prefix}.0", "stride": 2, "padding": [1, 1, 2, 2]}]),
        Case(
            "u-net", UNet,
            lambda prefix: [
                {"type": "Concatenate", "branches": [[], [
                    {"type": "Conv2d", "name": f"{prefix}.down", "stride": 2, "padding": 1}, {"type": "SiLU"},
                    {"type": "ConvTranspose2d", "name": f"{prefix}.up", "stride": 2, "padding": [1, 1, 1, 2]}]]},
                {"type": "Conv2d", "name": f"{prefix}.merge", "padding": 1}]),
        layer("linear-last-axis", lambda: nn.Linear(5, 4), "Linear"),
        layer("linear-no-bias", lambda: nn.Linear(5, 4, bias=False), "Linear"),
        layer("batch-norm", lambda: nn.BatchNorm2d(4, eps=1e-3), "BatchNorm2d", eps=1e-3),
        layer("batch-norm-plain", lambda: nn.BatchNorm2d(4, affine=False), "BatchNorm2d"),
        layer("group-norm", lambda: nn.GroupNorm(2, 4), "GroupNorm", numGroups=2),
        layer("instance-norm", lambda: nn.InstanceNorm2d(4, affine=True, eps=1e-2), "InstanceNorm2d", eps=1e-2),
        plain("instance-norm-plain", lambda x: F.instance_norm(x), "InstanceNorm2d"),
        layer("layer-norm", lambda: nn.LayerNorm(5), "LayerNorm"),
        layer("layer-norm-3", lambda: nn.LayerNorm((4, 4, 5), eps=1e-3), "LayerNorm", normalizedDimensions=3, eps=1e-3),
        plain("relu", F.relu, "ReLU"),
        plain("leaky-relu", lambda x: F.leaky_relu(x, 0.2), "LeakyReLU", negativeSlope=0.2),
        plain("leaky-relu-default", F.leaky_relu, "LeakyReLU"),
        plain("softplus", lambda x: F.softplus(x, 3), "Softplus", beta=3),
        plain("sigmoid", torch.sigmoid, "Sigmoid"),
        plain("tanh", torch.tanh, "Tanh"),
        plain("gelu", F.gelu, "GELU"),
        plain("gelu-tanh", lambda x: F.gelu(x, approximate="tanh"), "GELU", approximate="tanh"),
        plain("silu", F.silu, "SiLU"),
        plain("clip", lambda x: x.clamp(-1, 0.5), "Clip", minimum=-1, maximum=0.5),
        plain("clip-one-sided", lambda x: x.clamp(min=-0.5), "Clip", minimum=-0.5),
        plain("elu", lambda x: F.elu(x, 0.7), "ELU", alpha=0.7),
        plain("celu", lambda x: F.celu(x, 0.7), "CELU", alpha=0.7),
        plain("selu", F.selu, "SELU"),
        plain("mish", F.mish, "Mish"),
        plain("softsign", F.softsign, "Softsign"),
        plain("hardsigmoid", lambda x: F.hardsigmoid(2 * x), "Sequential", layers=[
            {"type": "Scale", "value": 2}, {"type": "Hardsigmoid"}]),
        plain("hardswish", lambda x: F.hardswish(2 * x), "Sequential", layers=[
            {"type": "Scale", "value": 2}, {"type": "Hardswish"}]),
        plain("rrelu", lambda x: F.rrelu(x, 0.1, 0.4), "RReLU", lower=0.1, upper=0.4),
        plain("log-sigmoid", F.logsigmoid, "LogSigmoid"),
        plain("tanhshrink", F.tanhshrink, "Tanhshrink"),
        plain("hardshrink", lambda x: F.hardshrink(x, 0.75), "Hardshrink", lambd=0.75),
        plain("softshrink", lambda x: F.softshrink(x, 0.75), "Softshrink", lambd=0.75),
        plain("threshold", lambda x: F.threshold(x, 0.2, -1), "Threshold", threshold=0.2, value=-1),
        plain("glu", lambda x: F.glu(x, 1), "GLU", axis=1),
        plain("softmin", lambda x: F.softmin(x, -1), "Softmin"),
        plain("softmax2d", nn.Softmax2d(), "Softmax2d"),
        plain("relu6", lambda x: F.relu6(4 * x), "Sequential", layers=[{"type": "Scale", "value": 4}, {"type": "ReLU6"}]),
        plain("hardtanh", lambda x: F.hardtanh(x, -0.5, 1.25), "Hardtanh", minVal=-0.5, maxVal=1.25),
        *[
            Case(
                name, lambda count=count: nn.Sequential(Function(lambda x: x - 0.5), nn.PReLU(count)),
                lambda prefix: [{"type": "Shift", "value": -0.5}, {"type": "PReLU", "name": f"{prefix}.1"}])
            for name, count in {"prelu": 4, "prelu-one": 1}.items()],
        Case(
            "parameters", Parameters,
            lambda prefix: [
                {"type": "MultiplyParameter", "name": f"{prefix}.scale"},
                {"type": "AddParameter", "name": f"{prefix}.offset"},
                {"type": "Reshape", "shape": [16, 5]}, {"type": "PrependParameter", "name": f"{prefix}.token"},
                {"type": "AddParameter", "name": f"{prefix}.embedding"}, {"type": "Softmax"}]),
        Case(
            "attention", lambda: nn.Sequential(nn.Flatten(2), Attention(20, 4)),
            lambda prefix: [
                {"type": "Reshape", "shape": [4, 20]},
                {"type": "MultiheadAttention", "name": f"{prefix}.1.attention", "numHeads": 4}]),
        Case(
            "attention-timm", lambda: nn.Sequential(nn.Flatten(2), TimmAttention(20, 5)),
            lambda prefix: [
                {"type": "Reshape", "shape": [4, 20]},
                {"type": "MultiheadAttention", "name": f"{prefix}.1", "numHeads": 5}]),
        Case(
            "window-attention", lambda: Windows(4, 2, 3, 1),
            lambda prefix: [
                {"type": "Permute", "permutation": [0, 2, 3, 1]},
                {"type": "WindowAttention", "name": f"{prefix}.attention", "shiftSize": 1}]),
        Case(
            "cosine-window-attention", lambda: Windows(4, 2, 3, 1, swin_transformer.ShiftedWindowAttentionV2),
            lambda prefix: [
                {"type": "Permute", "permutation": [0, 2, 3, 1]},
                {"type": "CosineWindowAttention", "name": f"{prefix}.attention", "windowSize": 3, "shiftSize": 1}]),
        plain("patch-merging", lambda x: merged(x.permute(0, 2, 3, 1)).softmax(-1), "Sequential", layers=[
            {"type": "Permute", "permutation": [0, 2, 3, 1]}, {"type": "PatchMerging"}, {"type": "Softmax"}]),
        Case(
            "global-response-norm", lambda: ResponseNorm(4),
            lambda prefix: [
                {"type": "Permute", "permutation": [0, 2, 3, 1]}, {"type": "GlobalResponseNorm", "name": f"{prefix}"}]),
        Case(
            "squeeze-and-excitation",
            lambda: Branches(
                product, nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(4, 2, 1), nn.ReLU(), nn.Conv2d(2, 4, 1), nn.Sigmoid()),
                nn.Identity()),
            lambda prefix: [
                {"type": "Multiply", "branches": [[], [
                    {"type": "GlobalAvgPool2d"}, {"type": "Conv2d", "name": f"{prefix}.branches.0.1"}, {"type": "ReLU"},
                    {"type": "Conv2d", "name": f"{prefix}.branches.0.3"}, {"type": "Sigmoid"}]]}]),
        plain("scale", lambda x: -1.5 * x, "Scale", value=-1.5),
        plain("shift", lambda x: x + 0.75, "Shift", value=0.75),
        plain("softmax", lambda x: x.softmax(-1), "Softmax"),
        plain("log-softmax", lambda x: x.log_softmax(-1), "LogSoftmax"),
        plain("dropout", lambda x: x, "Dropout"),
        plain("identity", lambda x: x, "Identity"),
        plain("max-pool", lambda x: F.max_pool2d(x, 2), "MaxPool2d", kernelSize=2),
        plain(
            "max-pool-options", lambda x: F.max_pool2d(x, (3, 2), (2, 1), (1, 0), (1, 2), ceil_mode=True), "MaxPool2d",
            kernelSize=[3, 2], stride=[2, 1], padding=[1, 0], dilation=[1, 2], ceilMode=True),
        plain("average-pool", lambda x: F.avg_pool2d(x, 2), "AvgPool2d", kernelSize=2),
        plain(
            "average-pool-options", lambda x: F.avg_pool2d(x, 3, 2, 1, True, False), "AvgPool2d", kernelSize=3, stride=2,
            padding=1, ceilMode=True, countIncludePad=False),
        plain(
            "average-pool-padding", lambda x: F.avg_pool2d(x, 3, 2, 1, True), "AvgPool2d", kernelSize=3, stride=2,
            padding=1, ceilMode=True),
        plain("global-pool", lambda x: F.adaptive_avg_pool2d(x, 1), "GlobalAvgPool2d"),
        plain("adaptive-pool", lambda x: F.adaptive_avg_pool2d(x, (3, 4)), "AdaptiveAvgPool2d", outputSize=[3, 4]),
        plain("adaptive-pool-grows", lambda x: F.adaptive_avg_pool2d(x, (7, 3)), "AdaptiveAvgPool2d", outputSize=[7, 3]),
        plain("upsample", lambda x: F.interpolate(x, scale_factor=3), "Upsample", (2, 2, 3), factor=3),
        plain(
            "upsample-bilinear", lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"), "Upsample", (2, 3, 4),
            factor=2, mode="bilinear"),
        plain(
            "upsample-corners", lambda x: F.interpolate(x, scale_factor=3, mode="bilinear", align_corners=True),
            "Upsample", (2, 3, 4), factor=3, mode="bilinear", alignCorners=True),
        plain("reshape", lambda x: x.reshape(-1, 8, 10).softmax(-1), "Sequential", layers=[
            {"type": "Reshape", "shape": [8, -1]}, {"type": "Softmax"}]),
        plain("permute", lambda x: x.permute(0, 3, 1, 2).softmax(-1), "Sequential", layers=[
            {"type": "Permute", "permutation": [0, 3, 1, 2]}, {"type": "Softmax"}]),
        plain("slice", lambda x: x[:, :, 1:4, ::2], "Sequential", layers=[
            {"type": "Slice", "axis": 2, "start": 1, "count": 3}, {"type": "Slice", "axis": -1, "step": 2}]),
        plain("pad", lambda x: F.pad(x, (1, 2, 0, 1), value=0.5).softmax(-1), "Sequential", layers=[
            {"type": "Pad", "low": [0, 0, 0, 1], "high": [0, 0, 1, 2], "value": 0.5}, {"type": "Softmax"}]),
        plain("mean", lambda x: x.mean((2, 3)), "Mean", axes=[2, 3]),
        plain("sum", lambda x: x.sum(1), "Sum", axes=[1]),
        plain("max", lambda x: x.amax((1, 3)), "Max", axes=[1, -1]),
        Case(
            "residual", lambda: Branches(add, nn.Conv2d(4, 4, 3, padding=1), nn.Identity()),
            lambda prefix: [
                {"type": "Residual", "main": [{"type": "Conv2d", "name": f"{prefix}.branches.0", "padding": 1}]}]),
        Case(
            "residual-shortcut", lambda: Branches(add, nn.Conv2d(4, 3, 3), nn.Conv2d(4, 3, 3, bias=False)),
            lambda prefix: [
                {"type": "Residual", "main": [{"type": "Conv2d", "name": f"{prefix}.branches.0"}, {"type": "Identity"}],
                 "shortcut": [{"type": "Conv2d", "name": f"{prefix}.branches.1"}]}]),
        Case(
            "concatenate", lambda: Branches(join, nn.Conv2d(4, 2, 3, padding=1), nn.Identity(), nn.Sigmoid()),
            lambda prefix: [
                {"type": "Concatenate", "branches": [
                    [{"type": "Conv2d", "name": f"{prefix}.branches.0", "padding": 1}], [], [{"type": "Sigmoid"}]]}]),
        Case(
            "sequential", lambda: nn.Sequential(nn.Conv2d(4, 3, 3), nn.ReLU(), nn.Conv2d(3, 3, 2)),
            lambda prefix: [
                {"type": "Sequential", "layers": [
                    {"type": "Conv2d", "name": f"{prefix}.0"}, {"type": "ReLU"},
                    {"type": "Conv2d", "name": f"{prefix}.2"}]}]),
        Case(
            "shared-tensors", Twice,
            lambda prefix: [{"type": "Conv2d", "name": f"{prefix}.conv", "padding": 1}, {"type": "ReLU"}] * 2),
    ]


class UNet(nn.Module):
    """One level: the input beside what comes back from half its size."""

    def __init__(self):
        super().__init__()
        self.down, self.up = nn.Conv2d(4, 3, 3, 2, 1), nn.ConvTranspose2d(3, 2, 4, 2, 1)
        self.merge = nn.Conv2d(6, 2, 3, padding=1)

    def forward(self, x):
        y = self.up(F.silu(self.down(x)))[:, :, :, :-1]
        return self.merge(torch.cat([x, y], 1))


class Twice(nn.Module):
    """One convolution used twice."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x):
        return F.relu(self.conv(F.relu(self.conv(x))))


class Parameters(nn.Module):
    """Parameters of a network's own, of every shape that is repeated."""

    def __init__(self):
        super().__init__()
        self.scale, self.offset = nn.Parameter(torch.ones(4, 1, 1)), nn.Parameter(torch.ones(1, 4, 1, 5))
        self.token, self.embedding = nn.Parameter(torch.ones(1, 2, 5)), nn.Parameter(torch.ones(1, 18, 5))

    def forward(self, x):
        x = (x * self.scale + self.offset).reshape(-1, 16, 5)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1) + self.embedding
        return x.softmax(-1)


class Attention(nn.Module):
    """PyTorch's own, of a sequence with itself."""

    def __init__(self, width, heads):
        super().__init__()
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x, need_weights=False)[0]


class TimmAttention(nn.Module):
    """The same with the names that timm has, without a bias of queries, keys and values."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width)

    def forward(self, x):
        n, length, width = x.shape
        q, k, v = self.qkv(x).reshape(n, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, length, width))


class Windows(nn.Module):
    """torchvision's attention within windows, on a map that is no whole number of them."""

    def __init__(self, width, heads, window, shift, kind=swin_transformer.ShiftedWindowAttention):
        super().__init__()
        self.attention = kind(width, [window] * 2, [shift] * 2, heads)

    def forward(self, x):
        return self.attention(x.permute(0, 2, 3, 1))


def merged(x):
    """Channels of 2 x 2 neighbours side by side, each column's together."""
    x = F.pad(x, (0, 0, 0, x.shape[2] % 2, 0, x.shape[1] % 2))
    return torch.cat([x[:, row::2, column::2] for column in (0, 1) for row in (0, 1)], -1)


class ResponseNorm(nn.Module):
    """ConvNeXt V2's, with its authors' names."""

    def __init__(self, width):
        super().__init__()
        self.gamma, self.beta = nn.Parameter(torch.ones(1, 1, 1, width)), nn.Parameter(torch.ones(1, 1, 1, width))

    def forward(self, x):
        x = x.permute(0, 2, 3, 1)
        norms = x.norm(dim=(1, 2), keepdim=True)
        return x + self.gamma * (x * norms / (norms.mean(-1, keepdim=True) + 1e-6)) + self.beta
