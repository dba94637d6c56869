#!/usr/bin/env python3
"""Robust accuracies and times of pags-bench and of Foolbox, torchattacks and AutoAttack on the same networks, in turn.

The same images, radii and numbers of steps, on the same processors; the programs take turns, because the machine's speed varies.
Times are seconds of processor time, which other programs on the machine change little, and wall seconds beside them. pags-bench is timed whole, with
its start and with reading images and checkpoint; the others from the first pass through the network, without importing PyTorch. A library that --python
does not have is left out, with a word. Each attacks all images; where a library stops early or leaves images out is its own affair. Differences in robust
accuracy are given in images.

  Benchmarks/attacks.py --models DIR --data DIR [--cases pgd square ...] [--images 200] [--threads 2] [--rounds 3]
                        [--binary PATH] [--python PATH] [--json FILE]

DIR of --models holds public checkpoints: `cifar10-resnet20.th` (He et al.'s ResNet-20, option A) and
`cifar10-resnet2b-adversarial.pth` (VNN-COMP 2021, trained against Linf 2/255). That of --data holds CIFAR-10 in its binary format. Without
--python a virtual environment is made with the packages below.
"""
import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import venv

HERE = pathlib.Path(__file__).resolve().parent
PACKAGES = ["torch==2.5.1", "numpy", "foolbox==3.3.4", "torchattacks==3.5.1",
            "https://github.com/fra31/auto-attack/archive/a39220048b3c9f2cca9a4d3a54604793c68eca7e.zip"]
PGD_STEPS = 40
QUERIES = 5000

NETWORKS = {
    "resnet20": {"file": "cifar10-resnet20.th", "mean": "0.485,0.456,0.406", "std": "0.229,0.224,0.225"},
    "resnet2b": {"file": "cifar10-resnet2b-adversarial.pth", "mean": "0.4914,0.4822,0.4465", "std": "0.2471,0.2435,0.2616",
                 "description": "models/known/cifar10-resnet2b-adversarial.json"},
}

# Network, our attack, its options, radius, its text, and the libraries that have it.
PGD = ["--steps", str(PGD_STEPS), "--loss", "cross-entropy"]
CASES = {
    "pgd": [
        ("resnet20", "pgd-linf", PGD, "8/255", ["foolbox", "torchattacks"]),
        ("resnet20", "pgd-linf", PGD, "1/255", ["foolbox", "torchattacks"]),
        ("resnet20", "pgd-linf", PGD, "0.25/255", ["foolbox", "torchattacks"]),
        ("resnet20", "pgd-l2", PGD, "0.5", ["foolbox", "torchattacks"]),
        ("resnet20", "pgd-l2", PGD, "0.05", ["foolbox", "torchattacks"]),
        ("resnet2b", "pgd-linf", PGD, "2/255", ["foolbox", "torchattacks"]),
        ("resnet2b", "pgd-l2", PGD, "0.25", ["foolbox", "torchattacks"]),
    ],
    "default-pgd": [
        ("resnet20", "pgd-linf", [], "1/255", ["foolbox", "torchattacks"]),
        ("resnet2b", "pgd-linf", [], "2/255", ["foolbox", "torchattacks"]),
    ],
    "apgd": [
        ("resnet20", "apgd-ce-linf", [], "1/255", ["autoattack", "torchattacks"]),
        ("resnet20", "apgd-ce-l2", [], "0.1", ["autoattack", "torchattacks"]),
        ("resnet2b", "apgd-ce-linf", [], "2/255", ["autoattack", "torchattacks"]),
        ("resnet2b", "apgd-ce-l2", [], "0.25", ["autoattack", "torchattacks"]),
    ],
    "square": [
        ("resnet20", "square-linf", [], "1/255", ["autoattack", "torchattacks"]),
        ("resnet2b", "square-linf", [], "2/255", ["autoattack", "torchattacks"]),
        ("resnet2b", "square-l2", [], "0.25", ["autoattack", "torchattacks"]),
    ],
    # Not torchattacks', whose members take 10 steps and not 100.
    "autoattack": [
        ("resnet20", "autoattack-linf", [], "8/255", ["autoattack"]),
        ("resnet20", "autoattack-linf", [], "0.25/255", ["autoattack"]),
        ("resnet2b", "autoattack-linf", [], "2/255", ["autoattack"]),
        ("resnet2b", "autoattack-l2", [], "0.25", ["autoattack"]),
    ],
}


def value(radius):
    above, _, below = radius.partition("/")
    return float(above) / float(below or 1)


def network(name, models):
    """As a PyTorch module that takes pixels of [0, 1]."""
    import torch
    from torch import nn
    from torch.nn import functional as f

    class BasicBlock(nn.Module):
        """Of He et al. 2016, section 4.2: the shortcut takes every second pixel and pads channels with zeros."""

        def __init__(self, inputs, outputs, stride):
            super().__init__()
            self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(outputs)
            self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(outputs)
            self.stride, self.padding = stride, (outputs - inputs) // 2

        def forward(self, x):
            y = self.bn2(self.conv2(f.relu(self.bn1(self.conv1(x)))))
            if self.stride != 1:
                x = f.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.padding, self.padding))
            return f.relu(y + x)

    class ResNet20(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
            inputs = 16
            for stage, width in enumerate([16, 32, 64]):
                blocks = []
                for block in range(3):
                    blocks.append(BasicBlock(inputs, width, 2 if stage and not block else 1))
                    inputs = width
                setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
            self.linear = nn.Linear(64, 10)

        def forward(self, x):
            x = self.layer3(self.layer2(self.layer1(f.relu(self.bn1(self.conv1(x))))))
            return self.linear(x.mean((2, 3)))

    class Block2B(nn.Module):
        def __init__(self, inputs, outputs, stride):
            super().__init__()
            self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1)
            self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1)
            self.shortcut = nn.Sequential()
            if stride != 1 or inputs != outputs:
                self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride))

        def forward(self, x):
            return f.relu(self.conv2(f.relu(self.conv1(x))) + self.shortcut(x))

    class ResNet2B(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(3, 8, 3, 2, 1)
            self.layer1 = nn.Sequential(Block2B(8, 16, 2), Block2B(16, 16, 1))
            self.linear1, self.linear2 = nn.Linear(1024, 100), nn.Linear(100, 10)

        def forward(self, x):
            x = self.layer1(f.relu(self.conv1(x))).flatten(1)
            return self.linear2(f.relu(self.linear1(x)))

    class Normalised(nn.Module):
        def __init__(self, module, mean, std):
            super().__init__()
            self.module = module
            self.mean, self.std = (torch.tensor([float(x) for x in text.split(",")]).view(3, 1, 1) for text in (mean, std))

        def forward(self, x):
            return self.module((x - self.mean) / self.std)

    facts = NETWORKS[name]
    state = torch.load(pathlib.Path(models) / facts["file"], map_location="cpu", weights_only=True)
    state = state.get("state_dict", state)
    state = {key.removeprefix("module."): tensor for key, tensor in state.items()}
    module = {"resnet20": ResNet20, "resnet2b": ResNet2B}[name]()
    module.load_state_dict(state)
    return Normalised(module, facts["mean"], facts["std"]).eval()


def images(data, count):
    import numpy as np
    import torch
    records = np.fromfile(pathlib.Path(data) / "test_batch.bin", np.uint8).reshape(-1, 3073)[:count]
    return torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32) / np.float32(255)), torch.from_numpy(records[:, 0].astype(np.int64))


def worker():
    """In the virtual environment: one attack by one library; prints JSON."""
    import torch
    _, _, library, name, attack, radius, models, data, count, threads = sys.argv
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    model, (x, y), eps = network(name, models), images(data, int(count)), value(radius)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    norm = "Linf" if attack.endswith("linf") else "L2"
    kind = attack.rsplit("-", 1)[0]

    def batches(run, size=64):
        return torch.cat([run(x[start:start + size], y[start:start + size]) for start in range(0, len(x), size)])

    if library == "foolbox":
        import foolbox
        bounded = foolbox.PyTorchModel(model, bounds=(0, 1), device="cpu")
        made = {"Linf": foolbox.attacks.LinfPGD, "L2": foolbox.attacks.L2PGD}[norm](rel_stepsize=2.5 / PGD_STEPS, steps=PGD_STEPS)

        def run():
            return batches(lambda a, b: made(bounded, a, b, epsilons=eps)[1])
    elif library == "torchattacks":
        import torchattacks
        if kind == "pgd":
            options = {"eps": eps, "alpha": 2.5 * eps / PGD_STEPS, "steps": PGD_STEPS}
            made = (torchattacks.PGD if norm == "Linf" else torchattacks.PGDL2)(model, **options)
        elif kind == "square":
            made = torchattacks.Square(model, norm=norm, eps=eps, n_queries=QUERIES, n_restarts=1, p_init=0.8, loss="margin", seed=0)
        else:
            made = torchattacks.APGD(model, norm=norm, eps=eps, steps=100, n_restarts=1, loss="ce")

        def run():
            return batches(made)
    else:
        import autoattack
        if kind == "autoattack":
            made = autoattack.AutoAttack(model, norm=norm, eps=eps, version="standard", device="cpu", verbose=False, seed=0)
        else:
            made = autoattack.AutoAttack(model, norm=norm, eps=eps, version="custom", attacks_to_run=[kind], device="cpu",
                                         verbose=False, seed=0)
            made.apgd.n_restarts = 1

        def run():
            return made.run_standard_evaluation(x, y, bs=64)

    with torch.no_grad():
        clean = int((model(x).argmax(1) == y).sum())
    start, processor = time.perf_counter(), time.process_time()
    changed = run().detach()
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    change = (changed - x).flatten(1)
    size = change.abs().amax(1) if norm == "Linf" else change.norm(dim=1)
    with torch.no_grad():
        wrong = (model(changed).argmax(1) != y) & (size <= eps * (1 + 1e-4) + 1e-6)
        wrong |= model(x).argmax(1) != y
    print(json.dumps({"seconds": seconds, "processor": processor, "clean": clean, "standing": int((~wrong).sum())}))


def environment(given):
    if given:
        return given
    folder = pathlib.Path(tempfile.gettempdir()) / "pags-bench-attack-libraries"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        # Foolbox and torchattacks pin old versions of what they use.
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES[:2], "eagerpy", "scipy", "requests", "tqdm",
                        "gitpython"], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", *PACKAGES[2:]], check=True)
    return str(python)


def output_of(command, **options):
    """Wall seconds, processor seconds and what was printed."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        sys.exit(f"{command[0]}: {done.stderr.strip()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, processor, json.loads(done.stdout.strip().splitlines()[-1] if "--worker" in command else done.stdout)


def ours(options, name, attack, more, radius, settings):
    facts = NETWORKS[name]
    command = [options.binary, "attack", os.path.join(options.models, facts["file"]), "--task", "cifar10", "--data", options.data,
               "--attack", attack, "--radius", radius, "--images", str(options.images), "--threads", str(options.threads),
               "--no-checks", "--quiet", "--json", *more]
    command += ["--mean", facts["mean"], "--std", facts["std"]]
    if "description" in facts:
        command += ["--model", str(HERE.parent / facts["description"])]
    seconds, processor, report = output_of(command, env=settings)
    radii = report["robustness"][0]["radii"]
    return {"seconds": seconds, "processor": processor, "clean": sum(r != 0 for r in radii), "standing": sum(r is None for r in radii)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--models", required=True, help="folder with the public checkpoints")
    parser.add_argument("--data", required=True, help="folder with CIFAR-10 in its binary format")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--binary", default=str(HERE.parent / ".build" / "release" / "pags-bench"))
    parser.add_argument("--python", help="a Python that has PyTorch and the libraries")
    parser.add_argument("--json", help="also write all measurements here")
    options = parser.parse_args()
    if not os.access(options.binary, os.X_OK):
        sys.exit(f"{options.binary} is missing; run `swift build -c release --product pags-bench`")
    python = environment(options.python)
    threads = str(options.threads)
    settings = dict(os.environ, OMP_NUM_THREADS=threads, MKL_NUM_THREADS=threads, OPENBLAS_NUM_THREADS="1")
    libraries = {library for group in options.cases for case in CASES[group] for library in case[-1]}
    missing = {library for library in libraries if subprocess.run([python, "-c", f"import {library}"], capture_output=True).returncode}
    if missing:
        print(f"left out, as {python} has them not: {', '.join(sorted(missing))}")
    print(f"{options.images} images, {threads} threads, {options.rounds} rounds; medians of processor and wall seconds, ratio of processor times "
          "(lowest to highest)")
    print("network    attack           radius    robust here  library       robust  more here  processor here    wall    here    ratio",
          flush=True)
    measured, failures = [], 0
    for name, attack, more, radius, libraries in (case for group in options.cases for case in CASES[group]):
        here, there = [], {library: [] for library in libraries if library not in missing}
        if not there:
            continue
        for _ in range(options.rounds):
            here.append(ours(options, name, attack, more, radius, settings))
            for library in there:
                there[library].append(output_of(
                    [python, __file__, "--worker", library, name, attack, radius, options.models, options.data,
                     str(options.images), threads], env=settings)[2])
        for library, runs in there.items():
            if any(run["clean"] != here[0]["clean"] for run in runs):
                sys.exit(f"{name}: {here[0]['clean']} images are classified rightly here, {runs[0]['clean']} by PyTorch")
            ratios = sorted(b["processor"] / a["processor"] for a, b in zip(here, runs))
            times = " ".join(f"{statistics.median(run[kind] for run in group):7.2f}" for kind in ("processor", "seconds")
                             for group in (runs, here))
            standing = min(run["standing"] for run in runs)
            more_here = here[0]["standing"] - standing
            failures += more_here > options.images / 200
            label = attack if more or not attack.startswith("pgd") else attack + " (2 losses)"
            print(f"{name:9}  {label:15}  {radius:8}  {here[0]['standing'] / options.images:11.3f}  {library:12}  "
                  f"{standing / options.images:6.3f}  {more_here:9d}  {times}  {statistics.median(ratios):5.2f} "
                  f"({ratios[0]:.2f} to {ratios[-1]:.2f})", flush=True)
            measured.append({"network": name, "attack": attack, "options": more, "radius": radius, "library": library,
                             "here": here, "there": runs})
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(measured, indent=2) + "\n")
    if failures:
        sys.exit(f"robust accuracy is more than one image in 200 above a library's in {failures} comparisons")


if __name__ == "__main__":
    worker() if sys.argv[1:2] == ["--worker"] else main()
