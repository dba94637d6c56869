#!/usr/bin/env python3
"""A whole evaluation, and tangent spaces, against the loops of the paper's public code, in turn, and their ratios.

The paper's measuring loop takes one image at a time and one step at a time: an orthonormal basis of the image's tangent space, the
noise split in two, and nine forward passes of a single image for four steps. It measures on- and off-manifold sensitivity and
nothing else; `pags-bench evaluate` is timed whole, with accuracy, relative robustness, alignments, intervals and files. The first
evaluation fits the task's mixture, which is kept; the others find it.

Its tangent spaces take one backward pass per pixel of the decoder's output; here forward mode takes all directions at once and
the time includes making them orthonormal.

  Benchmarks/evaluation.py --data DIR [--images 200] [--threads 1] [--rounds 3] [--binary PATH] [--python PATH]

DIR holds CIFAR-10 in its binary format. The networks have random weights: they take the same time.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import engine

HERE = pathlib.Path(__file__).resolve().parent
LATENT = 128


def decoder_layers():
    """Of the autoencoder, as layers of model.json."""
    def down(name):
        return [{"type": "Conv2d", "name": name, "stride": 2, "padding": 1}, {"type": "ReLU"}]

    def up(name):
        return {"type": "ConvTranspose2d", "name": name, "stride": 2, "padding": 1}

    return {
        "encoder": [*down("e1"), *down("e2"), *down("e3"), {"type": "Flatten"}, {"type": "Linear", "name": "code"}],
        "decoder": [{"type": "Linear", "name": "d0"}, {"type": "ReLU"}, {"type": "Reshape", "shape": [256, 4, 4]},
                    up("d1"), {"type": "ReLU"}, up("d2"), {"type": "ReLU"}, up("d3")],
    }


def autoencoder():
    from torch import nn
    module = nn.Module()
    for name, inputs, outputs in (("e1", 3, 64), ("e2", 64, 128), ("e3", 128, 256)):
        setattr(module, name, nn.Conv2d(inputs, outputs, 4, 2, 1))
    module.code, module.d0 = nn.Linear(4096, LATENT), nn.Linear(LATENT, 4096)
    for name, inputs, outputs in (("d1", 256, 128), ("d2", 128, 64), ("d3", 64, 3)):
        setattr(module, name, nn.ConvTranspose2d(inputs, outputs, 4, 2, 1))
    return module


def worker():
    """In the virtual environment; prints JSON."""
    import numpy as np
    import torch
    from torch.nn import functional as f

    command, *rest = sys.argv[2:]
    torch.manual_seed(0)
    if command == "save":
        folder = pathlib.Path(rest[0])
        torch.save(engine.network("resnet18").eval().state_dict(), folder / "resnet18.pth")
        torch.save(autoencoder().state_dict(), folder / "autoencoder.pth")
        description = {"id": "autoencoder", "name": "autoencoder", "kind": "autoencoder", "task": "cifar10",
                       "checkpoint": {"file": "autoencoder.pth"}, "architecture": decoder_layers()}
        (folder / "model.json").write_text(json.dumps(description))
        return
    images = int(rest[0])
    torch.set_num_threads(int(rest[1]))
    if command == "loop":
        model = engine.network("resnet18").eval()
        spaces = torch.randn(images, LATENT, 3, 32, 32)
        steps = np.logspace(-3, 2, num=20)[12:16]
        start = time.perf_counter()
        for index in range(images):
            image = torch.rand(1, 3, 32, 32)
            model(image).detach()
            noise = torch.randn_like(image.squeeze())
            rows = spaces[index].numpy().reshape(LATENT, -1)
            # scipy.linalg.orth is this decomposition.
            basis = np.linalg.svd(rows.T, full_matrices=False)[0].T
            tangent = ((basis @ noise.numpy().ravel()) @ basis).reshape(noise.shape)
            normal = noise.numpy() - tangent
            for step in steps:
                for direction in (tangent / np.linalg.norm(tangent), normal / np.linalg.norm(normal)):
                    model((image + step * torch.from_numpy(direction)).to(torch.float32)).detach()
        print(json.dumps({"seconds": time.perf_counter() - start}))
        return
    module = autoencoder()

    def decode(code):
        x = f.relu(module.d0(code)).reshape(-1, 256, 4, 4)
        return module.d3(f.relu(module.d2(f.relu(module.d1(x)))))

    times = []
    for _ in range(images):
        code = torch.randn(LATENT, requires_grad=True)
        start = time.perf_counter()
        output = decode(code.unsqueeze(0)).reshape(-1)
        space = torch.zeros(LATENT, output.shape[0])
        for pixel in range(output.shape[0]):
            output[pixel].backward(retain_graph=True)
            space[:, pixel] = code.grad
            code.grad.zero_()
        times.append(time.perf_counter() - start)
    print(json.dumps({"seconds": statistics.median(times)}))


def seconds_of(command, **options):
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        sys.exit(f"{command[0]}: {done.stderr.strip()}")
    return time.perf_counter() - start, done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", required=True, help="folder with CIFAR-10 in its binary format")
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--binary", default=str(HERE.parent / ".build" / "release" / "pags-bench"))
    parser.add_argument("--tangent-binary", default=str(HERE.parent / ".build" / "release" / "TangentSpaceBenchmark"))
    parser.add_argument("--python", help="a Python that has PyTorch and torchvision")
    options = parser.parse_args()
    for binary in (options.binary, options.tangent_binary):
        if not os.access(binary, os.X_OK):
            sys.exit(f"{binary} is missing; run `swift build -c release --product {os.path.basename(binary)}`")
    python = engine.environment(options.python)
    threads = str(options.threads)
    settings = dict(os.environ, OMP_NUM_THREADS=threads, MKL_NUM_THREADS=threads, OPENBLAS_NUM_THREADS=threads)

    def peer(*arguments):
        return json.loads(seconds_of([python, __file__, "--worker", *map(str, arguments)], env=settings)[1])["seconds"]

    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([python, __file__, "--worker", "save", folder], check=True)
        evaluate = [options.binary, "evaluate", os.path.join(folder, "resnet18.pth"), "--task", "cifar10", "--data",
                    options.data, "--images", str(options.images), "--threads", threads, "--mean", "0,0,0", "--std", "1,1,1",
                    "--no-leaderboard", "--quiet", "--output", os.path.join(folder, "result.json")]
        seconds_of(evaluate)
        ours, theirs, bases, loops = [], [], [], []
        for _ in range(options.rounds):
            ours.append(seconds_of(evaluate)[0])
            theirs.append(peer("loop", options.images, threads))
            tangent = [options.tangent_binary, os.path.join(folder, "autoencoder.pth"), "3,32,32", "16", threads]
            bases.append(json.loads(seconds_of(tangent)[1])["secondsPerImage"])
            loops.append(peer("tangent", 3, threads))
        print(f"{options.threads} threads; ratio (lowest to highest)")
        for label, mine, other in (
            (f"evaluate ResNet-18 on {options.images} images, against the measuring loop", ours, theirs),
            (f"tangent space, {LATENT} dimensions, per image", bases, loops),
        ):
            ratios = [b / a for a, b in zip(mine, other)]
            print(f"{label}: {statistics.median(mine):.4g} s, {statistics.median(other):.4g} s, {engine.spread(ratios)}")


if __name__ == "__main__":
    worker() if sys.argv[1:2] == ["--worker"] else main()
