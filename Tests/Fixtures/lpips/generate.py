"""Float64 references for LPIPS on networks with made-up weights.

    python Tests/Fixtures/lpips/generate.py

Writes `goldens.json` beside itself: for each network and image shape the layers' parts of LPIPS, version 0.1, of two pairs. Weights
and images are a hash of their place (`values`), which `LPIPSFixtures` computes too, so that neither is in a file. Made with Python 3,
PyTorch 2.13.0, NumPy 2.4.6.
"""

import json
import pathlib

import numpy
import torch
from torch.nn import functional as f

HERE = pathlib.Path(__file__).parent
SHAPES = {
    "alex": [(3, 32, 32), (1, 31, 45), (3, 64, 64)],
    "vgg": [(3, 32, 32), (1, 16, 29)],
    "squeeze": [(3, 32, 32), (1, 20, 40), (3, 17, 17)],
}
PAIRS = 2


def values(stream, count):
    """`count` numbers of (-1, 1), odd multiples of 2^-23."""
    with numpy.errstate(over="ignore"):
        x = numpy.arange(count, dtype=numpy.uint32) + numpy.uint32((stream * 0x9E3779B9) & 0xFFFFFFFF)
        x ^= x >> numpy.uint32(16)
        x *= numpy.uint32(0x7FEB352D)
        x ^= x >> numpy.uint32(15)
        x *= numpy.uint32(0x846CA68B)
        x ^= x >> numpy.uint32(16)
    k = (x >> numpy.uint32(9)).astype(numpy.int64)
    return ((2 * k + 1 - (1 << 23)) / (1 << 23)).astype(numpy.float32)


class Weights:
    """Tensors in the order in which they are asked for, which is that of the network; a stream for each."""

    def __init__(self):
        self.stream = 0

    def take(self, *shape, scale=1.0):
        self.stream += 1
        return torch.from_numpy(values(self.stream, int(numpy.prod(shape)))).reshape(shape).double() * scale

    def convolution(self, inputs, outputs, window):
        # About the gain of 1 that ReLU needs, in powers of two.
        scale = 2.0 / (1 << ((inputs * window * window).bit_length() // 2))
        return self.take(outputs, inputs, window, window, scale=scale), self.take(outputs, scale=0.0625)

    def head(self, channels):
        """A third of the weights is exactly zero."""
        return self.take(1, channels, 1, 1).clamp(min=-1 / 3).add(1 / 3).clamp(min=0).float().double()


def network(name):
    """A function from images to maps, and the heads."""
    weights = Weights()

    def convolution(inputs, outputs, window, **options):
        weight, bias = weights.convolution(inputs, outputs, window)
        return lambda x: f.relu(f.conv2d(x, weight, bias, **options))

    def fire(inputs, squeezed, expanded):
        squeeze = convolution(inputs, squeezed, 1)
        one, three = convolution(squeezed, expanded, 1), convolution(squeezed, expanded, 3, padding=1)
        return lambda x: (lambda s: torch.cat([one(s), three(s)], 1))(squeeze(x))

    def pool(window, ceil=False):
        return lambda x: f.max_pool2d(x, window, 2, ceil_mode=ceil)

    def same(inputs, outputs):
        return convolution(inputs, outputs, 3, padding=1)

    if name == "alex":
        groups = [[convolution(3, 64, 11, stride=4, padding=2)], [pool(3), convolution(64, 192, 5, padding=2)],
                  [pool(3), same(192, 384)], [same(384, 256)], [same(256, 256)]]
        channels = [64, 192, 384, 256, 256]
    elif name == "vgg":
        groups = [[same(3, 64), same(64, 64)], [pool(2), same(64, 128), same(128, 128)],
                  [pool(2), same(128, 256), same(256, 256), same(256, 256)],
                  [pool(2), same(256, 512), same(512, 512), same(512, 512)],
                  [pool(2), same(512, 512), same(512, 512), same(512, 512)]]
        channels = [64, 128, 256, 512, 512]
    else:
        groups = [[convolution(3, 64, 3, stride=2)], [pool(3, True), fire(64, 16, 64), fire(128, 16, 64)],
                  [pool(3, True), fire(128, 32, 128), fire(256, 32, 128)], [pool(3, True), fire(256, 48, 192)],
                  [fire(384, 48, 192)], [fire(384, 64, 256)], [fire(512, 64, 256)]]
        channels = [64, 128, 256, 384, 384, 512, 512]
    heads = [weights.head(count) for count in channels]

    def maps(x):
        found = []
        for group in groups:
            for step in group:
                x = step(x)
            found.append(x)
        return found

    return maps, heads


def images(shape):
    """The second of each pair is half the first."""
    count = PAIRS * int(numpy.prod(shape))
    first, other = values(1001, count), values(1002, count)
    second = numpy.float32(0.5) * first + numpy.float32(0.5) * other
    return [torch.from_numpy(x).reshape(PAIRS, *shape).double() for x in (first, second)]


def lpips(maps, heads, first, second):
    shift = torch.tensor([-0.030, -0.088, -0.188]).double().view(1, 3, 1, 1)
    scale = torch.tensor([0.458, 0.448, 0.450]).double().view(1, 3, 1, 1)
    layers = []
    for a, b, head in zip(maps((first - shift) / scale), maps((second - shift) / scale), heads):
        a, b = (x / (x.square().sum(1, keepdim=True).sqrt() + 1e-10) for x in (a, b))
        layers.append(f.conv2d((a - b).square(), head).mean((1, 2, 3)))
    return torch.stack(layers, 1)


def main():
    torch.set_num_threads(1)
    goldens = []
    for name, shapes in SHAPES.items():
        maps, heads = network(name)
        for shape in shapes:
            goldens.append({"network": name, "imageShape": shape, "layers": lpips(maps, heads, *images(shape)).tolist()})
    (HERE / "goldens.json").write_text(json.dumps(goldens, indent=2) + "\n")


if __name__ == "__main__":
    main()
