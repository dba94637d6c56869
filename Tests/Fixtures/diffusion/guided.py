"""Float64 scores of networks named as those of openai/guided-diffusion and improved-diffusion, with made-up weights.

    python Tests/Fixtures/diffusion/guided.py

Writes `guided.json` beside itself: for each network what a description says of it, the names and shapes of its tensors, and every
few numbers of the scores in pixel units of two images. The network is written here from its description (docs/diffusion.md): a
dictionary of shapes and a function over it. Weights and images are a hash of their place (`values` of Tests/Fixtures/lpips/generate.py),
which `GuidedFixture` computes too. Made with Python 3.11, PyTorch 2.15.0, NumPy 2.4.6.
"""

import json
import math
import pathlib
import sys

import numpy
import torch
from torch.nn import functional as f

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "lpips"))
from generate import values  # noqa: E402

CASES = {
    # As guided-diffusion's 64x64_diffusion.pt, smaller.
    "guided": dict(size=8, width=32, levels=[32, 64], blocks=1, in_blocks=True, adaptive=True, attention=[1], classes=5,
                   head_channels=16, new_order=True, inputs=3, outputs=6, schedule="cosine", steps=1000, rescaled=False,
                   told={"imageSize": 8, "headChannels": 16, "newAttentionOrder": True, "noiseSchedule": "cosine",
                         "diffusionSteps": 1000}),
    # As improved-diffusion's cifar10_uncond_50M_500K.pt, smaller.
    "improved": dict(size=32, width=32, levels=[32, 64, 64, 64], blocks=1, in_blocks=False, adaptive=True, attention=[1, 2],
                     classes=0, heads=4, new_order=False, inputs=3, outputs=6, schedule="cosine", steps=4000,
                     rescaled=True, told=None),
    "plain": dict(size=8, width=32, levels=[32, 32, 64], blocks=2, in_blocks=False, adaptive=False, attention=[0, 2],
                  classes=0, heads=2, new_order=False, inputs=1, outputs=1, schedule="linear", steps=250, rescaled=False,
                  told={"imageSize": 8, "heads": 2, "noiseSchedule": "linear", "diffusionSteps": 250,
                        "rescaleTimesteps": False}),
}


def places(case):
    """The blocks of encoder and decoder in order: (name, channels in, channels out, attends, resampling behind it)."""
    inside, outside, skips = [], [], [case["width"]]
    current, number = case["width"], 1
    for level, channels in enumerate(case["levels"]):
        for _ in range(case["blocks"]):
            inside.append((f"input_blocks.{number}", current, channels, level in case["attention"], None))
            current, number = channels, number + 1
            skips.append(current)
        if level < len(case["levels"]) - 1:
            inside.append((f"input_blocks.{number}", current, current, False, "down"))
            skips.append(current)
            number += 1
    number = 0
    for level, channels in reversed(list(enumerate(case["levels"]))):
        for block in range(case["blocks"] + 1):
            doubles = "up" if level and block == case["blocks"] else None
            outside.append((f"output_blocks.{number}", current + skips.pop(), channels, level in case["attention"], doubles))
            current, number = channels, number + 1
    return inside, outside


def shapes(case):
    told, result = 4 * case["width"], {}

    def layer(name, *weight):
        result[name + ".weight"], result[name + ".bias"] = list(weight), [weight[0]]

    def norm(name, channels):
        result[name + ".weight"], result[name + ".bias"] = [channels], [channels]

    def residual(name, inputs, outputs):
        norm(name + ".in_layers.0", inputs)
        layer(name + ".in_layers.2", outputs, inputs, 3, 3)
        layer(name + ".emb_layers.1", outputs * (2 if case["adaptive"] else 1), told)
        norm(name + ".out_layers.0", outputs)
        layer(name + ".out_layers.3", outputs, outputs, 3, 3)
        if inputs != outputs:
            layer(name + ".skip_connection", outputs, inputs, 1, 1)

    def attention(name, channels):
        norm(name + ".norm", channels)
        layer(name + ".qkv", 3 * channels, channels, 1)
        layer(name + ".proj_out", channels, channels, 1)

    layer("time_embed.0", told, case["width"])
    layer("time_embed.2", told, told)
    if case["classes"]:
        result["label_emb.weight"] = [case["classes"], told]
    layer("input_blocks.0.0", case["width"], case["inputs"], 3, 3)
    inside, outside = places(case)
    for name, inputs, outputs, attends, resampling in inside:
        if resampling and not case["in_blocks"]:
            layer(name + ".0.op", outputs, inputs, 3, 3)
            continue
        residual(name + ".0", inputs, outputs)
        if attends:
            attention(name + ".1", outputs)
    last = case["levels"][-1]
    residual("middle_block.0", last, last)
    attention("middle_block.1", last)
    residual("middle_block.2", last, last)
    for name, inputs, outputs, attends, resampling in outside:
        residual(name + ".0", inputs, outputs)
        if attends:
            attention(name + ".1", outputs)
        if resampling and case["in_blocks"]:
            residual(f"{name}.{2 if attends else 1}", outputs, outputs)
        elif resampling:
            layer(f"{name}.{2 if attends else 1}.conv", outputs, outputs, 3, 3)
    norm("out.0", case["levels"][0])
    layer("out.2", case["outputs"], case["levels"][0], 3, 3)
    return result


def weights(shapes):
    """About the size that keeps a value's, factors near 1; a stream for each tensor, by the order of names."""
    result = {}
    for stream, name in enumerate(sorted(shapes)):
        shape = shapes[name]
        numbers = values(stream, math.prod(shape))
        if len(shape) > 1:
            numbers = numbers * numpy.float32((3.0 / math.prod(shape[1:])) ** 0.5)
        else:
            numbers = numpy.float32(0.25) * numbers + numpy.float32(1 if name.endswith("weight") else 0)
        result[name] = torch.tensor(numbers.reshape(shape)).double()
    return result


class Network:
    def __init__(self, case):
        self.case, self.state = case, weights(shapes(case))

    def layer(self, name):
        return self.state[name + ".weight"], self.state[name + ".bias"]

    def norm(self, name, x):
        return f.group_norm(x, 32, *self.layer(name), eps=1e-5)

    def resampled(self, x, direction):
        if direction == "up":
            return x.repeat_interleave(2, 2).repeat_interleave(2, 3)
        return f.avg_pool2d(x, 2) if direction == "down" else x

    def residual(self, name, x, told, direction=None):
        y = self.resampled(f.silu(self.norm(name + ".in_layers.0", x)), direction)
        y = f.conv2d(y, *self.layer(name + ".in_layers.2"), padding=1)
        row = f.linear(f.silu(told), *self.layer(name + ".emb_layers.1"))[:, :, None, None]
        if self.case["adaptive"]:
            factor, summand = row.chunk(2, 1)
            y = self.norm(name + ".out_layers.0", y) * (1 + factor) + summand
        else:
            y = self.norm(name + ".out_layers.0", y + row)
        y = f.conv2d(f.silu(y), *self.layer(name + ".out_layers.3"), padding=1)
        x = self.resampled(x, direction)
        if name + ".skip_connection.weight" in self.state:
            x = f.conv2d(x, *self.layer(name + ".skip_connection"))
        return x + y

    def attention(self, name, x):
        count, channels, height, width = x.shape
        heads = self.case.get("heads") or channels // self.case["head_channels"]
        all_ = f.conv1d(self.norm(name + ".norm", x).flatten(2), *self.layer(name + ".qkv"))
        if self.case["new_order"]:
            q, k, v = (part.reshape(count, heads, channels // heads, -1) for part in all_.chunk(3, 1))
        else:
            q, k, v = all_.reshape(count, heads, 3, channels // heads, -1).unbind(2)
        shares = torch.softmax(torch.einsum("nhcq,nhck->nhqk", q, k) / math.sqrt(channels // heads), -1)
        attended = torch.einsum("nhqk,nhck->nhcq", shares, v).reshape(count, channels, -1)
        return x + f.conv1d(attended, *self.layer(name + ".proj_out")).reshape(x.shape)

    def __call__(self, x, time, labels):
        half = self.case["width"] // 2
        # Angles are made in single precision, whatever the network's own.
        frequencies = torch.exp(-math.log(10000) * torch.arange(half, dtype=torch.float32) / half).double()
        angles = time * frequencies
        told = f.linear(torch.cat([angles.cos(), angles.sin()])[None], *self.layer("time_embed.0"))
        told = f.linear(f.silu(told), *self.layer("time_embed.2")).expand(len(x), -1)
        if labels is not None:
            told = told + self.state["label_emb.weight"][labels]
        x = f.conv2d(x, *self.layer("input_blocks.0.0"), padding=1)
        skips = [x]
        inside, outside = places(self.case)
        for name, _, _, attends, direction in inside:
            if direction and not self.case["in_blocks"]:
                x = f.conv2d(x, *self.layer(name + ".0.op"), stride=2, padding=1)
            else:
                x = self.residual(name + ".0", x, told, direction)
            if attends:
                x = self.attention(name + ".1", x)
            skips.append(x)
        x = self.residual("middle_block.0", x, told)
        x = self.residual("middle_block.2", self.attention("middle_block.1", x), told)
        for name, _, _, attends, direction in outside:
            x = self.residual(name + ".0", torch.cat([x, skips.pop()], 1), told)
            if attends:
                x = self.attention(name + ".1", x)
            place = f"{name}.{2 if attends else 1}"
            if direction and self.case["in_blocks"]:
                x = self.residual(place, x, told, direction)
            elif direction:
                x = f.conv2d(self.resampled(x, direction), *self.layer(place + ".conv"), padding=1)
        x = f.conv2d(f.silu(self.norm("out.0", x)), *self.layer("out.2"), padding=1)
        return x[:, : self.case["inputs"]]


def sigmas(case):
    steps = case["steps"]
    if case["schedule"] == "linear":
        betas = numpy.linspace(1000 / steps * 1e-4, 1000 / steps * 0.02, steps)
    else:
        share = numpy.cos((numpy.arange(steps + 1) / steps + 0.008) / 1.008 * numpy.pi / 2) ** 2
        betas = numpy.minimum(1 - share[1:] / share[:-1], 0.999)
    signal = numpy.cumprod(1 - betas)
    return numpy.sqrt((1 - signal) / signal)


def golden(case):
    network, levels = Network(case), sigmas(case)
    shape = (2, case["inputs"], case["size"], case["size"])
    x = torch.tensor(values(1000, math.prod(shape)).reshape(shape)).double()
    labels = torch.tensor([3, 1]) if case["classes"] else None
    references = []
    for step, share in [(case["steps"] // 15, 0.0), (case["steps"] // 4, 0.4), (case["steps"] // 3, 0.6)]:
        # Between two steps the nearest is asked.
        sigma = (1 - share) * levels[step] + share * levels[step + 1]
        time = float(step + round(share)) * (1000 / case["steps"] if case["rescaled"] else 1)
        score = (-2 / sigma * network(x / math.sqrt(1 + sigma**2), time, labels)).flatten()
        every = max(1, score.numel() // 200)
        references.append({"noise": sigma / 2, "largest": score.abs().max().item(), "every": every,
                           "score": [float(f"{number:.9g}") for number in score[::every].tolist()]})
    return {"told": case["told"], "classes": case["classes"], "imageShape": list(shape[1:]), "tensors": shapes(case),
            "references": references}


if __name__ == "__main__":
    content = {name: golden(case) for name, case in CASES.items()}
    (HERE / "guided.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")
