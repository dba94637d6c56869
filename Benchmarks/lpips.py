#!/usr/bin/env python3
"""Pairs of images a second that LPIPS compares, here and in PyTorch, in turn, and their ratios.

PyTorch computes what the package `lpips` does, without gradients, once with the two images of a pair in passes of their own, as the
package has it, and once in one pass; the faster counts. Both see every image once. The weights are random: they take the same time.

  Benchmarks/lpips.py [--networks alex] [--side 32] [--batch 64] [--threads 1] [--rounds 5] [--binary PATH] [--python PATH]
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import engine

HERE = pathlib.Path(__file__).resolve().parent
CHANNELS = {"alex": [64, 192, 384, 256, 256], "vgg": [64, 128, 256, 512, 512],
            "squeeze": [64, 128, 256, 384, 384, 512, 512]}


def network(name):
    """The modules up to each map that is compared, numbered as torchvision's `features`."""
    import torch
    from torch import nn

    class Fire(nn.Module):
        def __init__(self, inputs, squeezed, expanded):
            super().__init__()
            self.squeeze = nn.Conv2d(inputs, squeezed, 1)
            self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
            self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

        def forward(self, x):
            x = self.squeeze(x).relu_()
            return torch.cat([self.expand1x1(x).relu_(), self.expand3x3(x).relu_()], 1)

    def relu():
        return nn.ReLU(inplace=True)

    if name == "alex":
        layers = [nn.Conv2d(3, 64, 11, 4, 2), relu(), nn.MaxPool2d(3, 2), nn.Conv2d(64, 192, 5, padding=2), relu(),
                  nn.MaxPool2d(3, 2), nn.Conv2d(192, 384, 3, padding=1), relu(), nn.Conv2d(384, 256, 3, padding=1), relu(),
                  nn.Conv2d(256, 256, 3, padding=1), relu()]
        taps = [1, 4, 7, 9, 11]
    elif name == "vgg":
        layers, inputs = [], 3
        for width in [64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512]:
            layers += [nn.Conv2d(inputs, width, 3, padding=1), relu()] if width else [nn.MaxPool2d(2)]
            inputs = width or inputs
        taps = [3, 8, 15, 22, 29]
    else:
        def pool():
            return nn.MaxPool2d(3, 2, ceil_mode=True)
        layers = [nn.Conv2d(3, 64, 3, 2), relu(), pool(), Fire(64, 16, 64), Fire(128, 16, 64), pool(), Fire(128, 32, 128),
                  Fire(256, 32, 128), pool(), Fire(256, 48, 192), Fire(384, 48, 192), Fire(384, 64, 256), Fire(512, 64, 256)]
        taps = [1, 4, 7, 9, 10, 11, 12]
    return nn.Sequential(*layers), taps


def worker():
    """In the virtual environment: writes weights, or measures; prints JSON."""
    import time

    import torch

    command, name, *rest = sys.argv[2:]
    torch.manual_seed(0)
    features, taps = network(name)
    heads = [torch.rand(1, count, 1, 1) for count in CHANNELS[name]]
    if command == "save":
        weights = {f"features.{key}": value for key, value in features.state_dict().items()}
        weights.update({f"lin{index}.model.1.weight": head for index, head in enumerate(heads)})
        torch.save(weights, rest[0])
        return
    side, batch, threads, seconds = int(rest[0]), int(rest[1]), int(rest[2]), float(rest[3])
    torch.set_num_threads(threads)
    shift = torch.tensor([-0.030, -0.088, -0.188]).view(1, 3, 1, 1)
    scale = torch.tensor([0.458, 0.448, 0.450]).view(1, 3, 1, 1)
    first, second = (2 * torch.rand(batch, 3, side, side) - 1 for _ in range(2))
    features.eval()

    def maps(x):
        found, x = [], (x - shift) / scale
        for index, module in enumerate(features):
            x = module(x)
            if index in taps:
                found.append(x / (torch.sqrt(torch.sum(x ** 2, 1, keepdim=True)) + 1e-10))
        return found

    def distance(ones, others):
        return sum(torch.nn.functional.conv2d((a - b) ** 2, head).mean((2, 3), keepdim=True)
                   for a, b, head in zip(ones, others, heads))

    def apart():
        distance(maps(first), maps(second))

    def together():
        found = [x.chunk(2) for x in maps(torch.cat([first, second]))]
        distance([a for a, _ in found], [b for _, b in found])

    def rates(run):
        """Pairs a second, and a second of processor time of all threads."""
        with torch.no_grad():
            run()
            times = []
            end = time.perf_counter() + seconds / 2
            while not times or time.perf_counter() < end:
                start, processor = time.perf_counter(), time.process_time()
                run()
                times.append((time.perf_counter() - start, time.process_time() - processor))
        return [batch / statistics.median(column) for column in zip(*times)]

    print(json.dumps({"apart": rates(apart), "together": rates(together), "version": torch.__version__}))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--networks", nargs="+", choices=list(CHANNELS), default=["alex"])
    parser.add_argument("--side", type=int, default=32, help="of the images, in pixels")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2, help="of each measurement")
    parser.add_argument("--binary", default=str(HERE.parent / ".build" / "release" / "MetricBenchmark"))
    parser.add_argument("--python", help="a Python that has PyTorch")
    options = parser.parse_args()
    if not os.access(options.binary, os.X_OK):
        sys.exit(f"{options.binary} is missing; run `swift build -c release --product MetricBenchmark`")
    python = engine.environment(options.python)
    print(f"{'LPIPS':10} {'pairs per':20} {'here':>9} {'PyTorch':>9} {'':22} ratio (lowest to highest)")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.networks:
            weights = os.path.join(folder, name + ".pth")
            subprocess.run([python, "-W", "ignore", __file__, "--worker", "save", name, weights], check=True)
            ours, theirs = [], []
            for _ in range(options.rounds):
                mine = [options.binary, f"lpips-{name}={weights}", f"3,{options.side},{options.side}", str(options.batch),
                        str(options.threads), str(options.seconds)]
                ours.append(json.loads(subprocess.run(mine, check=True, capture_output=True, text=True).stdout))
                other = [python, __file__, "--worker", "measure", name, str(options.side), str(options.batch),
                         str(options.threads), str(options.seconds)]
                theirs.append(json.loads(subprocess.run(other, check=True, capture_output=True, text=True).stdout))
            way = max(("apart", "together"), key=lambda way: statistics.median(round_[way][1] for round_ in theirs))
            for index, (key, label) in enumerate(
                    (("pairsPerSecond", "second"), ("pairsPerProcessorSecond", "processor second"))):
                mine, other = [round_[key] for round_ in ours], [round_[way][index] for round_ in theirs]
                ratios = [a / b for a, b in zip(mine, other)]
                print(f"{name:10} {label:20} {statistics.median(mine):9.1f} {statistics.median(other):9.1f} "
                      f"{theirs[0]['version'] + ', ' + way:22} {engine.spread(ratios)}", flush=True)


if __name__ == "__main__":
    worker() if sys.argv[1:2] == ["--worker"] else main()
